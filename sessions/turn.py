"""What a turn is to those around it: its outcome, where it shows itself, its limits."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Literal, Protocol, Self

from sessions.events import Event, Problem, Usage
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
    notice: str = ""
    agent_session_id: str | None = None
    spent: bool = False
    tools: int = 0
    last_tool: str = ""
    took_s: float | None = None
    cause: Literal["stop", "crash"] = "stop"
    decision: Literal["", "continue", "drop"] = ""


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

OpenReply = Callable[[Turn, Note], ReplySink]
FetchFiles = Callable[[Turn, Path], Awaitable[Sequence[Fetched]]]
"""Downloads a turn's attachments into the room's inbox directory; never raises for a bad file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long a turn may be silent, last, and wait for an answer. Seconds."""

    silence_s: float
    turn_s: float
    ask_s: float


Halt = Literal["stopped", "interrupted"]
