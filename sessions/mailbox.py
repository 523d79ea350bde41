"""Items for one reader that waits with a time limit, and the one timer that serves all its waits."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from sessions.clock import Clock

T = TypeVar("T")


class Alarm:
    """Rings at the time that was set last. One timer of the event loop for all times, one after the other.

    Deadlines of a turn move at each event and almost never come, so a timer for each would cost more
    than what it guards. Here the timer that runs stays until its time, whatever is set or cleared
    meanwhile; only an earlier one takes its place.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._at_s = 0.0
        self._ring: Callable[[], None] | None = None

    def set(self, delay_s: float, ring: Callable[[], None]) -> None:
        """Call `ring` after that long, unless it is set anew or cleared before."""
        self._at_s, self._ring = self._loop.time() + delay_s, ring
        if self._timer is None or self._timer.when() > self._at_s:
            self._start()

    def clear(self) -> None:
        """Ring no more."""
        self._ring = None

    def close(self) -> None:
        """Ring no more, and leave no timer behind. It may be set again."""
        self._ring = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._at_s, self._wake)

    def _wake(self) -> None:
        self._timer = None
        ring = self._ring
        if ring is None:
            return
        if self._loop.time() < self._at_s:
            self._start()
        else:
            self._ring = None
            ring()


class Mailbox(Generic[T]):
    """A queue with one reader. `put` never blocks; items come out in the order they went in."""

    def __init__(self, clock: Clock, alarm: Alarm) -> None:
        """Let `alarm`, which nobody else sets meanwhile, end the waits."""
        self._clock = clock
        self._alarm = alarm
        self._loop = asyncio.get_running_loop()
        self._items: deque[T] = deque()
        self._reader: asyncio.Future[None] | None = None

    def put(self, item: T) -> None:
        """Add an item."""
        self._items.append(item)
        self._wake()

    async def get(self, until_s: float) -> T | None:
        """Take the oldest item; None if there is none until that time of the monotonic clock."""
        while not self._items:
            left_s = until_s - self._clock.monotonic_s()
            if left_s <= 0:
                return None
            self._alarm.set(left_s, self._wake)
            self._reader = self._loop.create_future()
            try:
                await self._reader
            finally:
                self._reader = None
                self._alarm.clear()
        return self._items.popleft()

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)
