"""Items for one reader that waits with a time limit: one timer serves all waits of its life."""

import asyncio
from collections import deque
from typing import Generic, TypeVar

from sessions.clock import Clock

T = TypeVar("T")


class Mailbox(Generic[T]):
    """A queue with one reader. `put` never blocks; items come out in the order they went in.

    Deadlines of a turn move at each event and almost never come, so a timer for each wait would
    cost more than the wait. Here the timer that runs stays until it rings; who is woken too early
    looks at the clock and sets it anew.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._items: deque[T] = deque()
        self._reader: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

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
            self._set_timer(self._loop.time() + left_s)
            self._reader = self._loop.create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        return self._items.popleft()

    def close(self) -> None:
        """Stop the timer. Nothing is read any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set_timer(self, at_s: float) -> None:
        if self._timer is not None:
            if self._timer.when() <= at_s:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(at_s, self._ring)

    def _ring(self) -> None:
        self._timer = None
        self._wake()

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)
