"""The things of a guild: users, roles, channels, threads, messages. Frozen values with ids as text.

A change makes a new value; the world keeps the newest, and an older one is a picture of how it was.
"""

from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from typing import Any, Final, TypeAlias

from bot.demo.guild.permissions import Overwrite

Payload: TypeAlias = dict[str, Any]
"""A JSON object as Discord writes it."""


class ChannelKind(IntEnum):
    """Discord's channel types that the guild knows."""

    TEXT = 0
    DM = 1
    NEWS = 5
    PUBLIC_THREAD = 11
    PRIVATE_THREAD = 12
    FORUM = 15


class MessageKind(IntEnum):
    """Discord's message types that the guild makes."""

    DEFAULT = 0
    PINNED = 6
    THREAD_CREATED = 18
    REPLY = 19
    COMMAND = 20
    THREAD_STARTER = 21
    MESSAGE_COMMAND = 23


class MessageFlag(IntFlag):
    """Discord's message flags that mean something here."""

    SUPPRESS_EMBEDS = 1 << 2
    HAS_THREAD = 1 << 5
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    SILENT = 1 << 12
    VOICE = 1 << 13
    COMPONENTS_V2 = 1 << 15


NO_FLAGS: Final = MessageFlag(0)
"""A message with no flag set."""


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with an account: a person or a bot. `takes_dms` is false for who closed their messages."""

    id: str
    name: str
    bot: bool = False
    takes_dms: bool = True


@dataclass(frozen=True, slots=True)
class Member:
    """A user as member of the guild. `joined_at` is Unix time in seconds."""

    user_id: str
    role_ids: tuple[str, ...]
    joined_at: float


@dataclass(frozen=True, slots=True)
class Role:
    """A role: its id equals the guild's for the one everybody has."""

    id: str
    name: str
    permissions: int
    position: int


@dataclass(frozen=True, slots=True)
class Thread:
    """What a channel is besides, when it is a thread. Times are Unix time in seconds."""

    parent_id: str
    owner_id: str
    made_at: float
    archived_at: float
    archived: bool = False
    locked: bool = False
    quiet_min: int = 1440
    message_count: int = 0
    members: tuple[tuple[str, float], ...] = ()

    def has(self, user_id: str) -> bool:
        """Whether that user joined the thread."""
        return any(member_id == user_id for member_id, _ in self.members)


@dataclass(frozen=True, slots=True)
class Channel:
    """A place with messages: text channel, thread, forum (no messages of its own) or direct messages.

    `category_id` is what Discord's client lists a channel under; categories themselves are not shown here.
    """

    id: str
    kind: ChannelKind
    name: str
    position: int = 0
    topic: str = ""
    slow_mode_s: int = 0
    last_message_id: str | None = None
    overwrites: tuple[Overwrite, ...] = ()
    recipient_ids: tuple[str, ...] = ()
    thread: Thread | None = None
    category_id: str | None = None

    @property
    def is_dm(self) -> bool:
        """Whether these are direct messages."""
        return self.kind is ChannelKind.DM


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a message; its bytes are the world's. `spoiler` files have a name that says so."""

    id: str
    name: str
    size_bytes: int
    content_type: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way into a message."""

    name: str
    content: bytes = field(repr=False)
    description: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """The message that a reply, a forward or a system message points to."""

    channel_id: str
    message_id: str | None = None


@dataclass(frozen=True, slots=True)
class Reaction:
    """One emoji under a message and who pressed it, first one first."""

    emoji: str
    user_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mentions:
    """Whom a message pinged: users and roles by id, or everybody."""

    user_ids: tuple[str, ...] = ()
    role_ids: tuple[str, ...] = ()
    everyone: bool = False


@dataclass(frozen=True, slots=True)
class Cause:
    """The interaction a message answers: its id, type, the command's name and who made it.

    `target_id` is the message on which a message command was used.
    """

    id: str
    kind: int
    name: str
    user_id: str
    target_id: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it stands.

    Times are Unix time in seconds; `visible_to` names the one reader of an ephemeral answer; `embeds` and
    `components` are Discord's own JSON objects; `sticker` is the name of one; `poll` is a question, then its
    answers.
    """

    id: str
    channel_id: str
    author_id: str
    made_at: float
    content: str = ""
    kind: MessageKind = MessageKind.DEFAULT
    edited_at: float | None = None
    flags: MessageFlag = NO_FLAGS
    embeds: tuple[Payload, ...] = ()
    components: tuple[Payload, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    reactions: tuple[Reaction, ...] = ()
    mentions: Mentions = field(default_factory=Mentions)
    reference: Reference | None = None
    forwarded: "Message | None" = None
    sticker: str = ""
    poll: tuple[str, ...] = ()
    pinned: bool = False
    nonce: str | None = None
    by_webhook: bool = False
    cause: Cause | None = None
    visible_to: str | None = None

    @property
    def is_loading(self) -> bool:
        """Whether this is the "is thinking" message of a deferred answer."""
        return MessageFlag.LOADING in self.flags
