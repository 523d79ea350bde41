"""What goes into the store and comes out of it. Frozen values."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal

from sessions.keys import SessionKey, TurnId
from sessions.records import SessionChange

STORE_ID: Final = ("store", "id")
"""Scope and name of the fact that tells one store from every other; made when the store is."""


class Kind(StrEnum):
    """What a turn does when it is taken."""

    PROMPT = "prompt"
    RESET = "reset"
    NOTICE = "notice"
    """Nothing: it is stored as done, and its pieces are a word of ours or of the agent's own accord."""


class Origin(StrEnum):
    """Who asked for a turn."""

    HUMAN = "human"
    AGENT = "agent"


class TurnState(StrEnum):
    """Where a turn stands. `done`, `failed` and `cancelled` never change again."""

    QUEUED = "queued"
    RUNNING = "running"
    INTERRUPTED = "interrupted"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatAddress:
    """Where something was said and where the answer goes. Ids are the platform's, as text.

    `message_id` is what the answer replies to; None where there is none (a command).
    """

    platform: str
    channel_id: str
    message_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that came with a message, not yet downloaded. `name` is foreign: never a path."""

    id: str
    name: str
    url: str
    size_bytes: int
    content_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What somebody said. `author_id` and `author_name` are foreign text, None for nobody."""

    text: str
    author_id: str | None = None
    author_name: str | None = None
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """What is to be accepted. `(source, msg_id)` is unique for ever: a repeat is not new.

    With a `queue_limit`, a room that has so many waiting refuses it (`QueueFull`). `head` puts it
    before everything that waits in its room. `cursor` is the channel whose catch-up position moves
    to `msg_id` in the same transaction; it never moves back.
    """

    source: str
    msg_id: int
    key: SessionKey
    address: ChatAddress
    prompt: Prompt
    kind: Kind = Kind.PROMPT
    origin: Origin = Origin.HUMAN
    head: bool = False
    cursor: str | None = None
    queue_limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What became of an `Inbound`. `ahead` counts the turns of its room that run or wait before it."""

    turn: TurnId
    new: bool
    ahead: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to work on a lane. Every write of a worker carries it; an old one raises `Fenced`."""

    key: SessionKey
    epoch: int


class Take(StrEnum):
    """Whether `Store.next` starts another turn of the lane."""

    NONE = "none"
    ONE = "one"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A turn as stored. `attempt` is 1 at its first start and grows with each further one.

    `generation` is the session's at the time it was taken; 0 while it is queued.
    """

    id: TurnId
    key: SessionKey
    kind: Kind
    origin: Origin
    state: TurnState
    attempt: int
    generation: int
    address: ChatAddress
    prompt: Prompt
    created: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One thing to do in a chat, in order, once: send `body`, or delete the message `target_id`.

    Sending is guarded by a nonce made from its turn and its place among the turn's pieces.
    `reply_to` is the message it answers; `buttons` are not for pieces: they end with their turn.
    """

    channel_id: str
    body: str = ""
    reply_to: str | None = None
    target_id: str | None = None
    action: Literal["send", "delete"] = "send"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """A stored piece on its way. `nonce` is at most 25 characters and the same at each try."""

    id: int
    turn: TurnId
    part: int
    platform: str
    piece: Piece
    nonce: str
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnResult:
    """How a turn ended, what is to be said about it, and what it made of its session.

    `state` is final or `interrupted`. `summary` is the answer or the cause, for the record.
    """

    turn: TurnId
    state: TurnState
    summary: str = ""
    pieces: tuple[Piece, ...] = ()
    change: SessionChange | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupted:
    """A turn that was running when its process ended; what is known of how far it got."""

    turn: Turn
    shown: bool
    last_tool: str | None
    live_message_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneStatus:
    """A room's queue: the running turn, if any, and how many wait."""

    running: Turn | None
    waiting: int


def piece_nonce(store_id: str, turn: TurnId, part: int) -> str:
    """Return what makes a message of a turn appear once: 22 of `a-z 2-7`, the same at every try.

    Stored pieces count their parts from 0; live messages, which are not stored, take negative
    ones. `store_id` is the fact `STORE_ID`, so that two stores never give the same nonce.
    """
    digest = hashlib.sha256(f"{store_id}|{turn}|{part}".encode()).digest()
    return base64.b32encode(digest)[:22].decode().lower()
