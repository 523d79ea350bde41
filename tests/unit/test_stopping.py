"""Told to stop: once with patience, twice without; turns end, are interrupted, or lose their agents."""

import asyncio
import os
import signal

import pytest

from bot.stopping import Stop, end_turns, grace_within
from sessions.errors import Corrupt


class Turns:
    """Rooms whose turns end by themselves, when they are interrupted, when their agents die, or never."""

    def __init__(self, *, end_when: str) -> None:
        self._end_when = end_when
        self._over = asyncio.Event()
        self.begun = asyncio.Event()
        self.interrupted = False
        self.agents_killed = False
        self.cancelled = 0

    async def drain(self, grace_s: float) -> None:
        self.begun.set()
        if grace_s == 0:
            self.interrupted = True
            self.happens("interrupted")
        try:
            await self._over.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise

    async def kill_agents(self) -> None:
        self.agents_killed = True
        self.happens("killed")

    def happens(self, what: str) -> None:
        if what == self._end_when:
            self._over.set()


@pytest.mark.parametrize(("limit_s", "grace_s"), [(90.0, 80.0), (5.0, 0.0), (None, 20.0)])
def test_turns_get_what_the_end_itself_does_not_need(limit_s: float | None, grace_s: float) -> None:
    assert grace_within(limit_s, 20.0) == grace_s


async def test_turns_that_end_in_time_are_not_interrupted() -> None:
    rooms, stop = Turns(end_when="done"), Stop()
    async with asyncio.TaskGroup() as tasks:
        ending = tasks.create_task(end_turns(rooms, stop, 60, rooms.kill_agents))
        await rooms.begun.wait()
        rooms.happens("done")
        await ending
    assert not rooms.interrupted


async def test_what_runs_after_the_grace_is_interrupted() -> None:
    rooms = Turns(end_when="interrupted")
    await end_turns(rooms, Stop(), 0.05, rooms.kill_agents)
    assert rooms.interrupted
    assert not rooms.agents_killed


async def test_being_told_again_ends_the_grace() -> None:
    rooms, stop = Turns(end_when="interrupted"), Stop()
    stop.tell()
    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        tasks.create_task(end_turns(rooms, stop, 60, rooms.kill_agents))
        await rooms.begun.wait()
        assert not rooms.interrupted
        stop.tell()
    assert rooms.interrupted


async def test_agents_that_do_not_let_go_are_killed() -> None:
    rooms = Turns(end_when="killed")
    await end_turns(rooms, Stop(), 0.0, rooms.kill_agents)
    assert rooms.agents_killed
    assert rooms.cancelled == 0


async def test_rooms_that_hang_even_then_are_left() -> None:
    rooms = Turns(end_when="never")
    async with asyncio.timeout(60):
        await end_turns(rooms, Stop(), 0.0, rooms.kill_agents)
    assert rooms.cancelled == 2


async def test_agents_that_cannot_be_killed_in_time_do_not_hold_the_end_up() -> None:
    rooms = Turns(end_when="never")

    async def hang() -> None:
        await asyncio.Event().wait()

    async with asyncio.timeout(60):
        await end_turns(rooms, Stop(), 0.0, hang)
    assert rooms.cancelled == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_and_a_second_one_hurries(number: signal.Signals) -> None:
    stop = Stop()
    with stop.by_signals():
        os.kill(os.getpid(), number)
        await stop.asked.wait()
        assert not stop.hurried.is_set()
        os.kill(os.getpid(), number)
        await stop.hurried.wait()
    assert stop.failure is None


def test_the_first_error_is_the_one_that_is_told() -> None:
    stop, first = Stop(), RuntimeError("first")
    stop.fail(first)
    stop.fail(RuntimeError("second"))
    assert stop.failure is first
    assert stop.asked.is_set()
    assert not stop.hurried.is_set()


def test_without_a_store_there_is_no_patience() -> None:
    stop = Stop()
    stop.fail(Corrupt())
    assert stop.hurried.is_set()
