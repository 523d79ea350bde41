"""What a turn is to those around it: its outcome, where it shows itself, its limits."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Literal, Protocol, Self

from sessions.errors import UserError
from sessions.events import Compacted, Event, Problem, Started, Usage
from sessions.keys import SessionKey
from sessions.prompts import Fetched
from sessions.store.values import Piece, Turn

INTERRUPT_LIMIT_S: Final = 10.0
"""How long an agent may take to end a turn when it is told to; then its process is ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a turn ended.

    `text` is the whole answer for `ok` (it may be empty) and one sentence about the cause for
    `failed`; with `resets_at` it is over then. `partial` is what had been written before any other
    end. `notice` is something the person must know before the answer. `agent_session_id` is None if
    the agent never reported one. `spent` says that the agent's process must not get another prompt.

    `started` says which agent worked where. `cost_usd` is what this turn cost by the vendor's count, None
    if unknown; with `is_estimate` nobody pays it, because the login is a subscription.

    How far it got: `tools` were begun, the last one `last_tool`, within `took_s` (None: unknown). Of an
    interrupted turn `cause` says whether Roomkey was stopped or crashed, and `decision` what the room's
    policy made of it; "" leaves it to a person.
    """

    status: Literal["ok", "failed", "stopped", "interrupted"]
    text: str = ""
    partial: str = ""
    problem: Problem | None = None
    resets_at: datetime | None = None
    usage: Usage = field(default_factory=Usage)
    started: Started | None = None
    cost_usd: float | None = None
    is_estimate: bool = False
    notice: str = ""
    agent_session_id: str | None = None
    spent: bool = False
    tools: int = 0
    last_tool: str = ""
    took_s: float | None = None
    cause: Literal["stop", "crash"] = "stop"
    decision: Literal["", "continue", "drop"] = ""
    compacted: Compacted | None = None
    """The last time in it that the agent replaced its conversation by a summary."""


class ReplySink(Protocol):
    """Where a turn shows itself: entered before the prompt is sent, left when the turn is over."""

    async def __aenter__(self) -> Self:
        """Start showing."""
        ...

    async def __aexit__(self, *exc: object) -> None:
        """Show nothing more."""
        ...

    def emit(self, event: Event) -> None:
        """Take one event, in order. Never blocks and never raises."""
        ...

    def waiting(self, count: int) -> None:
        """So many turns wait behind this one. Never blocks and never raises."""
        ...

    async def pieces(self, outcome: Outcome) -> Sequence[Piece]:
        """End all live showing and return what the outbox is to do.

        May be called without entering: then nothing live was shown.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveNote:
    """A live message of a turn: about to be sent with `nonce`, or sent as `message_id`."""

    nonce: str
    message_id: str | None = None


Note = Callable[[LiveNote], Awaitable[None]]
"""Remembers a turn's live message, for a crash. Raises StateError; then nothing may be shown."""

MayRun = Callable[[Turn], Awaitable[str | None]]
"""Whether a turn that waited may still run: None, or what to say where it was asked for. Within seconds."""

OpenPlace = Callable[[Turn], Awaitable[str | None]]
"""Opens the place where a turn is answered, if that is to be done: None, or what to say where it was asked
for. Within minutes."""

StartThread = Callable[
    [Turn, str, Callable[[SessionKey], Awaitable[bool]], bool], Awaitable[tuple[SessionKey, str]]
]
"""Opens a new thread of that name where a turn was asked for: its key, and the channel id of what is said
there. The third argument says of a thread whether it may be that of this turn; the last, whether the turn has
begun before, so that its thread may be there already. Raises UserError, StateError."""

OpenReply = Callable[[Turn, Note], ReplySink]
FetchFiles = Callable[[Turn, Path], Awaitable[Sequence[Fetched]]]
"""Downloads a turn's attachments into the room's inbox directory; never raises for a bad file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long a turn may be silent, last, wait for a permission and for an answer. Seconds."""

    silence_s: float
    turn_s: float
    ask_s: float
    question_s: float = 86_400.0


async def is_open(_turn: Turn) -> None:
    """Say of every place that it exists: an `OpenPlace`."""


Halt = Literal["stopped", "interrupted"]


async def no_threads(
    _turn: Turn, _name: str, _is_free: Callable[[SessionKey], Awaitable[bool]], _again: bool
) -> tuple[SessionKey, str]:
    """Open none: a `StartThread`."""
    raise UserError("There are no threads here.")
