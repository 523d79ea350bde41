"""What somebody is about to say or change: drafts of messages, before the world takes them. Frozen values."""

from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal, TypeAlias

from bot.demo.guild.model import (
    NO_FLAGS,
    Cause,
    Message,
    MessageFlag,
    MessageKind,
    Payload,
    Reference,
    Upload,
)


class Unchanged(Enum):
    """The type of `KEEP`."""

    KEEP = "keep"


KEEP: Final = Unchanged.KEEP
"""Stands in a revision for what shall stay as it is."""

Keep: TypeAlias = Literal[Unchanged.KEEP]


@dataclass(frozen=True, slots=True)
class AllowedMentions:
    """Whom a message may ping, as its sender said it; the sender's silence is None, not this."""

    parse: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    replied_user: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """A new message. `strict_reply` refuses a reply to a message that is gone.

    `sticker` is the name of one; `poll` is a question, then its answers.
    """

    content: str = ""
    embeds: tuple[Payload, ...] = ()
    components: tuple[Payload, ...] = ()
    files: tuple[Upload, ...] = ()
    flags: MessageFlag = NO_FLAGS
    reply_to: Reference | None = None
    strict_reply: bool = True
    forwards: Message | None = None
    sticker: str = ""
    poll: tuple[str, ...] = ()
    allowed: AllowedMentions | None = None
    nonce: str | None = None
    enforce_nonce: bool = False
    kind: MessageKind = MessageKind.DEFAULT
    cause: Cause | None = None
    visible_to: str | None = None
    by_webhook: bool = False


@dataclass(frozen=True, slots=True)
class Revision:
    """A change of a message. `kept_files` are the ids of attachments that stay; `files` are added to them."""

    content: str | Keep = KEEP
    embeds: tuple[Payload, ...] | Keep = KEEP
    components: tuple[Payload, ...] | Keep = KEEP
    kept_files: tuple[str, ...] | Keep = KEEP
    files: tuple[Upload, ...] = ()
    flags: MessageFlag | Keep = KEEP
    allowed: AllowedMentions | None = None
