"""The turn that an agent works on: prompt in, events to the reply, outcome out; its time limits."""

import asyncio
import contextlib
import math
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Final, Literal

from sessions.agents.base import AgentSession, Allow, Decision, Deny, TurnInput
from sessions.asking import Asking
from sessions.clock import Clock
from sessions.crash_points import reached
from sessions.errors import AgentError
from sessions.events import (
    Ask,
    AskWithdrawn,
    Compacted,
    Event,
    Exited,
    PermissionAsk,
    PlanAsk,
    QuestionAsk,
    Started,
    TextDelta,
    TextFinal,
    ToolStart,
    TurnDone,
)
from sessions.exits import meaning
from sessions.mailbox import Alarm, Mailbox
from sessions.turn import INTERRUPT_LIMIT_S, Halt, Limits, Outcome, ReplySink

SEND_LIMIT_S: Final = 30.0
"""How long an agent may take to read a prompt; one that hangs does not."""


_NOT_STORED: Final = Deny(
    reason="Roomkey could not write down that this begins, so it did not run. Say so, and stop here."
)
_Steer = Literal["steer"]


class RunningTurn:
    """The turn that an agent works on. The agent's reader feeds it; others may halt, steer or answer it.

    `begin_asking` and `end_asking` hear when it waits for a person, and when it does not any more.
    `alarm` is for its waits alone.
    `note_tool` is awaited with the title of each tool and says whether it is stored: no tool runs before
    the store knows of one. `steer` is awaited when a further prompt may be handed over. `judge` is awaited
    with each ask and may decide about it, so that nobody is asked.
    """

    def __init__(
        self,
        *,
        agent: AgentSession,
        sink: ReplySink,
        limits: Limits,
        clock: Clock,
        alarm: Alarm,
        note_tool: Callable[[str], Awaitable[bool]],
        steer: Callable[[], Awaitable[None]],
        begin_asking: Callable[[], None],
        end_asking: Callable[[], None],
        judge: Callable[[Ask], Awaitable[Decision | None]] | None = None,
    ) -> None:
        self._agent = agent
        self._sink = sink
        self._limits = limits
        self._clock = clock
        self._alarm = alarm
        self._note_tool = note_tool
        self._hand_over = steer
        self._judge = judge
        self._inbox: Mailbox[Event | Halt | _Steer] = Mailbox(clock, alarm)
        self._asks = Asking(limits, begin_asking, end_asking)
        self._since_s = 0.0
        self._halted: Halt | None = None
        self._blocks: list[str] = []
        self._delta = ""
        self._tools = 0
        self._is_tool_stored = False
        self._last_tool = ""
        self._started: Started | None = None
        self._compacted: Compacted | None = None

    @property
    def is_asking(self) -> bool:
        """Whether the agent waits for a person."""
        return self._asks.is_open

    def feed(self, event: Event) -> None:
        """Hand over an event of this turn, or the end of the process. Never blocks."""
        self._inbox.put(event)

    def halt(self, reason: Halt) -> None:
        """End the turn as soon as the agent lets go. The first reason counts."""
        self._inbox.put(reason)

    def steer(self) -> None:
        """Say that somebody has said more while this turn runs. Never blocks."""
        self._inbox.put("steer")

    async def answer(self, ask: str, decision: Decision) -> bool:
        """Answer an open ask; False if it is not open any more. The first answer wins."""
        if not self._close(ask):
            return False
        taken = await self._agent.answer(ask, decision)
        self._sink.emit(AskWithdrawn(id=ask, reason="answered" if taken else "agent"))
        return taken

    async def run(self, prompt: TurnInput, since_s: float) -> Outcome:
        """Send the prompt and follow the turn to its end; then nothing of it is asked any more.

        `since_s` is when it began, on the monotonic clock: a slow start counts too. Raises AgentGone
        if the prompt cannot be sent, AgentError if the agent does not take it.
        """
        try:
            self._since_s = since_s
            return await self._run(prompt, since_s)
        finally:
            self._alarm.clear()
            for ask in self._asks.open_ids:
                self._close(ask)

    async def _run(self, prompt: TurnInput, since_s: float) -> Outcome:
        turn_ends_s = since_s + self._limits.turn_s
        silent_until_s = self._clock.monotonic_s() + self._limits.silence_s
        await self._send(prompt)
        while True:
            ends_s = self._ends_s(turn_ends_s)
            item = await self._inbox.get(min(ends_s, silent_until_s, *self._asks.ends_s))
            now_s = self._clock.monotonic_s()
            if item is None:
                # A person who thinks is no agent that hangs.
                if await self._deny_expired(now_s) or (self._asks.is_open and now_s < ends_s):
                    silent_until_s = now_s + self._limits.silence_s
                    continue
                return await self._cut_short(too_long=now_s >= ends_s)
            if not isinstance(item, str):  # what people say is no word of the agent's
                silent_until_s = now_s + self._limits.silence_s
            if item == "steer":
                if self._halted is None:
                    await self._hand_over()
            elif isinstance(item, str):
                if self._halted is None:
                    self._halted = item
                    turn_ends_s = now_s + INTERRUPT_LIMIT_S
                    await self._interrupt()
            elif (outcome := await self._take(item)) is not None:
                return outcome

    def _ends_s(self, turn_ends_s: float) -> float:
        """Return when the turn is over, as things stand: people's time to answer is not the agent's."""
        if self._halted is not None:
            return turn_ends_s
        return math.inf if self._asks.is_patient else turn_ends_s + self._asks.waited_s

    async def _send(self, prompt: TurnInput) -> None:
        try:
            async with asyncio.timeout(None) as limit:  # the alarm sets it, if it ever comes to that
                limit_s = min(SEND_LIMIT_S, self._limits.silence_s)
                self._alarm.set(limit_s, partial(limit.reschedule, 0.0))
                reached("prompt.before_send")
                await self._agent.send(prompt)
                reached("prompt.sent")
                self._alarm.clear()
        except TimeoutError as error:
            text = "The agent hangs: it did not take this. Say it again to try with a new one."
            raise AgentError(text, retryable=True) from error

    async def _interrupt(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(INTERRUPT_LIMIT_S):
                await self._agent.interrupt()

    async def _take(self, event: Event) -> Outcome | None:
        reached("agent.event")
        if isinstance(event, PermissionAsk | QuestionAsk | PlanAsk):
            if self._judge is not None and (decided := await self._judge(event)) is not None:
                await self._agent.answer(event.id, decided)
                return None
            self._asks.open(event, self._clock.monotonic_s())  # before anybody can answer it
        if not (isinstance(event, AskWithdrawn) and self._halted == "interrupted"):
            self._sink.emit(event)  # else its card stays open, and is told of the restart with the turn
        match event:
            case Started():
                self._started = event
            case TextDelta(text=text):
                self._delta += text
            case TextFinal(text=text):
                self._blocks.append(text)
                self._delta = ""
            case ToolStart(id=tool, title=title):
                self._tools, self._last_tool = self._tools + 1, title
                self._is_tool_stored |= await self._note_tool(title)
                self._agent.decide(tool, Allow() if self._is_tool_stored else _NOT_STORED)
            case AskWithdrawn(id=ask):
                self._close(ask)
            case Compacted():
                self._compacted = event
            case TurnDone():
                return self._done(event)
            case Exited():
                return self._gone(event)
            case _:
                pass
        return None

    def _done(self, event: TurnDone) -> Outcome:
        status = self._halted if event.status == "stopped" and self._halted else event.status
        return self._how_far()(
            status=status,
            text=event.text,
            partial="" if status == "ok" else self._written(),
            problem=event.problem,
            resets_at=event.resets_at,
            usage=event.usage,
            agent_session_id=event.agent_session_id,
            compacted=self._compacted,
        )

    def _gone(self, end: Exited) -> Outcome:
        if self._halted:
            return self._how_far()(status=self._halted, partial=self._written(), spent=True)
        problem, text = meaning(end)
        return self._how_far()(
            status="failed", text=text, partial=self._written(), problem=problem, spent=True
        )

    def _how_far(self) -> "partial[Outcome]":
        """Return what is true of the turn however it ends: to be called with how it did."""
        took_s = self._clock.monotonic_s() - self._since_s
        return partial(
            Outcome, started=self._started, took_s=took_s, tools=self._tools, last_tool=self._last_tool
        )

    async def _cut_short(self, *, too_long: bool) -> Outcome:
        """Silence or the time limit: interrupt, wait a little, then give the process up."""
        end = None if self._halted else await self._end_after_interrupt()
        if end is not None and end.status == "ok":  # the answer came after all
            return end
        cut = end or self._how_far()(status="stopped", spent=True)
        cut = replace(cut, text="", partial=self._written())
        if self._halted:
            return replace(cut, status=self._halted, problem=None)
        limit_s = self._limits.turn_s if too_long else self._limits.silence_s
        what = "was not done after" if too_long else "said nothing for"
        text = f"The agent {what} {_span(limit_s)}, so I ended this turn. Say “continue” to go on."
        return replace(cut, status="failed", text=text, problem="silence")

    async def _end_after_interrupt(self) -> Outcome | None:
        """Tell the agent to end; how it did, None if it did not in time."""
        until_s = self._clock.monotonic_s() + INTERRUPT_LIMIT_S
        await self._interrupt()
        while (item := await self._inbox.get(until_s)) is not None:
            if item == "steer":
                continue  # it waits in the queue and becomes a turn of its own
            if isinstance(item, str):
                self._halted = self._halted or item
            elif (outcome := await self._take(item)) is not None:
                return outcome
        return None

    async def _deny_expired(self, now_s: float) -> bool:
        expired = self._asks.expired(now_s)
        for ask, limit_s in expired:
            self._close(ask)
            self._sink.emit(AskWithdrawn(id=ask, reason="expired"))
            await self._agent.answer(ask, Deny(reason=f"Nobody answered within {_span(limit_s)}."))
        return bool(expired)

    def _close(self, ask: str) -> bool:
        """Whether the ask was open; it is not any more."""
        return self._asks.close(ask, self._clock.monotonic_s())

    def _written(self) -> str:
        return "\n\n".join([*self._blocks, self._delta] if self._delta else self._blocks)


def _span(seconds: float) -> str:
    """Return a duration in words: `45 s`, `10 min`, `4 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
