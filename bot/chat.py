"""What a chat platform must offer, in words of no platform: `ChatPort`, `Incoming`, `Place`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

from bot.components import FileOut, Row
from sessions.errors import EXIT_BAD_STATE, EXIT_TOKEN_REFUSED, RoomkeyError
from sessions.room_words import Where
from sessions.store.values import Attachment, Quote


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something happens. Ids are text. `guild_id` None means a direct message.

    `parent_id` is the channel of a thread or forum post, None elsewhere.
    """

    platform: str
    channel_id: str
    guild_id: str | None
    parent_id: str | None = None

    @property
    def around(self) -> Where:
        """What is around the room of this place, as its settings ask for it."""
        return Where(channel=self.parent_id, server=self.guild_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who does something. `role_ids` are those of the place's guild, from the event itself."""

    id: str
    name: str
    role_ids: frozenset[str] = frozenset()
    is_bot: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A role of a guild, as somebody names it in a command."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A message as it came in, before anybody decided about it.

    `mentions_bot` counts a literal mention and a reply to the bot. `mentions_others` says that it
    addresses somebody else and not the bot. `names_bot` counts a literal mention in the text alone.
    `ordinary` is False for webhooks, system messages and whatever else is nobody speaking. `ours` says
    that the bot itself wrote it. `quote` is what it replies to, if the platform sent that along, and
    `replies_to` that message's id. `threads` says whether the bot can open a thread on it: "none" where
    there are no threads, "full" where there are too many.
    """

    place: Place
    person: Person
    message_id: int
    text: str
    attachments: tuple[Attachment, ...] = ()
    mentions_bot: bool = False
    mentions_others: bool = False
    names_bot: bool = False
    ordinary: bool = True
    ours: bool = False
    quote: Quote | None = None
    replies_to: str | None = None
    threads: Literal["none", "forbidden", "full", "possible"] = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a platform allows. `message_chars` counts UTF-16 units.

    For `nonce_window_s` after a send, sending with the same nonce again gives the first message.
    """

    message_chars: int = 2000
    edit_interval_s: float = 1.0
    can_edit: bool = False
    can_delete: bool = False
    can_type: bool = False
    has_buttons: bool = False
    can_react: bool = False
    nonce_window_s: float = 0.0


class ChatError(RoomkeyError):
    """The chat did not take it; trying again may help.

    `is_untaken` says that this is certain; else it may have taken it and failed to say so.
    """

    def __init__(
        self, text: str | None = None, *, retry_after_s: float | None = None, is_untaken: bool = False
    ) -> None:
        super().__init__(text)
        self.retry_after_s = retry_after_s
        self.is_untaken = is_untaken


class Banned(ChatError):
    """The network in front of the chat turns this machine away.

    Until `retry_after_s` is over every call raises this, and no request is made.
    """

    def __init__(self, text: str | None = None, *, retry_after_s: float) -> None:
        super().__init__(text, retry_after_s=retry_after_s, is_untaken=True)
        self.retry_after_s: float = retry_after_s


class ChatRefused(ChatError):
    """The chat will never take it: the channel is gone, closed or forbidden to us."""


class MessageGone(ChatRefused):
    """That message was deleted."""


class NotPermitted(ChatRefused):
    """The bot lacks a permission there."""


class PlaceLocked(ChatRefused):
    """A thread is locked: whoever may manage threads there can write, and nobody else."""


class TooManyThreads(ChatRefused):
    """There are as many open threads as the chat allows: others have to be closed first."""


class FilesRefused(ChatRefused):
    """The chat does not take the files of a message; without them it may take it."""

    def __init__(self, text: str | None = None, *, reason: Literal["too_large", "forbidden"]) -> None:
        super().__init__(text)
        self.reason: Literal["too_large", "forbidden"] = reason


class ChatUnusable(RoomkeyError):
    """The chat does not let this bot in at all. A person must act; trying again does not help."""

    exit_code: ClassVar[int] = EXIT_BAD_STATE


class TokenRefused(ChatUnusable):
    """The chat refuses the bot's token."""

    exit_code: ClassVar[int] = EXIT_TOKEN_REFUSED


class IntentsMissing(ChatUnusable):
    """The chat does not give the bot what it needs to read messages."""


class ChatPort(Protocol):
    """One platform's outgoing side. Each call is one request; nothing in here retries.

    Text never pings anyone, whatever it holds. Raises ChatError and its kinds only.
    """

    @property
    def platform(self) -> str:
        """The name used in addresses."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What this platform allows."""
        ...

    def file_limit_bytes(self, channel_id: str) -> int:
        """Return how large a file may be there; answered from memory."""
        ...

    def may_attach(self, channel_id: str) -> bool:
        """Whether files are taken there, as far as is known; answered from memory."""
        ...

    async def send(
        self,
        channel_id: str,
        body: str,
        *,
        nonce: str | None = None,
        reply_to: str | None = None,
        silent: bool = False,
        rows: Sequence[Row] = (),
        files: Sequence[FileOut] = (),
    ) -> str:
        """Send a message and return its id. The same nonce within minutes gives the first one again.

        At most 10 files; without a body they stand alone. Raises FilesRefused if it is them that are
        not taken.
        """
        ...

    async def edit(self, channel_id: str, message_id: str, body: str, *, rows: Sequence[Row] = ()) -> None:
        """Replace a message's text and rows of components; its files stay."""
        ...

    async def delete(self, channel_id: str, message_id: str) -> None:
        """Remove a message of ours. Returns also if it was gone already."""
        ...

    async def typing(self, channel_id: str) -> None:
        """Show for a few seconds that somebody writes."""
        ...

    async def react(self, channel_id: str, message_id: str, mark: str) -> None:
        """Put a mark of ours, one emoji, under somebody's message. Returns also if it stood there."""
        ...

    async def unreact(self, channel_id: str, message_id: str, mark: str) -> None:
        """Take a mark of ours away. Returns also if it was gone."""
        ...

    async def find_sent(
        self, channel_id: str, body: str, *, after_id: str | None, files: int = 0
    ) -> str | None:
        """Return our newest message behind `after_id` with exactly this text and so many files, else None.

        Their names do not count: chats change them.
        """
        ...

    async def written(self, channel_id: str, message_id: str) -> str:
        """Return what a message of ours says; "" if it asks something with its buttons, or is gone."""
        ...

    async def open_thread(self, channel_id: str, name: str, *, message_id: str | None = None) -> str:
        """Open a public thread in a channel, on a message or on its own, and return its id.

        A message has one thread at most, whose id is its own: the one that is there already is returned.
        `name` is 1 to 100 characters.
        """
        ...

    async def find_threads(self, channel_id: str, name: str) -> Sequence[str]:
        """Return the threads that we opened in a channel on their own, under exactly this name.

        The newest first, a few at most; none that is gone.
        """
        ...

    async def rename(self, channel_id: str, name: str) -> None:
        """Give a thread of ours another name, 1 to 100 characters."""
        ...
