"""A clock that stands still until a test moves it."""

import asyncio
from datetime import UTC, datetime, timedelta


class SetClock:
    """A `sessions.clock.Clock`: both times move by `pass_s`, the wall clock alone by `jump_s`."""

    def __init__(self) -> None:
        self._utc = datetime(2030, 1, 1, 12, tzinfo=UTC)
        self._monotonic_s = 1000.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def utc(self) -> datetime:
        return self._utc

    def monotonic_s(self) -> float:
        return self._monotonic_s

    async def sleep(self, delay_s: float) -> None:
        waking: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._monotonic_s + delay_s, waking))
        await waking

    def pass_s(self, seconds: float) -> None:
        """Let time go by and wake who has slept enough."""
        self._monotonic_s += seconds
        self.jump_s(seconds)
        for until_s, waking in self._sleepers:
            if until_s <= self._monotonic_s and not waking.done():
                waking.set_result(None)

    def jump_s(self, seconds: float) -> None:
        """Set the wall clock forward or back."""
        self._utc += timedelta(seconds=seconds)
