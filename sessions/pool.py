"""How many turns run at once, how many agents live, and which idle one makes room."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sessions.keys import SessionKey


@dataclass(slots=True)
class _Live:
    evict: Callable[[], None]
    evictable: bool = False


class Pool:
    """Counts turns and processes over all rooms. Holds no process itself.

    Turns wait for a place in the order they asked, so no busy room starves another. At most
    `max_live` processes are kept between turns; a turn always gets one, so for a moment there may
    be as many as run at once.
    """

    def __init__(self, *, max_running: int, max_live: int) -> None:
        self._free = max_running  # below 0 for a moment when lent places are taken back
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._max_live = max_live
        self._live: dict[SessionKey, _Live] = {}  # least recently used first
        self._leaving: set[SessionKey] = set()  # told to go and not gone yet
        self.starts = 0
        """How many processes were counted so far."""

    @asynccontextmanager
    async def place(self) -> AsyncGenerator[None]:
        """Hold one of the places for running turns; first come, first served."""
        if self._free > 0 and not self._waiting:
            self._free -= 1
        else:
            await self._wait_for_place()
        try:
            yield
        finally:
            self._give_back()

    def lend(self) -> None:
        """Let another turn have a place whose own turn waits for a person."""
        self._give_back()

    def take_back(self) -> None:
        """Go on in a place that was lent, without waiting for it.

        So for a moment more turns may run than there are places; no new one starts until that is over.
        """
        self._free -= 1

    @property
    def is_full(self) -> bool:
        """Whether whoever asks for a place now has to wait."""
        return self._free <= 0 or self.is_contended

    @property
    def is_contended(self) -> bool:
        """Whether somebody waits for a place."""
        return bool(self._waiting)

    async def _wait_for_place(self) -> None:
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():  # it was ours already: the next in line has it
                self._give_back()
            elif mine in self._waiting:  # else it was passed over already
                self._waiting.remove(mine)
            raise

    def _give_back(self) -> None:
        self._free += 1
        while self._free > 0 and self._waiting:
            first = self._waiting.popleft()
            if not first.done():
                self._free -= 1
                first.set_result(None)

    def opened(self, key: SessionKey, evict: Callable[[], None]) -> None:
        """Count a process that has started; the least recently used idle one is told to go.

        `evict` is called at most once, while the key is idle, and must not block.
        """
        self._live[key] = _Live(evict)
        self.starts += 1
        self._make_room()

    def busy(self, key: SessionKey) -> None:
        """Mark a key's process as the last used and at work."""
        live = self._live.pop(key)
        live.evictable = False
        self._live[key] = live
        self._leaving.discard(key)

    def idle(self, key: SessionKey, *, evictable: bool) -> None:
        """Mark a key's process as idle; it may be told to go at once if there are too many.

        `evictable` is False while it has work of its own that must not be cut off.
        """
        self._live[key].evictable = evictable
        self._make_room()

    def closed(self, key: SessionKey) -> None:
        """Forget a process that has ended."""
        self._live.pop(key, None)
        self._leaving.discard(key)

    @property
    def live(self) -> int:
        """How many processes live."""
        return len(self._live)

    def is_live(self, key: SessionKey) -> bool:
        """Whether a process is kept for this key."""
        return key in self._live

    def _make_room(self) -> None:
        too_many = len(self._live) - len(self._leaving) - self._max_live
        if too_many <= 0:
            return
        idle = [key for key, live in self._live.items() if live.evictable and key not in self._leaving]
        for key in idle[:too_many]:
            self._leaving.add(key)
            self._live[key].evict()
