"""Now and sleep, passed in so that tests pass their own."""

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What time it is, twice: for people and for deadlines."""

    def utc(self) -> datetime:
        """Return the wall clock's time, aware, in UTC. For records; never for deadlines."""
        ...

    def monotonic_s(self) -> float:
        """Return seconds on a clock that never jumps. For deadlines and durations."""
        ...

    def sleep(self, delay_s: float) -> Awaitable[None]:
        """Wait that long on the monotonic clock."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's own clocks."""

    def utc(self) -> datetime:
        """Return the wall clock's time, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        """Return seconds on the monotonic clock."""
        return time.monotonic()

    async def sleep(self, delay_s: float) -> None:
        """Wait that long."""
        await asyncio.sleep(delay_s)
