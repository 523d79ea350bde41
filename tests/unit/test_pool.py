"""The pool: turns wait fairly, and the idle agent that was used least makes room."""

import asyncio

from sessions.keys import session_key
from sessions.pool import Pool

ANN, BEN, CAT = session_key("ann"), session_key("ben"), session_key("cat")


def opened(pool: Pool, *keys: str, evicted: list[str]) -> None:
    for key in keys:
        pool.opened(session_key(key), lambda key=key: evicted.append(key))


async def test_places_go_to_whoever_asked_first() -> None:
    pool, order = Pool(max_running=1, max_live=1), list[int]()
    gate = asyncio.Event()

    async def turn(number: int) -> None:
        async with pool.place():
            order.append(number)
            await gate.wait()

    async with asyncio.TaskGroup() as tasks:
        for number in range(5):
            tasks.create_task(turn(number))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert order == [0]
        assert pool.is_contended
        gate.set()
    assert order == [0, 1, 2, 3, 4]
    assert not pool.is_contended


async def test_a_waiter_that_gives_up_leaves_its_place_to_the_next() -> None:
    pool = Pool(max_running=1, max_live=1)
    async with pool.place():
        waiter = asyncio.timeout(0)
        try:
            async with waiter, pool.place():
                raise AssertionError("there was no place")
        except TimeoutError:
            pass
        assert not pool.is_contended
    async with asyncio.timeout(1), pool.place():
        pass


def test_the_least_recently_used_idle_agent_makes_room() -> None:
    pool, evicted = Pool(max_running=3, max_live=2), list[str]()
    opened(pool, "ann", "ben", evicted=evicted)
    pool.idle(ANN, evictable=True)
    pool.idle(BEN, evictable=True)
    pool.busy(ANN)
    pool.idle(ANN, evictable=True)
    opened(pool, "cat", evicted=evicted)
    assert evicted == ["ben"]


def test_an_agent_at_work_is_never_told_to_go() -> None:
    pool, evicted = Pool(max_running=3, max_live=1), list[str]()
    opened(pool, "ann", "ben", evicted=evicted)
    assert evicted == []
    pool.idle(BEN, evictable=True)
    assert evicted == ["ben"]
    pool.idle(ANN, evictable=True)
    assert evicted == ["ben"]


def test_an_agent_with_background_work_is_kept() -> None:
    pool, evicted = Pool(max_running=2, max_live=0), list[str]()
    opened(pool, "ann", evicted=evicted)
    pool.idle(ANN, evictable=False)
    assert evicted == []


def test_with_no_room_for_idle_agents_each_goes_after_its_turn() -> None:
    pool, evicted = Pool(max_running=2, max_live=0), list[str]()
    opened(pool, "ann", evicted=evicted)
    assert evicted == []
    pool.idle(ANN, evictable=True)
    assert evicted == ["ann"]


def test_one_that_is_leaving_already_is_not_counted_twice() -> None:
    pool, evicted = Pool(max_running=3, max_live=2), list[str]()
    opened(pool, "ann", "ben", evicted=evicted)
    pool.idle(ANN, evictable=True)
    pool.idle(BEN, evictable=True)
    opened(pool, "cat", evicted=evicted)
    pool.idle(CAT, evictable=True)
    assert evicted == ["ann"]
    pool.closed(ANN)
    assert not pool.is_live(ANN)
    assert pool.is_live(CAT)


def test_one_that_got_work_before_it_left_stays() -> None:
    pool, evicted = Pool(max_running=2, max_live=1), list[str]()
    opened(pool, "ann", evicted=evicted)
    pool.idle(ANN, evictable=True)
    opened(pool, "ben", evicted=evicted)
    pool.busy(ANN)
    pool.idle(BEN, evictable=True)
    assert evicted == ["ann", "ben"]


async def test_a_lent_place_is_anothers_and_is_taken_back_without_waiting() -> None:
    pool, order = Pool(max_running=1, max_live=1), list[str]()

    async def turn(name: str) -> None:
        async with pool.place():
            order.append(name)

    async with asyncio.TaskGroup() as tasks, pool.place():
        tasks.create_task(turn("while it asks"))
        await asyncio.sleep(0)
        pool.lend()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert order == ["while it asks"]
        pool.take_back()
        tasks.create_task(turn("after it"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert order == ["while it asks"]
    assert order == ["while it asks", "after it"]


async def test_a_place_given_to_a_waiter_that_is_cancelled_goes_to_the_next() -> None:
    pool, order = Pool(max_running=1, max_live=1), list[str]()

    async def turn(name: str) -> None:
        async with pool.place():
            order.append(name)

    async with asyncio.TaskGroup() as tasks:
        async with pool.place():
            first = tasks.create_task(turn("first"))
            tasks.create_task(turn("second"))
            await asyncio.sleep(0)
        first.cancel()
    assert order == ["second"]


async def test_who_stops_waiting_while_a_place_comes_free_is_passed_over() -> None:
    pool = Pool(max_running=1, max_live=1)

    async def wait() -> None:
        async with pool.place():
            pass

    async with asyncio.TaskGroup() as tasks:
        async with pool.place():
            given_up, patient = tasks.create_task(wait()), tasks.create_task(wait())
            await asyncio.sleep(0)
            given_up.cancel()  # and the place comes free before it hears of that
        await patient
    assert given_up.cancelled()
