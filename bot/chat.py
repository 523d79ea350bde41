"""What a chat platform must offer, in words of no platform: `ChatPort`, `Incoming`, `Place`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from bot.components import FileOut, Row
from sessions.errors import EXIT_BAD_STATE, EXIT_TOKEN_REFUSED, RoomkeyError
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
    that the bot itself wrote it. `quote` is what it replies to, if the platform sent that along.
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
        """Send a message and return its id. The same nonce within minutes gives the first one again."""
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

    async def find_sent(self, channel_id: str, body: str, *, after_id: str | None) -> str | None:
        """Return our newest message with exactly this text behind `after_id`; None if there is none."""
        ...

    async def written(self, channel_id: str, message_id: str) -> str:
        """Return what a message of ours says; "" if it carries buttons or is gone."""
        ...
