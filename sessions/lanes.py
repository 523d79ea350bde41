"""Key -> no or one worker: wakes, starts and retires them. One worker's end touches no other."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self, cast

from sessions.engine import Engine
from sessions.errors import Fenced, StateError
from sessions.keys import SessionKey
from sessions.turn import INTERRUPT_LIMIT_S, Halt
from sessions.worker import Worker

log = logging.getLogger(__name__)

_CRASH_WAITS_S: Final = (0.0, 1.0, 5.0, 30.0)
_WELL_AFTER_S: Final = 600.0
"""A worker that served that long before it broke is a new case: it starts again at once."""
_LAST_WORDS_S: Final = INTERRUPT_LIMIT_S + 10.0


@dataclass(slots=True)
class _Lane:
    woken: asyncio.Event
    worker: Worker
    task: asyncio.Task[None] | None = None


class Lanes:
    """The active keys. Entering opens it; leaving waits for every worker.

    Nothing of a lane is kept in memory but its worker: prompts are rows of the store, and a worker
    that finds no more of them and keeps no agent goes.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lanes: dict[SessionKey, _Lane] = {}
        self._tasks = asyncio.TaskGroup()
        self._draining = asyncio.Event()

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._tasks.__aexit__(kind, error, trace)

    def wake(self, key: SessionKey) -> None:
        """See to it that the key's worker looks at the store from now on at least once more.

        A row handed to the store before this call is seen by that look, for the store applies
        what it is given in order.
        """
        if self._draining.is_set():
            return
        lane = self._lanes.get(key)
        if lane is not None:
            lane.woken.set()
            return
        woken = asyncio.Event()
        woken.set()
        lane = _Lane(woken, Worker(self._engine, key, woken, lambda: self._retire(key)))
        self._lanes[key] = lane
        lane.task = self._tasks.create_task(self._own(key, lane), name=f"lane {key}")

    def worker(self, key: SessionKey) -> Worker | None:
        """Return the key's worker, if it has one now."""
        lane = self._lanes.get(key)
        return None if lane is None else lane.worker

    @property
    def running(self) -> int:
        """How many turns run now."""
        return sum(lane.worker.running_for_s is not None for lane in self._lanes.values())

    @property
    def awake(self) -> int:
        """How many keys have a worker."""
        return len(self._lanes)

    def halt(self, key: SessionKey, reason: Halt) -> bool:
        """End the key's running turn; False if none runs."""
        worker = self.worker(key)
        return worker is not None and worker.halt(reason)

    async def drain(self, grace_s: float) -> None:
        """Start no turn any more, give the running ones that long, then interrupt them.

        Returns when every worker has ended or been given up.
        """
        self._draining.set()
        self._engine.breaker.end()
        for lane in self._lanes.values():
            lane.worker.drain()
        if await self._ended_within(grace_s):
            return
        for key in list(self._lanes):
            self.halt(key, "interrupted")
        if not await self._ended_within(_LAST_WORDS_S):
            log.error("some rooms did not end", extra={"keys": sorted(self._lanes)})
            for lane in self._lanes.values():
                if lane.task is not None:
                    lane.task.cancel()

    async def _ended_within(self, limit_s: float) -> bool:
        tasks = [lane.task for lane in self._lanes.values() if lane.task is not None]
        if not tasks:
            return True
        _, still_running = await asyncio.wait(tasks, timeout=limit_s)
        return not still_running

    async def _own(self, key: SessionKey, lane: _Lane) -> None:
        clock, crashes = self._engine.clock, 0
        try:
            while True:
                began_s = clock.monotonic_s()
                try:
                    await lane.worker.run()
                except Exception as error:  # a room's failure ends no other room
                    crashes = 0 if clock.monotonic_s() - began_s > _WELL_AFTER_S else crashes
                    wait_s = _CRASH_WAITS_S[min(crashes, len(_CRASH_WAITS_S) - 1)]
                    crashes += 1
                    facts = {"key": key, "crashes": crashes, "again_in_s": wait_s}
                    grouped = isinstance(error, ExceptionGroup)
                    cause = cast("ExceptionGroup[Exception]", error).exceptions[0] if grouped else error
                    if isinstance(cause, StateError) and not isinstance(cause, Fenced):
                        log.warning("a room waits for the store", extra={**facts, "reason": str(cause)})
                    else:
                        log.exception("a worker broke", extra=facts)
                else:
                    return
                if self._draining.is_set():
                    return
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await self._draining.wait()
        finally:
            if self._lanes.get(key) is lane:
                del self._lanes[key]

    def _retire(self, key: SessionKey) -> None:
        del self._lanes[key]
