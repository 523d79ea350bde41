"""Once a day what is old is forgotten, and trouble with that is no trouble for the bot."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from bot.retention import forget_daily
from sessions.errors import StateError
from tests.support.clocks import SetClock

DAY_S = 86_400.0


class Shelf:
    """Remembers up to when it was told to forget; `refuses` the first time if told so."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.refuses = refuses
        self.told: list[datetime] = []

    async def prune(self, before: datetime) -> int:
        self.told.append(before)
        if self.refuses and len(self.told) == 1:
            raise StateError("The disk is full.")
        return 0


@asynccontextmanager
async def forgetting(shelf: Shelf) -> AsyncGenerator[SetClock]:
    clock = SetClock()
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(forget_daily(shelf, clock, keep_days=90))
        yield clock
        running.cancel()


async def let(clock: SetClock, seconds: float) -> None:
    for _ in range(5):
        await asyncio.sleep(0)
    clock.pass_s(seconds)
    for _ in range(5):
        await asyncio.sleep(0)


async def test_it_forgets_soon_after_the_start_and_then_every_day() -> None:
    shelf = Shelf()
    async with forgetting(shelf) as clock:
        begun = clock.utc()
        await let(clock, 30)
        assert shelf.told == []
        await let(clock, 30)
        await let(clock, DAY_S)
    first = begun + timedelta(seconds=60) - timedelta(days=90)
    assert shelf.told == [first, first + timedelta(days=1)]


async def test_a_store_in_trouble_is_asked_again_the_next_day() -> None:
    shelf = Shelf(refuses=True)
    async with forgetting(shelf) as clock:
        await let(clock, 60)
        await let(clock, DAY_S)
    assert len(shelf.told) == 2


async def test_it_goes_on_until_nothing_old_is_left() -> None:
    class Full(Shelf):
        async def prune(self, before: datetime) -> int:
            return max(0, 3 - await super().prune(before) - len(self.told))

    shelf = Full()
    async with forgetting(shelf) as clock:
        await let(clock, 60)
    assert len(shelf.told) == 3
