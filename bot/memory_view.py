"""A room's memory as a person sees it: the list of its files, one of them, and the modals. Pure."""

import re
from collections.abc import Sequence
from typing import Final

from bot.components import MAX_CHOICES, Button, Choice, Field, FileOut, Menu, Modal, Row
from bot.measure import last_cut, reach, units
from bot.memory_files import MemoryFile, short
from bot.render import plain
from bot.said import Said
from sessions.beneath import Found
from sessions.errors import UserError

MODAL_UNITS: Final = 4000
"""How long a text may be that a modal changes; Discord's limit."""

_SHOWN_UNITS: Final = 1600
_LISTED: Final = 20
_NEW: Final = Button(label="New file…", action="rk:mem:new")


def list_view(files: Sequence[Found], note: str = "") -> Said:
    """Return the list of a room's memory files, with a menu to read one; `note` comes first."""
    lines = [note] if note else []
    if not files:
        return Said("\n".join([*lines, "This room's agent has written nothing down yet."]), rows=((_NEW,),))
    lines.append(f"**What this room's agent has written down** ({len(files)})")
    lines += [
        f"- {plain(one.name[:60])} · {_size(one.size_bytes)} · <t:{one.changed_s:.0f}:R>"
        for one in files[:_LISTED]
    ]
    if len(files) > _LISTED:
        lines.append(f"-# and {len(files) - _LISTED} more: `/memory file:` sends one by its name.")
    menu = Menu(
        action="rk:mem:read",
        hint="Read a file",
        choices=tuple(
            Choice(label=one.name[:100], value=short(one.name), detail=_size(one.size_bytes))
            for one in files[:MAX_CHOICES]
        ),
    )
    return Said("\n".join(lines), rows=(menu, (_NEW,)))


def file_view(file: MemoryFile, *, sent: bool) -> Said:
    """Return one memory file: as text where it fits, else `sent` as a file, else in part."""
    text, head = file.text, f"**{plain(file.name[:100])}**"
    buttons = [Button(label="Back", action="rk:mem:list")]
    if memory_modal(file) is not None:
        buttons.insert(0, Button(label="Edit…", action=f"rk:mem:edit:{short(file.name)}", style="primary"))
    rows: tuple[Row, ...] = (tuple(buttons),)
    if text is not None and units(text) <= _SHOWN_UNITS:
        return Said(f"{head}\n{_fenced(text)}", rows=rows)
    if sent:
        return Said(head, rows=rows, files=(FileOut(file.name, file.content),))
    whole = f"-# `/memory file:{plain(file.name[:100])}` sends all of it."
    if text is None:
        return Said(f"{head} is no text.\n{whole}", rows=rows)
    return Said(f"{head}\n{_fenced(_cut(text))}\n{whole}", rows=rows)


def memory_modal(file: MemoryFile) -> Modal | None:
    """Return the form in which a file is changed; None for one that is no text, or too long."""
    if file.text is None or units(file.text) > MODAL_UNITS:
        return None
    text = Field(
        name="text",
        label="Leave it empty to delete the file",
        text=file.text,
        long=True,
        required=False,
        limit=MODAL_UNITS,
    )
    action = f"rk:mem:save:{short(file.name)}:{file.digest}"
    return Modal(action=action, title=file.name[:45], fields=(text,))


def new_modal() -> Modal:
    """Return the form in which a new file is written."""
    name = Field(name="name", label="Name", hint="deploys.md", limit=60)
    text = Field(name="text", label="What is to be remembered", long=True, limit=MODAL_UNITS)
    return Modal(action="rk:mem:make", title="A new memory file", fields=(name, text))


def too_long(name: str) -> UserError:
    """Return what to say about a file that no modal can change."""
    return UserError(
        f"{plain(name[:100])} is no text of at most {MODAL_UNITS:,} characters. Ask the agent to change it."
    )


def not_saved(why: str, text: str) -> Said:
    """Return what to say about a text that could not be saved, with the text: it took somebody time."""
    back = (Button(label="Back", action="rk:mem:list"),)
    if not text.strip():
        return Said(why, rows=(back,))
    return Said(f"{why} This is what you wrote:\n{_fenced(_cut(text))}", rows=(back,))


def _fenced(text: str) -> str:
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}md\n{text.rstrip()}\n{fence}"


def _cut(text: str) -> str:
    if units(text) <= _SHOWN_UNITS:
        return text
    return f"{text[: last_cut(text, 0, reach(text, 0, _SHOWN_UNITS))]}…"


def _size(size_bytes: int) -> str:
    return f"{size_bytes:,} bytes" if size_bytes < 1024 else f"{size_bytes / 1024:,.1f} KiB"
