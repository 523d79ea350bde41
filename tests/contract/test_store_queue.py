"""What every store promises about the queue: its order, a pause, and what is taken along into a turn."""

from pathlib import Path

import pytest

from sessions.errors import Fenced
from sessions.store import Store, open_store
from sessions.store.values import LaneStatus, Prompt, Settle, Take, TurnState
from tests.support.clocks import SetClock
from tests.support.store_scenes import NEXT_OWNER, OWNER, ids, started, state_of
from tests.support.store_values import OTHER, ROOM, inbound, result


async def test_a_turn_moves_up_one_place_or_to_the_front(store: Store) -> None:
    turns = [(await store.accept(inbound(number, text=str(number)))).turn for number in range(5)]
    assert await store.move(ROOM, turns[3], "up")
    assert await ids(store) == [0, 1, 3, 2, 4]
    assert await store.move(ROOM, turns[4], "first")
    assert await ids(store) == [4, 0, 1, 3, 2]
    assert await store.move(ROOM, turns[1], "up")
    assert await ids(store) == [4, 1, 0, 3, 2]
    assert await store.move(ROOM, turns[4], "up")
    assert await store.move(ROOM, turns[4], "first")
    await store.accept(inbound(5, text="5"))
    await store.accept(inbound(6, text="6", head=True))
    assert await ids(store) == [6, 4, 1, 0, 3, 2, 5]


async def test_only_a_turn_that_waits_in_that_room_can_be_moved(store: Store) -> None:
    _, running = await started(store)
    waiting = (await store.accept(inbound(2))).turn
    for to in ("up", "first"):
        assert not await store.move(ROOM, running.id, to)
        assert not await store.move(OTHER, waiting, to)


async def test_a_room_is_cleared_of_all_that_waits_and_of_nothing_else(store: Store) -> None:
    lease, running = await started(store)
    waiting = [(await store.accept(inbound(number))).turn for number in (2, 3)]
    await store.accept(inbound(4, OTHER))
    assert await store.clear(ROOM) == 2
    assert await store.clear(ROOM) == 0
    assert {await state_of(store, turn) for turn in waiting} == {TurnState.CANCELLED}
    assert await store.next(lease, result(running.id)) is None
    assert (await store.lane(OTHER)).waiting == 1


async def test_a_paused_room_ends_its_turn_and_starts_none_until_it_goes_on(
    store: Store, kind: str, tmp_path: Path
) -> None:
    lease, running = await started(store)
    await store.accept(inbound(2, text="2"))
    assert await store.pause(ROOM, paused=True)
    assert not await store.pause(ROOM, paused=True)
    assert await store.lane(ROOM) == LaneStatus(running=running, waiting=1, paused=True)
    assert await store.next(lease, result(running.id)) is None
    assert await store.next(lease) is None
    await store.close()
    again = await open_store(tmp_path / "data", SetClock(), kind)
    lease = await again.claim(ROOM, NEXT_OWNER)
    assert await again.next(lease) is None
    assert await again.pause(ROOM, paused=False)
    assert not await again.pause(ROOM, paused=False)
    assert await again.next(lease) is not None
    await again.close()


async def test_a_room_nobody_has_used_can_be_paused(store: Store) -> None:
    assert not await store.pause(ROOM, paused=False)
    assert await store.pause(ROOM, paused=True)
    await store.accept(inbound(1))
    assert await store.next(await store.claim(ROOM, OWNER)) is None


async def test_what_was_taken_along_never_runs_and_ends_as_the_turn_ends(store: Store) -> None:
    lease, running = await started(store)
    taken = [(await store.accept(inbound(number, text=str(number)))).turn for number in (2, 3)]
    for turn in taken:
        assert await store.merge(lease, turn, running.id) is not None
        assert await store.merge(lease, turn, running.id) is None
        assert await state_of(store, turn) == TurnState.MERGED
    assert [turn.prompt.text for turn in await store.merged(running.id)] == ["2", "3"]
    assert await store.merged(taken[0]) == []
    assert await store.next(lease, result(running.id, state=TurnState.FAILED)) is None
    assert [await state_of(store, turn) for turn in taken] == [TurnState.FAILED] * 2


async def test_what_is_taken_along_has_the_words_it_has_by_then(store: Store) -> None:
    lease, running = await started(store)
    turn = (await store.accept(inbound(2, text="old"))).turn
    await store.edit("chat", 2, Prompt(text="new"))
    taken = await store.merge(lease, turn, running.id)
    assert taken is not None
    assert taken.prompt.text == "new"


async def test_a_paused_room_lets_nothing_be_taken_along(store: Store) -> None:
    lease, running = await started(store)
    turn = (await store.accept(inbound(2))).turn
    await store.pause(ROOM, paused=True)
    assert await store.merge(lease, turn, running.id) is None


async def test_what_could_not_be_handed_over_waits_before_all_others(store: Store) -> None:
    lease, running = await started(store)
    first, second = [(await store.accept(inbound(number))).turn for number in (2, 3)]
    await store.merge(lease, first, running.id)
    await store.unmerge(first, running.id)
    assert [turn.id for turn in await store.queued(ROOM)] == [first, second]


async def test_a_turn_that_is_given_back_takes_what_it_took_along_with_it(store: Store) -> None:
    lease, running = await started(store)
    turns = [(await store.accept(inbound(number))).turn for number in (2, 3, 4)]
    for turn in turns[:2]:
        await store.merge(lease, turn, running.id)
    await store.next(lease, result(running.id, state=TurnState.QUEUED), Take.NONE)
    assert [turn.id for turn in await store.queued(ROOM)] == [running.id, *turns]


async def test_a_drop_ends_what_was_taken_along_too(store: Store) -> None:
    lease, running = await started(store)
    turn = (await store.accept(inbound(2))).turn
    await store.merge(lease, turn, running.id)
    await store.next(lease, result(running.id, state=TurnState.INTERRUPTED), Take.NONE)
    assert await state_of(store, turn) == TurnState.MERGED
    await store.settle(running.id, Settle.DROP)
    assert await state_of(store, turn) == TurnState.CANCELLED


async def test_only_into_the_turn_that_runs_can_be_merged(store: Store) -> None:
    lease, running = await started(store)
    waiting = (await store.accept(inbound(2))).turn
    elsewhere = (await store.accept(inbound(3, OTHER))).turn
    assert await store.merge(lease, elsewhere, running.id) is None
    with pytest.raises(Fenced):
        await store.merge(lease, waiting, elsewhere)
    await store.next(lease, result(running.id), Take.NONE)
    with pytest.raises(Fenced):
        await store.merge(lease, waiting, running.id)
    assert await state_of(store, waiting) == TurnState.QUEUED
