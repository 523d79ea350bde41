"""What a command is, on any platform: its name and options, and what it is called with."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from bot.access import Tier
from bot.chat import Incoming, Person, Place, Role
from bot.commands.past_rooms import PastRooms, SideQuestions
from bot.components import Choice, Modal
from bot.open_asks import OpenAsks
from bot.people import People
from bot.said import Said
from sessions.agents.base import ContextUse, Decision
from sessions.apartness import Apartness
from sessions.keys import SessionKey, TurnId
from sessions.manager import Queue, RoomStatus
from sessions.room_permissions import Permissions
from sessions.room_settings import Origin, RoomSettings
from sessions.room_words import RoomWords
from sessions.store.values import Accepted, ChatAddress, Fate, Inbound, Prompt, Settle, Touched, Turn

Given = bool | str | Person | Role
"""What somebody gives with a command."""


class Rooms(Protocol):
    """What the chat side needs of the session manager."""

    def accept(self, row: Inbound) -> Awaitable[Accepted]:
        """Take a place in a room's order now; the result comes when it is committed."""
        ...

    def stop(self, key: SessionKey, turn: TurnId | None = None) -> bool:
        """End the running turn, only that one if it is named; False if none runs."""
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

    @property
    def words(self) -> RoomWords:
        """What holds in each room, and where that is changed."""
        ...

    @property
    def models(self) -> tuple[str, ...]:
        """Names of models to choose from."""
        ...

    def room_settings(self, key: SessionKey) -> tuple[RoomSettings, Mapping[str, Origin]]:
        """Return what holds in a room, from memory, and who said each value that is nobody's default."""
        ...

    async def apartness(self, key: SessionKey) -> Apartness:
        """Return what a room shares with others, of all that should be its own alone."""
        ...

    async def status(self, key: SessionKey) -> RoomStatus:
        """Return what a room is and does right now."""
        ...

    @property
    def past(self) -> PastRooms:
        """The sessions of each room, present and past."""
        ...

    @property
    def asides(self) -> SideQuestions:
        """Side questions, which no turn notices."""
        ...

    async def context(self, key: SessionKey) -> ContextUse | None:
        """Return what fills the context of a room's live agent; None without one, or if it does not say."""
        ...

    @property
    def permissions(self) -> Permissions:
        """What was allowed in each room for good, and answers that wait."""
        ...

    async def decide(self, turn: TurnId, ask: str, decision: Decision) -> None:
        """Answer a turn's open permission request. Raises AlreadyDecided."""
        ...

    async def turn(self, turn: TurnId) -> Turn | None:
        """Return a turn; None if there is no such turn."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One use of a command, by somebody who may, as somebody of that tier.

    `(source, id)` is unique for ever, as for a message. `message` is what a message command was used on;
    `asks` is what agents ask right now.
    """

    rooms: Rooms
    people: People
    key: SessionKey
    person: Person
    place: Place
    tier: Tier
    source: str
    id: int
    options: Mapping[str, Given] = field(default_factory=dict[str, Given])
    message: Incoming | None = None
    asks: OpenAsks = field(default_factory=OpenAsks)

    @property
    def address(self) -> ChatAddress:
        """Where it was said."""
        return ChatAddress(platform=self.place.platform, channel_id=self.place.channel_id)

    @property
    def prompt(self) -> Prompt:
        """Who asks, without a word."""
        return Prompt(
            text="",
            author_id=self.person.id,
            author_name=self.person.name,
            asker=self.people.asker(self.person, self.place),
        )

    def flag(self, name: str) -> bool:
        """Return a yes or no that may have been given."""
        return self.options.get(name) is True

    def text(self, name: str) -> str:
        """Return a text that was given, or the choice; "" without one."""
        given = self.options.get(name)
        return given if isinstance(given, str) else ""

    def named_person(self, name: str) -> Person | None:
        """Return a person who was named, with the roles that the platform sent along."""
        given = self.options.get(name)
        return given if isinstance(given, Person) else None

    def role(self, name: str) -> Role | None:
        """Return a role that was named."""
        given = self.options.get(name)
        return given if isinstance(given, Role) else None

    async def note(self, action: str, target: str = "", detail: str = "") -> None:
        """Write down what was done with a right that not everybody has. Never raises."""
        await self.people.note(self.person, action, target, detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """Somebody types an option of a command; `options` are those so far, `option` the one being typed."""

    rooms: Rooms
    key: SessionKey
    tier: Tier
    person: Person
    place: Place
    option: str
    options: Mapping[str, Given]

    @property
    def text(self) -> str:
        """What was typed of it so far."""
        given = self.options.get(self.option)
        return given if isinstance(given, str) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """What is given with a command.

    A `text` must be given. A `flag` is no without; nothing else need be given, a `choice` is one of
    `choices`. `suggest` offers texts while somebody types: from memory alone, at most 25; `ready` has what
    it needs brought there before, within a second.
    """

    name: str
    description: str
    kind: Literal["flag", "text", "words", "path", "user", "role", "choice"] = "flag"
    choices: tuple[str, ...] = ()
    suggest: Callable[[Hint], Sequence[Choice]] | None = None
    ready: Callable[[Hint], Awaitable[None]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command. `run` takes its place in the room's order when it is called, not when it is awaited.

    Nobody below `tier` gets so far. What it returns is for the person who called alone. It raises UserError
    or StateError, on awaiting. With `on_message` it is used on a message, by a right click, and has no
    options. `form` opens a modal instead, unless it gives None; it comes within a second. What `opens_thread`
    refuses where none can be opened: in threads and direct messages.
    """

    name: str
    description: str
    tier: Tier
    run: Callable[[Call], Awaitable[Said]]
    options: tuple[Option, ...] = ()
    on_message: bool = False
    opens_thread: bool = False
    form: Callable[[Call], Awaitable[Modal | None]] | None = None
