"""Signs of life: given for a bot that works, and for no other; and what an operator reads."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import pytest

from bot.service_manager import ServiceManager
from bot.vitals import Vitals, Watched, draining_line, status_line
from sessions.errors import Locked, StateError
from sessions.keys import SessionKey, session_key
from tests.support.clocks import SetClock
from tests.support.notify_socket import NotifySocket, notify_socket

WATCHDOG_S = 60.0


class Shelf:
    """A store that saves, refuses or never answers."""

    def __init__(self) -> None:
        self.saved = 0
        self.error: StateError | None = None
        self.answers = asyncio.Event()
        self.answers.set()

    async def set_fact(self, scope: str, name: str, text: str) -> None:
        await self.answers.wait()
        if self.error:
            raise self.error
        self.saved += 1

    async def waiting(self) -> Sequence[SessionKey]:
        return [session_key("a"), session_key("b")]


class Scene:
    """Vitals of a bot that is well until a test says otherwise, on a clock that tests move."""

    def __init__(self, manager: NotifySocket, watchdog_s: float | None) -> None:
        self.manager = manager
        self.clock = SetClock()
        self.shelf = Shelf()
        self.chat_lives = True
        self.heard_as: str | None = "roomkey in 1 guild"
        watched = Watched(
            connected_as=lambda: self.heard_as, chat_lives=lambda: self.chat_lives, running=lambda: 3
        )
        self.vitals = Vitals(ServiceManager(manager.address, watchdog_s), self.shelf, self.clock, watched)

    async def pass_s(self, seconds: float, step_s: float = 0.05) -> None:
        """Let time go by; the loop turns every `step_s`."""
        for _ in range(round(seconds / step_s)):
            self.clock.pass_s(step_s)
            for _ in range(5):
                await asyncio.sleep(0)

    async def signs(self) -> int:
        """Return how many signs of life were given by now."""
        ServiceManager(self.manager.address).tell(end := f"END={len(self.manager.told)}")
        await self.manager.hears(end)  # datagrams come in order
        return len(self.manager.said("WATCHDOG=1"))


@asynccontextmanager
async def scene(watchdog_s: float | None = WATCHDOG_S) -> AsyncGenerator[Scene]:
    async with notify_socket() as manager, asyncio.TaskGroup() as tasks:
        here = Scene(manager, watchdog_s)
        running = tasks.create_task(here.vitals.run())
        await asyncio.sleep(0)
        yield here
        running.cancel()


async def test_a_bot_that_works_gives_a_sign_twice_in_the_time_that_is_waited() -> None:
    async with scene() as here:
        await here.pass_s(2 * WATCHDOG_S)
        assert await here.signs() == 4


async def test_where_nobody_waits_for_signs_none_is_given() -> None:
    async with scene(None) as here:
        await here.pass_s(2 * WATCHDOG_S)
        assert await here.signs() == 0
        assert here.shelf.saved > 0


async def test_a_bot_whose_chat_has_ended_gives_none() -> None:
    async with scene() as here:
        here.chat_lives = False
        await here.pass_s(WATCHDOG_S)
        assert await here.signs() == 0


async def test_a_bot_whose_store_does_not_answer_gives_none() -> None:
    async with scene(0.4) as here:  # how long the store may take is real time
        here.shelf.answers.clear()
        await asyncio.sleep(0.3)
        await here.pass_s(1)
        await asyncio.sleep(0.3)
        assert await here.signs() == 0
        await here.pass_s(5)
        await here.manager.hears("STATUS=storage trouble: the store does not answer; .*")


async def test_a_loop_that_is_blocked_again_and_again_gives_none_until_it_turns() -> None:
    async with scene() as here:
        await here.pass_s(2 * WATCHDOG_S, step_s=3.0)
        assert await here.signs() == 0
        await here.pass_s(0.2)
        assert await here.signs() > 0


async def test_a_store_that_refuses_is_no_reason_for_a_restart_but_is_said() -> None:
    async with scene() as here:
        here.shelf.error = StateError("Nothing could be saved.")
        await here.pass_s(WATCHDOG_S)
        assert await here.signs() == 2
        await here.manager.hears("STATUS=storage trouble: Nothing could be saved; connected as .*")
        here.shelf.error = None
        told = len(here.manager.told)
        await here.pass_s(WATCHDOG_S)
        await here.manager.hears("STATUS=connected as .*", after=told)


async def test_trouble_is_one_line_in_the_log_and_one_when_it_is_over(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    async with scene() as here:
        here.shelf.error = Locked("It is held.")
        await here.pass_s(5 * WATCHDOG_S)
        here.shelf.error = None
        await here.pass_s(5 * WATCHDOG_S)
    assert caplog.messages == ["storage trouble", "storage works again"]


async def test_a_status_is_told_when_it_changes_and_only_then() -> None:
    async with scene() as here:
        await here.manager.hears("STATUS=connected as roomkey in 1 guild; 3 turns running, 2 rooms waiting")
        await here.pass_s(60)
        assert len(here.manager.said("STATUS=.*")) == 1
        here.heard_as = None
        await here.pass_s(10.1)
        await here.manager.hears("STATUS=reconnecting to Discord for 10 s; .*")


async def test_from_the_drain_on_the_status_counts_down() -> None:
    async with scene() as here:
        here.vitals.drain(45.0)
        await here.pass_s(6.5)
        await here.manager.hears("STATUS=draining 3 turns, 39 s left")


def line(**facts: object) -> str:
    calm = {"connected_as": "roomkey in 2 guilds", "lost_for_s": 0.0, "was_connected": True}
    return status_line(**{**calm, "running": 0, "waiting": 0, "trouble": None, **facts})  # type: ignore[arg-type]


def test_an_idle_bot_says_where_it_is() -> None:
    assert line() == "connected as roomkey in 2 guilds"


def test_work_is_counted() -> None:
    assert line(running=1, waiting=1).endswith("; 1 turn running, 1 room waiting")
    assert line(running=3, waiting=0).endswith("; 3 turns running, 0 rooms waiting")


def test_a_first_connection_is_told_from_a_lost_one() -> None:
    assert line(connected_as=None, lost_for_s=3599.9) == "reconnecting to Discord for 3600 s"
    assert line(connected_as=None, was_connected=False, lost_for_s=1.2) == "connecting to Discord for 1 s"


def test_trouble_comes_first() -> None:
    assert line(trouble="the disk is full.").startswith("storage trouble: the disk is full; connected")


def test_no_time_is_left_when_it_is_over() -> None:
    assert draining_line(1, -3.0) == "draining 1 turn, 0 s left"
