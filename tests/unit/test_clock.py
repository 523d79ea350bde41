"""The machine's clock, and the one that tests set."""

import asyncio
from datetime import UTC, timedelta

from sessions.clock import Clock, SystemClock
from tests.support.clocks import SetClock


def test_the_wall_clock_is_aware_and_in_utc() -> None:
    clocks: list[Clock] = [SystemClock(), SetClock()]
    for clock in clocks:
        assert clock.utc().tzinfo is UTC


def test_the_monotonic_clock_never_goes_back() -> None:
    readings = [SystemClock().monotonic_s() for _ in range(1000)]
    assert readings == sorted(readings)


async def test_a_sleep_takes_no_less_than_was_asked() -> None:
    clock = SystemClock()
    before_s = clock.monotonic_s()
    await clock.sleep(0.02)
    assert clock.monotonic_s() - before_s >= 0.019


async def test_a_set_clock_wakes_whoever_has_slept_enough() -> None:
    clock = SetClock()
    async with asyncio.TaskGroup() as tasks:
        short = tasks.create_task(clock.sleep(1))
        long = tasks.create_task(clock.sleep(10))
        await asyncio.sleep(0)
        clock.pass_s(5)
        await short
        assert not long.done()
        clock.pass_s(5)


def test_a_jump_of_the_wall_clock_moves_no_deadline() -> None:
    clock = SetClock()
    before, before_s = clock.utc(), clock.monotonic_s()
    clock.jump_s(-3600)
    assert clock.utc() == before - timedelta(hours=1)
    assert clock.monotonic_s() == before_s
