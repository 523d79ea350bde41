"""`roomkey forget`: what there is of a person or a room, what of it can be deleted, and doing that."""

import asyncio
import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.data_dir import hold_data_dir
from bot.settings import Settings
from sessions.beneath import list_beneath, remove_beneath
from sessions.clock import SystemClock
from sessions.errors import UserError
from sessions.keys import SessionKey, session_key
from sessions.paths import ASIDE, INBOX, Paths
from sessions.spool import Spool
from sessions.store import Store, open_store
from sessions.store.upkeep import Traces

_CLOCK: Final = SystemClock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What there is of a person (`room` None) or a room. `files` are to be deleted, `backups` stay."""

    name: str
    room: SessionKey | None
    traces: Traces
    files: Sequence[Path]
    backups: Sequence[Path]
    elsewhere: Sequence[Path]


def forget(settings: Settings, name: str, agree: Callable[[Sequence[str]], bool]) -> str:
    """Forget the person or room of that name if `agree` says yes to what that means; return what was done.

    Raises:
        UserError: nothing is known of it, or its files cannot be deleted.
        StateError: the bot runs, or the data directory is damaged.
    """
    with hold_data_dir(settings.data_dir) as (paths, _):
        return asyncio.run(_forget(paths, name, agree))


def lines(found: Found) -> Sequence[str]:
    """Return what forgetting deletes and what it cannot, for a person to read. Pure."""
    traces, is_room = found.traces, found.room is not None
    asked, said = _counted(traces.turns, "turn"), _counted(traces.pieces, "message")
    deleted = [f"{asked} with what was asked and answered ({said})"]
    if traces.unfinished:
        deleted.append(f"of these, {traces.unfinished} that still wait or run: they get no answer")
    if traces.quotes:
        deleted.append(f"the person's words in {_counted(traces.quotes, 'turn')} of others, who quoted them")
    if is_room:
        deleted.append(f"{_counted(traces.sessions, 'conversation')}, and all that lies in {found.files[0]}")
        if traces.settings:
            deleted.append("what was set for it by commands, such as /config")
    elif found.files:
        deleted.append(f"{_counted(len(found.files), 'file')} that the person sent")
    stays = ["the messages in Discord: delete them there", "what the model's vendor keeps, by its own rules"]
    if traces.rooms:
        rooms = ", ".join(traces.rooms)
        stays.append(
            f"the agents' conversations and notes in {rooms}: forget these rooms by `roomkey forget KEY`"
        )
    stays += [f"{directory}, which is not Roomkey's" for directory in found.elsewhere]
    stays += [f"{path}: delete it yourself" for path in found.backups]
    stays.append("backups and logs that you keep elsewhere")
    if traces.grants:
        stays.append(f"{_counted(traces.grants, 'rule')} about who may do what: /who shows them")
    if traces.audit:
        stays.append("what the audit log says: roomkey audit shows it")
    return [
        f"This deletes of {'room' if is_room else 'person'} {found.name}, for good:",
        *(f"  - {one}" for one in deleted),
        "This stays:",
        *(f"  - {one}" for one in stays),
    ]


async def _forget(paths: Paths, name: str, agree: Callable[[Sequence[str]], bool]) -> str:
    store = await open_store(paths.root, _CLOCK)
    try:
        found = await _find(store, paths, name)
        if not await asyncio.to_thread(agree, lines(found)):
            return "Nothing was deleted."
        # Files first: if this is cut off, the store still knows of what is to be forgotten.
        await asyncio.to_thread(_delete, found)
        if found.room is None:
            await store.upkeep.forget_person(name)
        else:
            await store.upkeep.forget_room(found.room)
        await Spool(paths.spool).sweep(await store.upkeep.spooled())
    finally:
        await store.close()
    things = "directory with all in it" if found.room is not None else "file"
    return f"Forgotten: {_counted(found.traces.turns, 'turn')} and {_counted(len(found.files), things)}."


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


async def _find(store: Store, paths: Paths, name: str) -> Found:
    backups = await asyncio.to_thread(_copies, paths)
    room = _room_of(name)
    if room is not None:
        traces, root = await store.upkeep.traces_of_room(room), paths.room(room).root
        if not traces.is_nothing or await asyncio.to_thread(root.exists):
            elsewhere = [one for one in traces.workdirs if not one.is_relative_to(root)]
            return Found(
                name=name, room=room, traces=traces, files=[root], backups=backups, elsewhere=elsewhere
            )
    traces = await store.upkeep.traces_of_person(name)
    if traces.is_nothing:
        raise UserError(f"Nothing is known of {name}. Name a person by their id, or a room by its key.")
    workdirs = {record.key: record.workdir for record in await store.sessions()}
    files = await asyncio.to_thread(_sent_by, traces, workdirs)
    return Found(name=name, room=None, traces=traces, files=files, backups=backups, elsewhere=())


def _copies(paths: Paths) -> Sequence[Path]:
    """Return what holds the same once more: copies of the database, and what a restore has put aside."""
    return [*sorted(paths.backups.glob("*")), *sorted(paths.root.glob(f"{ASIDE}*"))]


def _room_of(name: str) -> SessionKey | None:
    try:
        return session_key(name)
    except ValueError:
        return None


def _sent_by(traces: Traces, workdirs: dict[SessionKey, Path]) -> Sequence[Path]:
    """Return the files in rooms' inboxes that came with a person's messages: named after them."""
    files: list[Path] = []
    for key, workdir in workdirs.items():
        messages = {said.message_id for said in traces.said if said.key == key}
        if not messages:
            continue
        with suppress(OSError):  # no such directory, or not a room's any more
            files += [
                workdir / INBOX / one.name
                for one in list_beneath(workdir, INBOX)
                if one.is_file and one.name.partition("_")[0] in messages
            ]
    return files


def _remove_whole(directory: Path) -> None:
    """Remove a room's directory, also what its agent has closed or nested without end.

    Raises:
        UserError: it cannot be; the store still knows of the room.
    """
    try:
        for place, inner, _ in os.walk(directory):
            for one in (Path(place, name) for name in inner):
                if not one.is_symlink():
                    one.chmod(0o700)
        with suppress(FileNotFoundError):
            shutil.rmtree(directory)
    except (OSError, RecursionError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is nested too deep"
        raise UserError(
            f"{directory} cannot be deleted: {why}. Delete it yourself, then forget the room again."
        ) from error


def _delete(found: Found) -> None:
    if found.room is not None:
        for directory in found.files:
            _remove_whole(directory)
        return
    for file in found.files:
        remove_beneath(file.parent.parent, INBOX, file.name)
