"""What a command is, on any platform: its name and options, and what it is called with."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from bot.chat import Person
from bot.said import Said
from sessions.agents.base import Decision
from sessions.keys import SessionKey, TurnId
from sessions.manager import Queue, RoomStatus
from sessions.store.values import Accepted, ChatAddress, Fate, Inbound, Prompt, Settle, Touched


class Rooms(Protocol):
    """What the chat side needs of the session manager."""

    def accept(self, row: Inbound) -> Awaitable[Accepted]:
        """Take a place in a room's order now; the result comes when it is committed."""
        ...

    def stop(self, key: SessionKey) -> bool:
        """End the running turn; False if none runs."""
        ...

    def decline(
        self, source: str, channel: str, msg_id: int, reason: str | None, *, addressed: bool = False
    ) -> Awaitable[None]:
        """Remember that a message is not answered, and why; `addressed`: though it was meant for us."""
        ...

    def edit(self, source: str, msg_id: int, prompt: Prompt) -> Awaitable[Touched]:
        """Give a waiting turn another prompt, because its message was edited."""
        ...

    def withdraw(self, source: str, msg_id: int) -> Awaitable[Touched]:
        """Take a waiting turn out of the queue, because its message was deleted."""
        ...

    async def queue(self, key: SessionKey) -> Queue:
        """Return what runs and waits in a room, in order."""
        ...

    async def remove(self, key: SessionKey, turn: TurnId) -> bool:
        """Take a turn out of the queue; False if it does not wait any more."""
        ...

    async def move(self, key: SessionKey, turn: TurnId, to: Literal["up", "first"]) -> bool:
        """Let a waiting turn run earlier; False if it does not wait any more."""
        ...

    async def clear(self, key: SessionKey) -> int:
        """Empty a room's queue; return how many waited."""
        ...

    async def pause(self, key: SessionKey, *, paused: bool) -> bool:
        """Start no further turn in a room, or go on; False if it was so already."""
        ...

    async def settle(self, turn: TurnId, how: Settle) -> bool:
        """Decide about an interrupted turn; False if that was decided already."""
        ...

    async def fate(self, source: str, msg_id: int) -> Fate | None:
        """Return what became of a message; None if it was never seen."""
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
    options: Mapping[str, bool | str] = field(default_factory=dict[str, bool | str])

    def flag(self, name: str) -> bool:
        """Return a yes or no that may have been given."""
        return self.options.get(name) is True

    def text(self, name: str) -> str:
        """Return a text that was given, "" without one."""
        given = self.options.get(name)
        return given if isinstance(given, str) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """What is given with a command: a `flag` may be, and is no without; a `text` must be."""

    name: str
    description: str
    kind: Literal["flag", "text"] = "flag"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command. `run` takes its place in the room's order when it is called, not when it is awaited.

    What it returns is for the person who called alone. It raises UserError or StateError, on awaiting.
    """

    name: str
    description: str
    run: Callable[[Call], Awaitable[Said]]
    options: tuple[Option, ...] = ()
