"""What goes into the store and comes out of it. Frozen values."""

import base64
import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal

from sessions.keys import SessionKey, TurnId
from sessions.records import SessionChange
from sessions.store.pieces import Button as Button
from sessions.store.pieces import OutboxRow as OutboxRow
from sessions.store.pieces import Piece as Piece
from sessions.store.pieces import PieceFile as PieceFile
from sessions.store.said import Attachment as Attachment
from sessions.store.said import Prompt as Prompt
from sessions.store.said import Quote as Quote

STORE_ID: Final = ("store", "id")
"""Scope and name of the fact that tells one store from every other; made when the store is."""


class Kind(StrEnum):
    """What a turn does when it is taken."""

    PROMPT = "prompt"
    RESET = "reset"
    CWD = "cwd"
    RESUME = "resume"
    REWIND = "rewind"
    FORK = "fork"
    COMPACT = "compact"
    NOTICE = "notice"
    """Nothing: it is stored as done, and its pieces are a word of ours or of the agent's own accord."""


class Origin(StrEnum):
    """Who asked for a turn."""

    HUMAN = "human"
    AGENT = "agent"


class TurnState(StrEnum):
    """Where a turn stands. `done`, `failed` and `cancelled` never change again.

    `merged` means: taken along by the turn that ran when it was said; it ends as that one ends.
    """

    QUEUED = "queued"
    RUNNING = "running"
    INTERRUPTED = "interrupted"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    MERGED = "merged"


class Settle(StrEnum):
    """What becomes of an interrupted turn.

    `ASK` leaves it interrupted, for a person to decide. `CONTINUE` and `RETRY` queue it before all
    that waits in its room. `DROP` cancels it.
    """

    ASK = "ask"
    CONTINUE = "continue"
    RETRY = "retry"
    DROP = "drop"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatAddress:
    """Where something was said and where the answer goes. Ids are the platform's, as text.

    `message_id` is what the answer replies to; None where there is none (a command). A message whose turn
    has the key of its own id, in a room of another id, is answered in its own thread.
    """

    platform: str
    channel_id: str
    message_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """What is to be accepted. `(source, msg_id)` is unique as long as it is kept: a repeat is not new.

    With a `queue_limit`, a room that has so many waiting refuses it (`QueueFull`). `head` puts it
    before everything that waits in its room. `cursor` is the channel whose catch-up position moves
    to `msg_id` in the same transaction; it never moves back. `held` says that it will have to wait
    though nothing is before it in its room. `fact` is stored along with it: scope, name, text. `steers` is
    the running turn that it is meant for, whatever the room's policy says.
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
    held: bool = False
    fact: tuple[str, str, str] | None = None
    steers: TurnId | None = None


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

    `generation` and `epoch` are the session's and the lane's at the time it was taken, 0 before.
    `resumption` says how it came back into the queue after an interruption. `follows_cut` says that
    the turn before it in the room was interrupted and the agent has not been told. `said_in` is the channel
    of the message if it is answered in its own thread, which has the message's id; else "".
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
    epoch: int = 0
    resumption: Literal["", "continue", "retry"] = ""
    follows_cut: bool = False
    said_in: str = ""

    @property
    def asked_at(self) -> ChatAddress:
        """Where it was asked for: what is said before its own thread is open is said there."""
        if not self.said_in:
            return self.address
        return replace(self.address, channel_id=self.said_in, message_id=self.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """What an edit or deletion met: the turn as it is now (None: never accepted), and whether it changed."""

    turn: Turn | None
    changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What became of a message. `turn` is None if it was declined; `reason` then says why.

    `ahead` counts what runs or waits before a turn that is queued, else 0. `decided` is when it was
    accepted or declined, `ended` when its turn ended; `summary` is how.
    """

    channel_id: str
    decided: datetime
    turn: Turn | None = None
    reason: str = ""
    ahead: int = 0
    ended: datetime | None = None
    summary: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a turn's message is to show: its state. `shown` is the mark that stands there now, "" for none."""

    turn: TurnId
    channel_id: str
    message_id: str
    state: TurnState
    shown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnResult:
    """How a turn ended, what is to be said about it, and what it made of its session.

    `state` is final, `interrupted`, or `queued` for a turn that a drain took back before anything
    came of it: then its attempt does not count. `settle` decides in the same transaction about a turn
    that ends as interrupted. `summary` is the answer or the cause, for the record.
    """

    turn: TurnId
    state: TurnState
    summary: str = ""
    pieces: tuple[Piece, ...] = ()
    change: SessionChange | None = None
    settle: Settle = Settle.ASK


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupted:
    """An interrupted turn that nobody has decided about; what is known of how far it got.

    `shown` is set before anything is shown, `tools` counts the tools that were begun. `live_nonce` is
    that of the newest live message, whose id may not be known; `ended` is when the cut was found.
    """

    turn: Turn
    shown: bool
    tools: int
    last_tool: str | None
    live_message_id: str | None
    live_nonce: str | None
    started: datetime | None
    ended: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneStatus:
    """A room's queue: the running turn, if any, how many wait, and whether it is held up by a person."""

    running: Turn | None
    waiting: int
    paused: bool = False


def piece_nonce(store_id: str, turn: TurnId, part: int | str) -> str:
    """Return what makes a message of a turn appear once: 22 of `a-z 2-7`, the same at every try.

    Stored pieces count their parts from 0; live messages, which are not stored, have a text that is
    no number. `store_id` is the fact `STORE_ID`, so that two stores never give the same nonce.
    """
    digest = hashlib.sha256(f"{store_id}|{turn}|{part}".encode()).digest()
    return base64.b32encode(digest)[:22].decode().lower()
