"""Components of ours <-> discord.py's: rows under a message, modals, files, and what was chosen. Pure."""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, cast

import discord

from bot.components import Button, FileOut, Menu, Modal, Pressed, Row
from bot.measure import last_cut, reach, units
from sessions.redacted_files import redacted_file
from sessions.redaction import Redactor

_STYLES: Final = {
    "plain": discord.ButtonStyle.secondary,
    "primary": discord.ButtonStyle.primary,
    "good": discord.ButtonStyle.success,
    "danger": discord.ButtonStyle.danger,
}
_LABEL_UNITS: Final = 80
_CHOICE_UNITS: Final = 100
_HINT_UNITS: Final = 150


def view_of(rows: Iterable[Row], redactor: Redactor) -> discord.ui.View | None:
    """Return rows as Discord shows them, their texts masked and cut to its limits; None without any."""
    view = discord.ui.View(timeout=None)
    for at, row in enumerate(rows):
        if isinstance(row, Menu):
            view.add_item(_menu(row, redactor, at))
        else:
            for button in row:
                view.add_item(_button(button, redactor, at))
    # A view that runs would be kept in memory for ever; clicks are taken by their id (views.py).
    view.stop()
    return view if view.children else None


def actions_of(components: Sequence[object]) -> list[str]:
    """Return what the buttons and menus under a message say; "" for one that is none of ours."""
    parts = [part for row in components for part in getattr(row, "children", [row])]
    return [str(getattr(part, "custom_id", None) or "") for part in parts]


def modal_of(modal: Modal, redactor: Redactor) -> discord.ui.Modal:
    """Return a modal as Discord shows it, its texts masked and cut to its limits."""
    shown = discord.ui.Modal(title=fitted(redactor.text(modal.title), 45), custom_id=modal.action)
    for field in modal.fields:
        style = discord.TextStyle.paragraph if field.long else discord.TextStyle.short
        shown.add_item(
            discord.ui.Label(
                text=fitted(redactor.text(field.label), 45),
                component=discord.ui.TextInput(
                    custom_id=field.name,
                    style=style,
                    default=fitted(redactor.text(field.text), field.limit) or None,
                    placeholder=fitted(field.hint, 100) or None,
                    required=field.required,
                    max_length=field.limit,
                ),
            )
        )
    shown.stop()  # as with views: what is sent is taken by its id, so that it also works after a restart
    return shown


def holds_secret(modal: Modal, redactor: Redactor) -> bool:
    """Whether a text that somebody would change in a modal has a mask in it: saving would store that."""
    return any(redactor.text(field.text) != field.text for field in modal.fields)


def files_of(files: Iterable[FileOut], redactor: Redactor) -> list[discord.File]:
    """Return files as discord.py sends them, their names and contents masked. Takes long for large ones."""
    return [
        discord.File(io.BytesIO(redacted_file(file.content, redactor)), filename=redactor.text(file.name))
        for file in files
    ]


def pressed(interaction: discord.Interaction[Any]) -> Pressed:
    """Return what somebody did with a component or a modal of ours."""
    data = cast("Mapping[str, Any]", interaction.data or {})
    values = tuple(str(value) for value in data.get("values", ()))
    fields = dict(_fields(data.get("components", ())))
    return Pressed(action=str(data.get("custom_id", "")), values=values, fields=fields)


def fitted(text: str, limit: int) -> str:
    """Return `text` in at most `limit` UTF-16 units; what is left out is its end."""
    return text if units(text) <= limit else f"{text[: last_cut(text, 0, reach(text, 0, limit - 1))]}…"


def _button(button: Button, redactor: Redactor, row: int) -> discord.ui.Button[Any]:
    label = fitted(redactor.text(button.label), _LABEL_UNITS)
    return discord.ui.Button(label=label, custom_id=button.action, style=_STYLES[button.style], row=row)


def _menu(menu: Menu, redactor: Redactor, row: int) -> discord.ui.Select[Any]:
    options = [
        discord.SelectOption(
            label=fitted(redactor.text(choice.label), _CHOICE_UNITS),
            value=choice.value,
            description=fitted(redactor.text(choice.detail), _CHOICE_UNITS) or None,
            default=choice.chosen,
        )
        for choice in menu.choices
    ]
    return discord.ui.Select(
        custom_id=menu.action,
        placeholder=fitted(redactor.text(menu.hint), _HINT_UNITS),
        min_values=menu.least,
        max_values=menu.most,
        options=options,
        row=row,
    )


def _fields(components: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for component in components:
        if "value" in component:
            yield str(component.get("custom_id", "")), str(component["value"] or "")
        inner = component.get("component")
        yield from _fields([*component.get("components", ()), *([inner] if inner else [])])
