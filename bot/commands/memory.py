"""/memory: what this room's agent has written down to remember; shown, and changed in a modal."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeVar, assert_never

from bot.access import Needs, Tier
from bot.blocking import in_own_thread
from bot.commands.spec import Call, Command, Option, Rooms
from bot.components import Modal, Pressed
from bot.measure import units
from bot.memory_files import MemoryFile, checked_name, memory_files, named, read_memory, write_memory
from bot.memory_view import MODAL_UNITS, file_view, list_view, memory_modal, new_modal, not_saved, too_long
from bot.said import Clicked, Said, after
from sessions.errors import UserError
from sessions.keys import SessionKey

_LOOK_S: Final = 5.0
_MODAL_LOOK_S: Final = 1.0
_T = TypeVar("_T")


class Op(StrEnum):
    """What can be done with memory files. `EDIT` and `NEW` open modals, which send `SAVE` and `MAKE`."""

    LIST = "list"
    READ = "read"
    EDIT = "edit"
    NEW = "new"
    SAVE = "save"
    MAKE = "make"


_ACTION: Final = re.compile(
    r"rk:mem:(?P<op>list|read|edit|new|save|make)(?::(?P<file>[0-9a-f]{16}))?(?::(?P<was>[0-9a-f]{12}))?"
)


@dataclass(frozen=True, slots=True)
class MemoryClick:
    """What somebody does with a room's memory. `file` stands for a name, `was` for what the file said."""

    op: Op
    file: str = ""
    was: str = ""
    name: str = field(default="", repr=False)
    text: str = field(default="", repr=False)

    @property
    def needs(self) -> Needs:
        """What is remembered decides what the agent believes: operators see to it."""
        return Needs(Tier.OPERATOR, others=Tier.OPERATOR)

    @property
    def turn(self) -> None:
        """No turn is meant."""


def parse_memory(pressed: Pressed) -> MemoryClick | None:
    """Return what somebody did; None if it is none of these."""
    found = _ACTION.fullmatch(pressed.action)
    if found is None:
        return None
    op, file = Op(found["op"]), found["file"] or (pressed.values[0] if pressed.values else "")
    if op in (Op.READ, Op.EDIT, Op.SAVE) and re.fullmatch("[0-9a-f]{16}", file) is None:
        return None
    return MemoryClick(
        op,
        file,
        found["was"] or "",
        name=pressed.fields.get("name", ""),
        text=pressed.fields.get("text", ""),
    )


async def press(click: MemoryClick, rooms: Rooms, key: SessionKey) -> Clicked:
    """Do what was clicked, and show what came of it. Raises UserError, StateError."""
    memory_dir = await _directory(rooms, key)
    match click.op:
        case Op.LIST:
            return Clicked(await _listed(memory_dir))
        case Op.READ | Op.EDIT | Op.NEW:
            if click.op is Op.NEW:
                return Clicked(await _listed(memory_dir))
            found = await _looked(lambda: read_memory(memory_dir, named(memory_dir, click.file)), _LOOK_S)
            return Clicked(file_view(found, sent=False))
        case Op.SAVE | Op.MAKE:
            try:
                name = await _looked(lambda: _written(click, memory_dir), _LOOK_S)
            except UserError as error:
                return Clicked(not_saved(str(error), click.text))
            done = f"Saved `{name}`" if click.text.strip() else f"Deleted `{name}`"
            note = f"{done}. The agent knows of it when it next starts or looks there."
            return Clicked(await after(note, _listed(memory_dir, note)), deed="memory", detail=name)
        case _:
            assert_never(click.op)


async def form(click: MemoryClick, rooms: Rooms, key: SessionKey) -> Modal | None:
    """Return the modal that a click opens; None if it opens none. Within a second. Raises UserError."""
    if click.op is Op.NEW:
        return new_modal()
    if click.op is not Op.EDIT:
        return None
    memory_dir = await _directory(rooms, key)
    found = await _looked(lambda: read_memory(memory_dir, named(memory_dir, click.file)), _MODAL_LOOK_S)
    modal = memory_modal(found)
    if modal is None:
        raise too_long(found.name)
    return modal


async def _run(call: Call) -> Said:
    memory_dir = await _directory(call.rooms, call.key)
    name = call.text("file").strip()
    if not name:
        return await _listed(memory_dir)

    def read() -> MemoryFile:
        return read_memory(memory_dir, name)

    return file_view(await _looked(read, _LOOK_S), sent=True)


async def _directory(rooms: Rooms, key: SessionKey) -> Path:
    record = (await rooms.status(key)).record
    if record is None:
        raise UserError("This room remembers nothing yet: the first message here starts its session.")
    return record.memory_dir


async def _listed(memory_dir: Path, note: str = "") -> Said:
    return list_view(await _looked(lambda: memory_files(memory_dir), _LOOK_S), note)


async def _looked(look: Callable[[], _T], limit_s: float) -> _T:
    try:
        async with asyncio.timeout(limit_s):
            return await in_own_thread(look)
    except TimeoutError as error:
        raise UserError("The memory of this room does not show in time. Try it again.") from error


def _written(click: MemoryClick, memory_dir: Path) -> str:
    is_new = click.op is Op.MAKE
    name = checked_name(click.name) if is_new else named(memory_dir, click.file)
    if is_new and not click.text.strip():
        raise UserError("An empty file says nothing.")
    if units(click.text) > MODAL_UNITS:  # Discord's own form never sends so much
        raise UserError(f"A file that is written here has at most {MODAL_UNITS:,} characters.")
    write_memory(memory_dir, name, click.text, was=None if is_new else click.was)
    return name


MEMORY: Final = Command(
    name="memory",
    description="Show what this room's agent has written down to remember; change it",
    tier=Tier.OPERATOR,
    run=_run,
    options=(Option(name="file", description="Send this memory file whole", kind="words"),),
)
