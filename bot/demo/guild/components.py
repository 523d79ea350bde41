"""Buttons, menus and dialogues as people meet them: found by what they show, refused when out of use.

Pure: Discord's component objects in, the data of an interaction out.
"""

from collections.abc import Mapping, Sequence

from bot.demo.guild.errors import Refused
from bot.demo.guild.interaction import Modal
from bot.demo.guild.limits import SELECTS, units, walk
from bot.demo.guild.model import Message, Payload

BUTTON, STRING_SELECT, TEXT_INPUT = 2, 3, 4
LABEL = 18
LINK_STYLE = 5
CHECKBOX, RADIO_GROUP = 23, 21


def numbered(components: Sequence[Payload]) -> tuple[Payload, ...]:
    """Return components with an `id` each, as Discord fills in what the sender left out."""
    count = 0

    def number(component: Payload) -> Payload:
        nonlocal count
        count += 1
        changed: Payload = {**component, "id": component.get("id") or count}
        for key, inner in component.items():
            if key == "components":
                changed[key] = [number(one) for one in inner]
            elif key in ("component", "accessory") and inner:
                changed[key] = number(inner)
        return changed

    return tuple(number(component) for component in components)


def button(message: Message, label: str | None, custom_id: str | None) -> Payload:
    """Return the button that shows a label or emoji, or has a custom id; raise Refused without one in use."""
    buttons = [one for one in walk(message.components) if one["type"] == BUTTON]
    for one in buttons:
        shown = _shown(one)
        if (label is not None and label in shown) or (
            custom_id is not None and custom_id == one.get("custom_id")
        ):
            return _usable(one, "button")
    raise Refused(f"the message has no button {label or custom_id!r}; there are: {[*map(_shown, buttons)]}")


def menu(message: Message, custom_id: str | None) -> Payload:
    """Return the menu with a custom id, or the only one; raise Refused without a usable one."""
    menus = [one for one in walk(message.components) if one["type"] in SELECTS]
    fitting = [one for one in menus if custom_id in (None, one["custom_id"])]
    if len(fitting) != 1:
        raise Refused(f"choose one menu of the message; there are: {[one['custom_id'] for one in menus]}")
    return _usable(fitting[0], "menu")


def clicked(component: Payload) -> Payload:
    """Return the interaction data of a click on a button."""
    return {"custom_id": component["custom_id"], "component_type": component["type"], "id": component["id"]}


def chosen(component: Payload, values: Sequence[str]) -> Payload:
    """Return the interaction data of a choice; own options are named by value or by what they show."""
    return clicked(component) | {"values": _values(component, values)}


def submitted(modal: Modal, fields: Mapping[str, str | bool | Sequence[str]]) -> Payload:
    """Return the interaction data of a dialogue; fields are named by custom id or by their label.

    Raises:
        Refused: a field is not in the dialogue, a required one is empty, or a text has the wrong length.
    """
    unused = set(fields)
    filled: list[Payload] = []
    for row in modal.components:
        if row["type"] == LABEL:
            filled.append(
                {
                    "type": LABEL,
                    "id": row["id"],
                    "component": _field(row["component"], row["label"], fields, unused),
                }
            )
        elif row["type"] == 1:
            inner = [_field(one, one.get("label") or "", fields, unused) for one in row["components"]]
            filled.append({"type": 1, "id": row["id"], "components": inner})
        else:
            filled.append({"type": row["type"], "id": row["id"]})
    if unused:
        raise Refused(f"the dialogue {modal.title!r} has no field {sorted(unused)}")
    return {"custom_id": modal.custom_id, "components": filled}


def _field(
    component: Payload, label: str, fields: Mapping[str, str | bool | Sequence[str]], unused: set[str]
) -> Payload:
    kind: int = component["type"]
    custom_id: str = component["custom_id"]
    name = custom_id if custom_id in fields else label
    unused.discard(name)
    given = fields.get(name)
    required = component.get("required", True)
    answer: Payload = {"type": kind, "id": component["id"], "custom_id": custom_id}
    if kind == TEXT_INPUT:
        text = str(component.get("value") or "") if given is None else str(given)
        least: int = component.get("min_length") or (1 if required else 0)
        if not (least <= units(text) <= (component.get("max_length") or 4000) or (not required and not text)):
            raise Refused(f"the field {label or custom_id!r} does not take a text of {units(text)}")
        return answer | {"value": text}
    if kind == CHECKBOX:
        return answer | {"value": bool(given)}
    values: list[str] = (
        [given] if isinstance(given, str) else list(given) if isinstance(given, Sequence) else []
    )
    if required and not values:
        raise Refused(f"the field {label or custom_id!r} is required")
    if kind == RADIO_GROUP:
        return answer | {"value": _values(component, values)[0] if values else None}
    return answer | {"values": _values(component, values) if values else []}


def _values(component: Payload, values: Sequence[str]) -> list[str]:
    options: list[Payload] = component.get("options") or []
    by_shown: dict[str, str] = {one["label"]: one["value"] for one in options}
    known = set(by_shown.values())
    picked = [value if value in known else by_shown.get(value, value) for value in values]
    if options and not known.issuperset(picked):
        raise Refused(f"the menu has no option {list(values)}; there are: {list(by_shown)}")
    least: int = component.get("min_values", 1)
    if not least <= len(picked) <= max(component.get("max_values", 1), least):
        raise Refused(
            f"the menu takes {least} to {component.get('max_values', 1)} options, not {len(picked)}"
        )
    return picked


def _shown(component: Payload) -> tuple[str, str]:
    emoji: Payload = component.get("emoji") or {}
    return str(component.get("label") or ""), str(emoji.get("name") or "")


def _usable(component: Payload, what: str) -> Payload:
    name: str = component.get("label") or component.get("custom_id") or ""
    if component.get("disabled"):
        raise Refused(f"the {what} {name!r} is disabled")
    if component.get("style") == LINK_STYLE:
        raise Refused(f"the {what} {name!r} only opens {component.get('url')}")
    return component
