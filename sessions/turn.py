"""One turn: prompt in, events to the reply, outcome out; its limits."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal, Protocol, Self

from sessions.agents.base import AgentSession, Decision, Deny, TurnInput
from sessions.clock import Clock
from sessions.errors import AgentError
from sessions.events import (
    AskWithdrawn,
    Event,
    Exited,
    PermissionAsk,
    Problem,
    TextDelta,
    TextFinal,
    ToolStart,
    TurnDone,
    Usage,
)
from sessions.prompts import Fetched
from sessions.store.values import Piece, Turn

INTERRUPT_LIMIT_S: Final = 10.0
"""How long an agent may take to end a turn when it is told to; then its process is ended."""

SEND_LIMIT_S: Final = 30.0
"""How long an agent may take to read a prompt; one that hangs does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a turn ended.

    `text` is the whole answer for `ok` (it may be empty) and one sentence about the cause for
    `failed`. `partial` is what had been written before any other end. `notice` is something the
    person must know before the answer. `agent_session_id` is None if the agent never reported one.
    `spent` says that the agent's process must not get another prompt.
    """

    status: Literal["ok", "failed", "stopped", "interrupted"]
    text: str = ""
    partial: str = ""
    problem: Problem | None = None
    usage: Usage = field(default_factory=Usage)
    notice: str = ""
    agent_session_id: str | None = None
    spent: bool = False


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

    async def pieces(self, outcome: Outcome) -> Sequence[Piece]:
        """End all live showing and return what the outbox is to do.

        May be called without entering: then nothing live was shown.
        """
        ...


Note = Callable[[str], Awaitable[None]]
"""Remembers the id of a turn's live message, for a crash."""

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


class RunningTurn:
    """The turn that an agent works on. The worker's reader feeds it; others may halt or answer it.

    `begin_asking` and `end_asking` hear when it waits for a person, and when it does not any more.
    """

    def __init__(
        self,
        *,
        agent: AgentSession,
        sink: ReplySink,
        limits: Limits,
        clock: Clock,
        note_tool: Callable[[str], Awaitable[None]],
        begin_asking: Callable[[], None],
        end_asking: Callable[[], None],
    ) -> None:
        self._agent = agent
        self._sink = sink
        self._limits = limits
        self._clock = clock
        self._note_tool = note_tool
        self._begin_asking = begin_asking
        self._end_asking = end_asking
        self._inbox: asyncio.Queue[Event | Halt] = asyncio.Queue()
        self._asks: dict[str, float] = {}  # until when each open one may be answered
        self._halted: Halt | None = None
        self._blocks: list[str] = []
        self._delta = ""

    @property
    def is_asking(self) -> bool:
        """Whether the agent waits for a person's yes or no."""
        return bool(self._asks)

    def feed(self, event: Event) -> None:
        """Hand over an event of this turn, or the end of the process. Never blocks."""
        self._inbox.put_nowait(event)

    def halt(self, reason: Halt) -> None:
        """End the turn as soon as the agent lets go. The first reason counts."""
        self._inbox.put_nowait(reason)

    async def answer(self, ask: str, decision: Decision) -> bool:
        """Answer an open ask; False if it is not open any more. The first answer wins."""
        if not self._close(ask):
            return False
        self._sink.emit(AskWithdrawn(id=ask, reason="answered"))
        return await self._agent.answer(ask, decision)

    async def run(self, prompt: TurnInput) -> Outcome:
        """Send the prompt and follow the turn to its end; then nothing of it is asked any more.

        Raises AgentGone if it cannot be sent, AgentError if the agent does not take it.
        """
        try:
            return await self._run(prompt)
        finally:
            for ask in list(self._asks):
                self._close(ask)

    async def _run(self, prompt: TurnInput) -> Outcome:
        now_s = self._clock.monotonic_s()
        turn_ends_s = now_s + self._limits.turn_s
        silent_until_s = now_s + self._limits.silence_s
        await self._send(prompt)
        while True:
            wait_until_s = min(turn_ends_s, silent_until_s, *self._asks.values())
            item = await self._receive(wait_until_s)
            now_s = self._clock.monotonic_s()
            if item is None:
                # A person who thinks is no agent that hangs.
                if await self._deny_expired(now_s) or (self._asks and now_s < turn_ends_s):
                    silent_until_s = now_s + self._limits.silence_s
                    continue
                return await self._cut_short(too_long=now_s >= turn_ends_s)
            silent_until_s = now_s + self._limits.silence_s
            if isinstance(item, str):
                if self._halted is None:
                    self._halted = item
                    turn_ends_s = now_s + INTERRUPT_LIMIT_S
                    await self._interrupt()
                continue
            outcome = await self._take(item)
            if outcome is not None:
                return outcome

    async def _send(self, prompt: TurnInput) -> None:
        try:
            async with asyncio.timeout(min(SEND_LIMIT_S, self._limits.silence_s)):
                await self._agent.send(prompt)
        except TimeoutError as error:
            text = "The agent hangs: it did not take this. Say it again to try with a new one."
            raise AgentError(text, retryable=True) from error

    async def _interrupt(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(INTERRUPT_LIMIT_S):
                await self._agent.interrupt()

    async def _receive(self, until_s: float) -> Event | Halt | None:
        if not self._inbox.empty():
            return self._inbox.get_nowait()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, until_s - self._clock.monotonic_s())):
                return await self._inbox.get()
        return None

    async def _take(self, event: Event) -> Outcome | None:
        if isinstance(event, PermissionAsk):  # open before anybody can answer it
            if not self._asks:
                self._begin_asking()
            self._asks[event.id] = self._clock.monotonic_s() + self._limits.ask_s
        self._sink.emit(event)
        match event:
            case TextDelta(text=text):
                self._delta += text
            case TextFinal(text=text):
                self._blocks.append(text)
                self._delta = ""
            case ToolStart(title=title):
                await self._note_tool(title)
            case AskWithdrawn(id=ask):
                self._close(ask)
            case TurnDone():
                return self._done(event)
            case Exited(exit_code=code, stderr_tail=tail):
                return self._gone(code, tail)
            case _:
                pass
        return None

    def _done(self, event: TurnDone) -> Outcome:
        status = self._halted if event.status == "stopped" and self._halted else event.status
        return Outcome(
            status=status,
            text=event.text,
            partial="" if status == "ok" else self._written(),
            problem=event.problem,
            usage=event.usage,
            agent_session_id=event.agent_session_id,
        )

    def _gone(self, code: int | None, stderr_tail: str) -> Outcome:
        if self._halted:
            return Outcome(status=self._halted, partial=self._written(), spent=True)
        last_line = stderr_tail.strip().splitlines()[-1:] or ["It gave no reason."]
        how = "" if code is None else f" (exit code {code})"
        text = f"The agent's process ended in the middle of this{how}. {last_line[0][:300]}"
        return Outcome(status="failed", text=text, partial=self._written(), problem="gone", spent=True)

    async def _cut_short(self, *, too_long: bool) -> Outcome:
        """Silence or the time limit: interrupt, wait a little, then give the process up."""
        end = None if self._halted else await self._end_after_interrupt()
        if end is not None and end.status == "ok":  # the answer came after all
            return end
        cut = replace(end or Outcome(status="stopped", spent=True), text="", partial=self._written())
        if self._halted:
            return replace(cut, status=self._halted, problem=None)
        limit_s = self._limits.turn_s if too_long else self._limits.silence_s
        what = "was not done after" if too_long else "said nothing for"
        text = f"The agent {what} {_span(limit_s)}, so I ended this turn. Say it again to go on."
        return replace(cut, status="failed", text=text, problem="silence")

    async def _end_after_interrupt(self) -> Outcome | None:
        """Tell the agent to end; how it did, None if it did not in time."""
        await self._interrupt()
        until_s = self._clock.monotonic_s() + INTERRUPT_LIMIT_S
        while (item := await self._receive(until_s)) is not None:
            if isinstance(item, str):
                self._halted = self._halted or item
            elif (outcome := await self._take(item)) is not None:
                return outcome
        return None

    async def _deny_expired(self, now_s: float) -> bool:
        expired = [ask for ask, until_s in self._asks.items() if until_s <= now_s]
        for ask in expired:
            self._close(ask)
            self._sink.emit(AskWithdrawn(id=ask, reason="expired"))
            reason = f"Nobody answered within {_span(self._limits.ask_s)}."
            await self._agent.answer(ask, Deny(reason=reason))
        return bool(expired)

    def _close(self, ask: str) -> bool:
        """Whether the ask was open; it is not any more."""
        was_open = self._asks.pop(ask, None) is not None
        if was_open and not self._asks:
            self._end_asking()
        return was_open

    def _written(self) -> str:
        return "\n\n".join([*self._blocks, self._delta] if self._delta else self._blocks)


def _span(seconds: float) -> str:
    """Return a duration in words: `45 s`, `10 min`, `4 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
