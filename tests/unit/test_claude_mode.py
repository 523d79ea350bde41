"""A permission mode is taken back once a turn is over, before anything else is sent, or its process ends."""

import asyncio

import pytest

from sessions.agents.claude_mode import ModeBack


class Process:
    """Takes a mode when it may; `refusal` is what it raises instead."""

    def __init__(self, refusal: Exception | None = None) -> None:
        self.refusal = refusal
        self.may_answer = asyncio.Event()
        self.taken = 0
        self.has_ended = False

    async def take_back(self) -> None:
        """Say it."""
        await self.may_answer.wait()
        if self.refusal is not None:
            raise self.refusal
        self.taken += 1

    async def give_up(self) -> None:
        """End."""
        self.has_ended = True


async def test_without_a_change_nobody_waits() -> None:
    process = Process()
    assert await ModeBack(process.take_back, process.give_up).is_back()
    assert process.taken == 0


async def test_whoever_sends_next_waits_until_it_is_back_and_cuts_nothing_short() -> None:
    process = Process()
    mode = ModeBack(process.take_back, process.give_up)
    mode.begin()
    gone = asyncio.ensure_future(mode.is_back())
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.wait([gone])
    mode.begin()
    process.may_answer.set()
    assert await mode.is_back()
    assert (process.taken, process.has_ended) == (1, False)


async def test_a_process_that_keeps_its_mode_is_ended_and_gets_nothing_more(
    caplog: pytest.LogCaptureFixture,
) -> None:
    process = Process(RuntimeError("no"))
    mode = ModeBack(process.take_back, process.give_up)
    mode.begin()
    process.may_answer.set()
    assert not await mode.is_back()
    assert process.has_ended
    assert "could not be taken back" in caplog.text


async def test_closing_leaves_no_task() -> None:
    process = Process()
    mode = ModeBack(process.take_back, process.give_up)
    mode.begin()
    await asyncio.sleep(0)
    await mode.close()
    assert not await mode.is_back()
    assert process.taken == 0
