"""The proof that a room shares nothing with any other: what each has of its own, compared with all others."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sessions.child_env import child_env
from sessions.engine import Engine
from sessions.keys import SessionKey
from sessions.paths import Paths
from sessions.records import SessionRecord

WHAT: Final = ("workdir", "memory", "home", "temporary files", "agent session id", "environment")
"""What is a room's own alone, in the order in which it is compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Belongings:
    """What one room has of its own. `directories` are those of `WHAT`, by name; `env` is its agent's."""

    key: SessionKey
    agent_session_id: str
    directories: Mapping[str, Path]
    env: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Apartness:
    """With how many others a room was compared, and which of them share what with it."""

    others: int
    shared: Mapping[str, Sequence[SessionKey]] | None = None


def compared(own: Belongings, others: Iterable[Belongings]) -> Apartness:
    """Return what a room shares with others. A directory below another's is shared with it. Pure."""
    shared: dict[str, list[SessionKey]] = {}
    count = 0
    for other in others:
        count += 1
        for what in _common(own, other):
            shared.setdefault(what, []).append(other.key)
    return Apartness(count, {what: shared[what] for what in WHAT if what in shared} or None)


async def apartness(engine: Engine, key: SessionKey) -> Apartness:
    """Compare a room with every other that has a session, as they are now. Raises StateError."""
    records = {record.key: record for record in await engine.store.sessions()}
    own = records.pop(key, None) or engine.first_record(key)

    def compare() -> Apartness:
        others = (_belongings(engine.paths, record) for record in records.values())
        return compared(_belongings(engine.paths, own), others)

    return await asyncio.to_thread(compare)  # with thousands of rooms it takes its time


def _common(own: Belongings, other: Belongings) -> Iterable[str]:
    for what, directory in own.directories.items():
        if any(_touch(directory, theirs) for theirs in other.directories.values()):
            yield what
    if own.agent_session_id == other.agent_session_id:
        yield "agent session id"
    if own.env["HOME"] == other.env["HOME"] or own.env["TMPDIR"] == other.env["TMPDIR"]:
        yield "environment"


def _touch(one: Path, other: Path) -> bool:
    return one.is_relative_to(other) or other.is_relative_to(one)


def _belongings(paths: Paths, record: SessionRecord) -> Belongings:
    room = paths.room(record.key)
    return Belongings(
        key=record.key,
        agent_session_id=record.agent_session_id,
        directories={
            "workdir": record.workdir,
            "memory": record.memory_dir,
            "home": room.home,
            "temporary files": room.temp_dir,
        },
        env=child_env(room.home, room.temp_dir),
    )
