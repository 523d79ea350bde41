"""What keeps the store in order and says how full it is: values, and what it promises about them."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from sessions.keys import SessionKey
from sessions.store.past import PastStore
from sessions.store.people import PeopleStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How much there is now. `oldest_due` is when the oldest unsent piece was stored, None without one."""

    queued: int
    running: int
    interrupted: int
    waiting_rooms: int
    sessions: int
    outbox_due: int
    oldest_due: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One message of a person in a room: its files lie in the room's inbox under its id."""

    key: SessionKey
    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """What the store holds of a person or a room. `unfinished` of the turns have not come to an end.

    `pieces` are texts of answers, `quotes` a person's words in the turns of others. `rooms` are those in
    which a person spoke: their conversations hold the words too. `workdirs` are a room's directories,
    `settings` counts the kinds of what people set for it.
    `grants` and `audit` count what says who may do what, and who did: both stay.
    """

    turns: int = 0
    unfinished: int = 0
    pieces: int = 0
    quotes: int = 0
    sessions: int = 0
    settings: int = 0
    said: Sequence[Said] = ()
    rooms: Sequence[SessionKey] = ()
    workdirs: Sequence[Path] = ()
    grants: int = 0
    audit: int = 0

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to forget."""
        return not (self.turns or self.quotes or self.sessions or self.settings)


OnCommit = Callable[[float, int], None]
"""Hears of each commit, in any thread: how many seconds it took, and how many changes it held."""


def not_measured(_seconds: float, _changes: int) -> None:
    """Take no note of a commit."""


class UpkeepStore(Protocol):
    """Forgetting and counting. As with `Store`: each call is one transaction and raises StateError."""

    async def figures(self) -> Figures:
        """Return how much there is now."""
        ...

    async def spooled(self) -> frozenset[str]:
        """Return the names of all files in the spool that pieces need which are still to be sent."""
        ...

    async def prune_others(self, keys: Collection[SessionKey], before: datetime) -> int:
        """Forget some of what ended before then in all rooms but these: messages, sent pieces, turns.

        So are the facts about threads that got their title, or were not spoken in since, and about forks.
        Returns how many rows; 0 when nothing is left. Sessions, cursors and whatever still waits stay.
        """
        ...

    async def prune_room(self, key: SessionKey, before: datetime) -> int:
        """Do the same in one room."""
        ...

    async def traces_of_person(self, person: str) -> Traces:
        """Return what there is of a person, by the platform's id."""
        ...

    async def traces_of_room(self, key: SessionKey) -> Traces:
        """Return what there is of a room."""
        ...

    async def forget_person(self, person: str) -> Traces:
        """Delete a person's turns with their answers, and their words in the turns of others.

        No bot may run. What a turn of theirs took along from others waits again. Returns what there was.
        """
        ...

    async def forget_room(self, key: SessionKey) -> Traces:
        """Delete all of a room: turns, answers, session, queue. No bot may run. Returns what there was."""
        ...


class Sides(Protocol):
    """What a store has beside turns and sessions."""

    @property
    def people(self) -> PeopleStore:
        """Grants and the audit log."""
        ...

    @property
    def past(self) -> PastStore:
        """The past of rooms: former sessions, and what was said."""
        ...

    @property
    def upkeep(self) -> UpkeepStore:
        """Forgetting and counting."""
        ...
