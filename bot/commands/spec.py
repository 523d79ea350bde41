"""What a command is, on any platform: its name and options, and what it is called with."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from bot.chat import Person
from sessions.agents.base import Decision
from sessions.keys import SessionKey, TurnId
from sessions.manager import RoomStatus
from sessions.store.values import Accepted, ChatAddress, Inbound


class Rooms(Protocol):
    """What the chat side needs of the session manager."""

    def accept(self, row: Inbound) -> Awaitable[Accepted]:
        """Take a place in a room's order now; the result comes when it is committed."""
        ...

    def stop(self, key: SessionKey) -> bool:
        """End the running turn; False if none runs."""
        ...

    async def status(self, key: SessionKey) -> RoomStatus:
        """Return what a room is and does right now."""
        ...

    async def decide(self, turn: TurnId, ask: str, decision: Decision) -> None:
        """Answer a turn's open permission request. Raises AlreadyDecided."""
        ...

    async def turn_key(self, turn: TurnId) -> SessionKey | None:
        """Return the room of a turn; None if there is no such turn."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One use of a command, by somebody who may. `(source, id)` is unique for ever, as for a message."""

    rooms: Rooms
    key: SessionKey
    person: Person
    address: ChatAddress
    source: str
    id: int
    options: Mapping[str, bool] = field(default_factory=dict[str, bool])


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A yes or no that may be given with a command; no is the default."""

    name: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command. `run` takes its place in the room's order when it is called, not when it is awaited.

    What it returns, in Markdown, is for the person who called alone. It raises UserError or
    StateError, on awaiting.
    """

    name: str
    description: str
    run: Callable[[Call], Awaitable[str]]
    options: tuple[Option, ...] = ()
