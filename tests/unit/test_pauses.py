"""Waiting for an event or a time, whichever comes first."""

import asyncio

import pytest
from tenacity import wait_exponential

from bot.pauses import pause_s, until_set
from tests.support.clocks import SetClock
from tests.support.ports import settled


async def test_an_event_ends_the_wait() -> None:
    event, clock = asyncio.Event(), SetClock()
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(until_set(event, clock, 5))
        await settled()
        assert not waiting.done()
        event.set()


async def test_a_time_that_is_over_ends_the_wait() -> None:
    event, clock = asyncio.Event(), SetClock()
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(until_set(event, clock, 5))
        await settled()
        clock.pass_s(4)
        await settled()
        assert not waiting.done()
        clock.pass_s(1)
    assert not event.is_set()


async def test_without_a_limit_only_the_event_ends_the_wait() -> None:
    event, clock = asyncio.Event(), SetClock()
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(until_set(event, clock, None))
        await settled()
        clock.pass_s(1e6)
        await settled()
        assert not waiting.done()
        event.set()


@pytest.mark.parametrize("limit_s", [None, 5])
async def test_a_wait_can_be_cancelled(limit_s: float | None) -> None:
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(until_set(asyncio.Event(), SetClock(), limit_s))
        await settled()
        waiting.cancel()
    assert waiting.cancelled()


def test_a_pause_is_what_the_policy_says_after_so_many_tries() -> None:
    policy = wait_exponential(min=1, max=10)
    assert [pause_s(policy, tries) for tries in (1, 2, 3, 9)] == [1, 2, 4, 10]
