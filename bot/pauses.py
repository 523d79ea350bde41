"""How long to wait: for an event within a limit, and between two tries."""

import asyncio

from tenacity import AsyncRetrying, RetryCallState
from tenacity.wait import wait_base

from sessions.clock import Clock


async def until_set(event: asyncio.Event, clock: Clock, limit_s: float | None) -> None:
    """Return when `event` is set or `limit_s` is over; None means no limit. Leaves the event as it is."""
    if limit_s is None:
        await event.wait()
        return
    async with asyncio.TaskGroup() as tasks:
        waits = [
            tasks.create_task(event.wait(), name="waiting for an event"),
            tasks.create_task(_sleep(clock, limit_s), name="waiting for a time"),
        ]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()


def pause_s(policy: wait_base, tries: int) -> float:
    """Return how long one of tenacity's policies waits after so many tries."""
    state = RetryCallState(AsyncRetrying(), None, (), {})
    state.attempt_number = tries
    return policy(state)


async def _sleep(clock: Clock, limit_s: float) -> None:
    await clock.sleep(limit_s)
