"""What happened in the world, as values, and the feed that tells everybody who listens.

Gateway, ledger, waits and the page all live on this one feed, so they see the same things in the same order.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, Self, TypeAlias

from bot.demo.guild.interaction import Choice, Interaction, Modal
from bot.demo.guild.model import Channel, Member, Message, Role

JOURNAL_LENGTH = 50_000
"""How many changes the feed remembers."""


@dataclass(frozen=True, slots=True)
class MessageCreated:
    """A message stands in a channel; ephemeral ones too (`message.visible_to`)."""

    message: Message


@dataclass(frozen=True, slots=True)
class MessageEdited:
    """A message changed: text, buttons, files, pin, flags or its thread. `before` is what stood there."""

    message: Message
    before: Message


@dataclass(frozen=True, slots=True)
class MessageDeleted:
    """A message is gone. `bulk` has the ids of all that went with it, in order, itself included."""

    message: Message
    bulk: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReactionChanged:
    """Somebody pressed (`added`) or took back one emoji; `message` is the message as it stands now."""

    message: Message
    emoji: str
    user_id: str
    added: bool


@dataclass(frozen=True, slots=True)
class ReactionsCleared:
    """All reactions of a message were removed, or those of one emoji."""

    message: Message
    emoji: str | None


@dataclass(frozen=True, slots=True)
class TypingStarted:
    """Somebody types; clients show it for 10 s. `at` is Unix time in seconds."""

    channel_id: str
    user_id: str
    at: float


@dataclass(frozen=True, slots=True)
class ChannelCreated:
    """A channel, thread or forum post exists; for a thread also when somebody was added to it."""

    channel: Channel


@dataclass(frozen=True, slots=True)
class ChannelChanged:
    """A channel or thread changed: name, topic, overwrites, slow mode, archived, locked."""

    channel: Channel
    before: Channel


@dataclass(frozen=True, slots=True)
class ChannelDeleted:
    """A channel or thread is gone, with its messages."""

    channel: Channel


@dataclass(frozen=True, slots=True)
class ThreadMembersChanged:
    """Users joined or left a thread."""

    channel: Channel
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RoleChanged:
    """A role was made or changed."""

    role: Role
    created: bool


@dataclass(frozen=True, slots=True)
class MemberChanged:
    """A member came, changed roles or (`present` is false) left."""

    member: Member
    came: bool = False
    present: bool = True


@dataclass(frozen=True, slots=True)
class CommandsSynced:
    """A bot's slash commands were replaced."""

    application_id: str


@dataclass(frozen=True, slots=True)
class InteractionBegun:
    """Somebody ran a command, clicked, chose, submitted or typed into an option with suggestions."""

    interaction: Interaction


@dataclass(frozen=True, slots=True)
class InteractionAnswered:
    """The bot acknowledged an interaction for the first time; `interaction.acknowledged` says how."""

    interaction: Interaction


@dataclass(frozen=True, slots=True)
class ModalOpened:
    """A dialogue opened for one user, `modal.user_id`."""

    modal: Modal


@dataclass(frozen=True, slots=True)
class ChoicesOffered:
    """The suggestions for the option that the user of `interaction` types into."""

    interaction: Interaction
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class BotOnline:
    """A bot's gateway session is `ready` (IDENTIFY), `resumed` (RESUME) or its connection is `lost`."""

    bot_id: str
    state: Literal["ready", "resumed", "lost"]


Change: TypeAlias = (
    MessageCreated
    | MessageEdited
    | MessageDeleted
    | ReactionChanged
    | ReactionsCleared
    | TypingStarted
    | ChannelCreated
    | ChannelChanged
    | ChannelDeleted
    | ThreadMembersChanged
    | RoleChanged
    | MemberChanged
    | CommandsSynced
    | InteractionBegun
    | InteractionAnswered
    | ModalOpened
    | ChoicesOffered
    | BotOnline
)


class Subscription:
    """An async iterator of changes from the moment it was made, in order, none missing.

    It is its own context manager; leave it (or call `close`) when nobody reads any more, since it keeps
    every change that was not read. `close` ends the iteration.
    """

    def __init__(self, leave: Callable[["Subscription"], None]) -> None:
        self._leave = leave
        self._queue: asyncio.Queue[Change | None] = asyncio.Queue()

    def put(self, change: Change) -> None:
        """Add a change; the feed calls it."""
        self._queue.put_nowait(change)

    def close(self) -> None:
        """Leave the feed and end the iteration."""
        self._leave(self)
        self._queue.put_nowait(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Change:
        change = await self._queue.get()
        if change is None:
            raise StopAsyncIteration
        return change


class Feed:
    """Tells every change to listeners (at once, in the call that made it) and to subscriptions.

    `journal` holds what happened so far, oldest first.
    """

    def __init__(self) -> None:
        self.journal: deque[Change] = deque(maxlen=JOURNAL_LENGTH)
        self._listeners: list[Callable[[Change], None]] = []
        self._subscriptions: list[Subscription] = []

    def publish(self, change: Change) -> None:
        """Tell everybody."""
        self.journal.append(change)
        for listener in self._listeners:
            listener(change)
        for subscription in self._subscriptions:
            subscription.put(change)

    @contextmanager
    def listening(self, listener: Callable[[Change], None]) -> Generator[None]:
        """Call `listener` with each change while the context lasts."""
        self._listeners.append(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)

    def subscribe(self) -> Subscription:
        """Begin to collect changes for somebody who reads them later."""
        subscription = Subscription(self._forget)
        self._subscriptions.append(subscription)
        return subscription

    def _forget(self, subscription: Subscription) -> None:
        if subscription in self._subscriptions:
            self._subscriptions.remove(subscription)
