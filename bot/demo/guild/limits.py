"""What fits into a message and what does not: Discord's limits, checked before the world takes a draft. Pure.

Lengths of text are counted in UTF-16 units, the strictest of the ways in use.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from bot.demo.guild.errors import ApiError, Code
from bot.demo.guild.model import MessageFlag, Payload, Upload

CONTENT_UNITS = 2000
PAYING_CONTENT_UNITS = 4000
FILES = 10
FILE_BYTES = 10 * 1024 * 1024
EMBEDS = 10
EMBED_UNITS = {"title": 256, "description": 4096}
EMBED_TOTAL_UNITS = 6000
ROWS = 5
ROW_BUTTONS = 5
OPTIONS = 25
CUSTOM_ID_UNITS = 100
LABEL_UNITS = 80
OPTION_UNITS = 100
V2_COMPONENTS = 40
V2_UNITS = 4000
NONCE_UNITS = 25
REACTIONS = 20
PINS = 50
THREAD_NAME_UNITS = 100
THREAD_QUIET_MIN = (60, 1440, 4320, 10080)
ACTIVE_THREADS = 1000
MODAL_ROWS = 5
MODAL_TITLE_UNITS = 45
TEXT_INPUT_UNITS = 4000
CHOICES = 25

TEXT_DISPLAY = 10
SELECTS = frozenset({3, 5, 6, 7, 8})
"""Component types that are menus: of own options, users, roles, both, channels."""


def units(text: str) -> int:
    """Return the length of a text in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def check_content(content: str, *, by_bot: bool) -> None:
    """Raise 50035 for text over 2,000 units of a bot, or over the 4,000 that people can pay for."""
    _at_most("content", units(content), CONTENT_UNITS if by_bot else PAYING_CONTENT_UNITS)


def check_files(files: Sequence[Upload], already: int = 0) -> None:
    """Raise 50035 for more than ten files, 40005 for one over 10 MiB."""
    _at_most("attachments", len(files) + already, FILES)
    if any(len(file.content) > FILE_BYTES for file in files):
        raise ApiError(Code.TOO_LARGE)


def check_embeds(embeds: Sequence[Payload]) -> None:
    """Raise 50035 for too many, too long or empty embeds."""
    _at_most("embeds", len(embeds), EMBEDS)
    total = 0
    for embed in embeds:
        for name, most in EMBED_UNITS.items():
            _at_most(f"embeds.{name}", units(embed.get(name) or ""), most)
        fields: list[Payload] = embed.get("fields") or []
        _at_most("embeds.fields", len(fields), 25)
        for one in fields:
            _at_most("embeds.fields.name", units(one.get("name") or ""), 256)
            _at_most("embeds.fields.value", units(one.get("value") or ""), 1024)
        footer: Payload = embed.get("footer") or {}
        author: Payload = embed.get("author") or {}
        _at_most("embeds.footer", units(footer.get("text", "")), 2048)
        _at_most("embeds.author", units(author.get("name", "")), 256)
        parts = [embed.get("title") or "", embed.get("description") or ""]
        parts += [footer.get("text", ""), author.get("name", "")]
        parts += [one.get(key) or "" for one in fields for key in ("name", "value")]
        total += sum(map(units, parts))
    _at_most("embeds", total, EMBED_TOTAL_UNITS)


def check_components(components: Sequence[Payload], flags: MessageFlag) -> None:
    """Raise 50035 for components that Discord would not show."""
    everything = list(walk(components))
    ids = [component["custom_id"] for component in everything if "custom_id" in component]
    if len(ids) != len(set(ids)):
        raise ApiError(Code.INVALID_FORM, field="components: Component custom id cannot be duplicated")
    for component in everything:
        _check_component(component)
    if MessageFlag.COMPONENTS_V2 in flags:
        _at_most("components", len(everything), V2_COMPONENTS)
        _at_most(
            "components",
            sum(units(c.get("content") or "") for c in everything if c.get("type") == 10),
            V2_UNITS,
        )
        return
    _at_most("components", len(components), ROWS)
    if any(component.get("type") != 1 for component in components):
        raise ApiError(Code.INVALID_FORM, field="components: Only action rows stand at the top of a message")


def check_v2_alone(flags: MessageFlag, content: str, embeds: Sequence[Payload]) -> None:
    """Raise 50035 when text or embeds stand beside components of version 2."""
    if MessageFlag.COMPONENTS_V2 in flags and (content or embeds):
        raise ApiError(Code.INVALID_FORM, field="flags: content and embeds do not go with IS_COMPONENTS_V2")


def check_modal(modal: Payload) -> None:
    """Raise 50035 for a dialogue that Discord would not open."""
    rows: list[Payload] = modal.get("components") or []
    _within("title", units(modal.get("title") or ""), 1, MODAL_TITLE_UNITS)
    _within("custom_id", units(modal.get("custom_id") or ""), 1, CUSTOM_ID_UNITS)
    _within("components", len(rows), 1, MODAL_ROWS)
    for component in walk(rows):
        if component.get("type") == 18:
            _within("components.label", units(component.get("label") or ""), 1, MODAL_TITLE_UNITS)
        elif component.get("type") == 4:
            _at_most("components.value", units(component.get("value") or ""), TEXT_INPUT_UNITS)
        _check_component(component)


def check_thread(name: str, quiet_min: int) -> None:
    """Raise 50035 for a thread name or an archive time that Discord does not take."""
    _within("name", units(name), 1, THREAD_NAME_UNITS)
    if quiet_min not in THREAD_QUIET_MIN:
        raise ApiError(Code.INVALID_FORM, field=f"auto_archive_duration: must be one of {THREAD_QUIET_MIN}")


def walk(components: Sequence[Payload]) -> Iterator[Payload]:
    """Yield components with all those inside them, in the order a reader sees them."""
    for component in components:
        yield component
        inner: list[Payload] = component.get("components") or []
        yield from walk(inner)
        for key in ("accessory", "component"):
            single: Any = component.get(key)
            if single:
                yield from walk([single])


def _check_component(component: Payload) -> None:
    kind = component.get("type")
    _at_most("components.custom_id", units(component.get("custom_id") or ""), CUSTOM_ID_UNITS)
    if kind == 1:
        inner: list[Payload] = component.get("components") or []
        _within("components", len(inner), 1, ROW_BUTTONS)
        if len(inner) > 1 and any(one.get("type") in SELECTS for one in inner):
            raise ApiError(Code.INVALID_FORM, field="components: A menu needs a row of its own")
    elif kind == 2:
        _at_most("components.label", units(component.get("label") or ""), LABEL_UNITS)
        if not (component.get("label") or component.get("emoji")):
            raise ApiError(Code.INVALID_FORM, field="components: A button must have a label or an emoji")
    elif kind == 3:
        options: list[Payload] = component.get("options") or []
        _within("components.options", len(options), 1, OPTIONS)
        for option in options:
            _within("components.options.label", units(option.get("label") or ""), 1, OPTION_UNITS)
            _within("components.options.value", units(option.get("value") or ""), 1, OPTION_UNITS)


def _at_most(field: str, size: int, most: int) -> None:
    _within(field, size, 0, most)


def _within(field: str, size: int, least: int, most: int) -> None:
    if not least <= size <= most:
        raise ApiError(Code.INVALID_FORM, field=f"{field}: Must be between {least} and {most} in length.")
