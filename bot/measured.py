"""The seams at which the bot is measured: replies, Discord's requests, the event loop."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Final, Self

import aiohttp

from bot.metrics import Metrics
from sessions.clock import Clock
from sessions.events import Event, TextDelta, TextFinal
from sessions.store.values import Piece, Turn
from sessions.turn import Note, OpenReply, Outcome, ReplySink

_LOOK_S: Final = 0.25


def measured_replies(open_reply: OpenReply, metrics: Metrics, clock: Clock) -> OpenReply:
    """Return what opens the same replies and notes how each turn went."""

    def opened(turn: Turn, note: Note) -> ReplySink:
        return _Reply(open_reply(turn, note), metrics, clock)

    return opened


def traced(metrics: Metrics) -> aiohttp.TraceConfig:
    """Return what notes every answer that a client's session gets; for discord.py's `http_trace`."""
    trace = aiohttp.TraceConfig()

    async def answered(
        _session: aiohttp.ClientSession, _context: SimpleNamespace, end: aiohttp.TraceRequestEndParams
    ) -> None:
        metrics.discord_answered(end.response.status)

    async def failed(
        _session: aiohttp.ClientSession, _context: SimpleNamespace, _: aiohttp.TraceRequestExceptionParams
    ) -> None:
        metrics.discord_answered(None)

    trace.on_request_end.append(answered)
    trace.on_request_exception.append(failed)
    return trace


async def watch_loop(metrics: Metrics, clock: Clock) -> None:
    """Note again and again how late the event loop turns. Never returns."""
    while True:
        began_s = clock.monotonic_s()
        await clock.sleep(_LOOK_S)
        metrics.loop_lagged(clock.monotonic_s() - began_s - _LOOK_S)


class _Reply:
    """A reply that also notes its first word and its turn's end. One that is never entered is no turn's."""

    def __init__(self, sink: ReplySink, metrics: Metrics, clock: Clock) -> None:
        self._sink = sink
        self._metrics = metrics
        self._clock = clock
        self._began_s = clock.monotonic_s()
        self._is_turn = False
        self._has_spoken = False
        self._is_over = False

    async def __aenter__(self) -> Self:
        self._is_turn = True
        await self._sink.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._is_turn and not self._is_over:
            self._end("broken", None)
        await self._sink.__aexit__(*exc)

    def emit(self, event: Event) -> None:
        if not self._has_spoken and isinstance(event, TextDelta | TextFinal):
            self._has_spoken = True
            self._metrics.first_word(self._clock.monotonic_s() - self._began_s)
        self._sink.emit(event)

    def waiting(self, count: int) -> None:
        self._sink.waiting(count)

    async def pieces(self, outcome: Outcome) -> Sequence[Piece]:
        if self._is_turn and not self._is_over:
            self._end(outcome.status, outcome.problem)
        return await self._sink.pieces(outcome)

    def _end(self, outcome: str, problem: str | None) -> None:
        self._is_over = True
        self._metrics.turn_ended(outcome, problem, self._clock.monotonic_s() - self._began_s)
