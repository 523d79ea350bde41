"""Requests that are not cut off: a message whose id nobody learned could never be removed again."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager, suppress


class Landing:
    """Counts such requests; whoever wants to cancel their tasks waits here first."""

    def __init__(self) -> None:
        self._under_way = 0
        self._all_landed = asyncio.Event()
        self._all_landed.set()

    @contextmanager
    def request(self) -> Generator[None]:
        """Mark what happens inside as not to be cut off."""
        self._under_way += 1
        self._all_landed.clear()
        try:
            yield
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._all_landed.set()

    async def wait(self, limit_s: float) -> None:
        """Return, with no await after the last look, when none is under way or the limit is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                while self._under_way:
                    await self._all_landed.wait()
