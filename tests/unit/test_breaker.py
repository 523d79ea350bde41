"""A login that does not work holds all rooms back, and one turn at a time tries it again."""

import asyncio

import pytest

from sessions.breaker import WAITING, Breaker
from sessions.clock import SystemClock
from sessions.events import Problem
from sessions.keys import SessionKey, session_key
from sessions.turn import Outcome
from tests.support.clocks import SetClock

LAB, DEN, HALL = (session_key(name) for name in ("lab", "den", "hall"))
OK = Outcome(status="ok", text="done")


def failed(problem: Problem) -> Outcome:
    return Outcome(status="failed", text="no", problem=problem)


class Told:
    """Collects what rooms are told."""

    def __init__(self) -> None:
        self.rooms: list[SessionKey] = []
        self.texts: list[str] = []

    async def ready(self, breaker: Breaker, key: SessionKey) -> None:
        async def tell(text: str) -> None:
            self.rooms.append(key)
            self.texts.append(text)

        async with asyncio.timeout(60):
            await breaker.ready(key, tell)


async def tries(breaker: Breaker, key: SessionKey) -> bool:
    """Whether a turn of this room is let through at once; it then runs."""
    try:
        async with asyncio.timeout(0):
            await Told().ready(breaker, key)
    except TimeoutError:
        return False
    return True


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def opened(clock: SetClock) -> Breaker:
    breaker = Breaker(clock)
    breaker.note(LAB, failed("login"))
    return breaker


@pytest.fixture
def quick() -> Breaker:
    breaker = Breaker(SystemClock(), first_pause_s=0.01, longest_pause_s=0.02)
    breaker.note(LAB, failed("login"))
    return breaker


@pytest.fixture
def patient() -> Breaker:
    """One whose pause is not over before somebody asks, however busy the machine is."""
    breaker = Breaker(SystemClock(), first_pause_s=1.0, longest_pause_s=1.0)
    breaker.note(LAB, failed("login"))
    return breaker


async def test_nothing_is_held_back_while_the_login_works() -> None:
    breaker = Breaker(SetClock())
    for problem in ("rate_limit", "overloaded", "api", "gone", "silence"):
        breaker.note(LAB, failed(problem))
    assert not breaker.is_open
    assert breaker.admits(DEN)
    assert await tries(breaker, DEN)


async def test_a_turn_without_a_login_holds_every_room_back(opened: Breaker) -> None:
    assert opened.is_open
    assert not opened.admits(LAB)
    assert not opened.admits(DEN)
    assert not await tries(opened, DEN)


async def test_after_the_pause_one_turn_tries(opened: Breaker, clock: SetClock) -> None:
    clock.pass_s(29.9)
    assert not await tries(opened, DEN)
    clock.pass_s(0.2)
    await Told().ready(opened, HALL)
    assert opened.admits(HALL)
    assert not opened.admits(DEN)
    assert opened.is_open


async def test_a_try_that_works_lets_everybody_go(opened: Breaker, clock: SetClock) -> None:
    clock.pass_s(30)
    await Told().ready(opened, HALL)
    opened.note(HALL, OK)
    assert not opened.is_open
    assert await tries(opened, DEN)


async def test_the_first_word_of_a_try_is_enough(opened: Breaker, clock: SetClock) -> None:
    clock.pass_s(30)
    assert await tries(opened, HALL)
    opened.works(LAB)
    assert opened.is_open
    opened.works(HALL)
    assert not opened.is_open
    opened.note(HALL, failed("gone"))
    assert await tries(opened, DEN)


@pytest.mark.parametrize("problem", ["rate_limit", "overloaded", "context", "limit", "refusal"])
async def test_a_problem_that_needs_a_login_proves_one(
    opened: Breaker, clock: SetClock, problem: Problem
) -> None:
    clock.pass_s(30)
    await Told().ready(opened, HALL)
    opened.note(HALL, failed(problem))
    assert not opened.is_open


async def test_the_pauses_double_up_to_ten_minutes(opened: Breaker, clock: SetClock) -> None:
    for pause_s in (30, 60, 120, 240, 480, 600, 600):
        clock.pass_s(pause_s - 1)
        assert not await tries(opened, HALL)
        clock.pass_s(1)
        assert await tries(opened, HALL)
        opened.note(HALL, failed("login"))


async def test_a_success_begins_the_pauses_anew(opened: Breaker, clock: SetClock) -> None:
    clock.pass_s(30)
    assert await tries(opened, HALL)
    opened.note(HALL, failed("login"))
    clock.pass_s(60)
    assert await tries(opened, HALL)
    opened.note(HALL, OK)
    opened.note(HALL, failed("login"))
    clock.pass_s(30)
    assert await tries(opened, HALL)


@pytest.mark.parametrize("outcome", [failed("gone"), failed("api"), Outcome(status="stopped")])
async def test_a_try_that_shows_nothing_is_made_again_after_the_same_pause(
    opened: Breaker, clock: SetClock, outcome: Outcome
) -> None:
    clock.pass_s(30)
    assert await tries(opened, HALL)
    opened.note(HALL, outcome)
    assert not await tries(opened, DEN)
    clock.pass_s(30)
    assert await tries(opened, DEN)


async def test_a_try_with_nothing_to_run_goes_to_the_next_at_once(opened: Breaker, clock: SetClock) -> None:
    clock.pass_s(30)
    assert await tries(opened, HALL)
    opened.note(HALL, None)
    assert await tries(opened, DEN)


async def test_turns_that_ran_already_decide_nothing(opened: Breaker, clock: SetClock) -> None:
    """They were let through before, so their success is old and their failure no second one."""
    opened.note(DEN, OK)
    assert opened.is_open
    opened.note(DEN, failed("login"))
    clock.pass_s(30)
    assert await tries(opened, HALL)


async def test_each_room_is_told_once_and_not_the_one_that_noticed(patient: Breaker) -> None:
    told = Told()
    for _ in range(2):
        await told.ready(patient, DEN)
        patient.note(DEN, failed("login"))
        await told.ready(patient, LAB)
        patient.note(LAB, failed("login"))
    assert told.rooms == [DEN]
    assert told.texts == [WAITING]


async def test_a_room_is_told_again_of_the_next_outage(patient: Breaker) -> None:
    told = Told()
    await told.ready(patient, DEN)
    patient.note(DEN, OK)
    patient.note(LAB, failed("login"))
    await told.ready(patient, DEN)
    assert told.rooms == [DEN, DEN]


async def test_all_who_wait_go_on_one_after_the_other_until_one_works(quick: Breaker) -> None:
    told, started = Told(), list[SessionKey]()

    async def work(key: SessionKey) -> None:
        await told.ready(quick, key)
        started.append(key)
        assert quick.admits(key)
        quick.note(key, OK if len(started) >= 3 else failed("login"))

    keys = [session_key(f"room{number}") for number in range(20)]
    async with asyncio.TaskGroup() as tasks:
        for key in keys:
            tasks.create_task(work(key))
    assert sorted(started) == sorted(keys)
    assert set(told.rooms) >= set(keys[1:])  # the first need not wait if its pause is over already
    assert len(told.rooms) == len(set(told.rooms))
    assert not quick.is_open


async def test_whoever_gives_up_waiting_takes_no_try_along(quick: Breaker) -> None:
    told = Told()
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(told.ready(quick, DEN))
        await asyncio.sleep(0)
        waiting.cancel()
    await told.ready(quick, HALL)
    assert quick.admits(HALL)


async def test_at_the_end_nobody_is_held_back(opened: Breaker) -> None:
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(Told().ready(opened, DEN))
        await asyncio.sleep(0)
        assert not waiting.done()
        opened.end()
    assert opened.admits(HALL)
