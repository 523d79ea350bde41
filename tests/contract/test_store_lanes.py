"""What every store promises about lanes: one running turn at a time, under one lease."""

import asyncio

import pytest

from sessions.errors import Fenced, StateError
from sessions.keys import session_key
from sessions.records import Used
from sessions.store import Store
from sessions.store.values import LaneStatus, Lease, Take, Turn, TurnState
from tests.support.store_scenes import NEXT_OWNER, OWNER, bodies, started, taken
from tests.support.store_values import OTHER, ROOM, inbound, record, result


async def test_turns_of_a_room_start_in_order_one_at_a_time(store: Store) -> None:
    for number in range(5):
        await store.accept(inbound(number, text=str(number)))
    lease = await store.claim(ROOM, OWNER)
    seen: list[str] = []
    turn = await store.next(lease)
    while turn is not None:
        seen.append(turn.prompt.text)
        status = await store.lane(ROOM)
        assert status == LaneStatus(running=turn, waiting=5 - len(seen))
        turn = await store.next(lease, result(turn.id))
    assert seen == ["0", "1", "2", "3", "4"]
    assert await store.lane(ROOM) == LaneStatus(running=None, waiting=0)


async def test_a_started_turn_is_running_its_first_attempt(store: Store) -> None:
    _, turn = await started(store)
    assert (turn.state, turn.attempt) == (TurnState.RUNNING, 1)
    assert await store.turn(turn.id) == turn


async def test_a_second_running_turn_is_refused(store: Store) -> None:
    lease, turn = await started(store)
    await store.accept(inbound(2))
    with pytest.raises(StateError):
        await store.next(lease)
    later = await store.claim(ROOM, OWNER)
    with pytest.raises(StateError):
        await store.next(later)
    assert await store.lane(ROOM) == LaneStatus(running=turn, waiting=1)
    assert await store.next(later, result(turn.id)) is not None


async def test_an_old_epoch_is_fenced(store: Store) -> None:
    old, turn = await started(store)
    await store.accept(inbound(2))
    await store.ensure_session(record())
    await store.claim(ROOM, NEXT_OWNER)
    with pytest.raises(Fenced):
        await store.next(old, result(turn.id, "late"))
    with pytest.raises(Fenced):
        await store.next(old, None, Take.NONE)
    with pytest.raises(Fenced):
        await store.note(old, turn.id, shown=True)
    with pytest.raises(Fenced):
        await store.renew(old, "new-id", "reset")
    assert await store.lane(ROOM) == LaneStatus(running=turn, waiting=1)
    assert await bodies(store) == []
    assert await store.session(ROOM) == record()


async def test_what_ends_at_once_in_many_rooms_fails_for_those_alone_that_cannot(store: Store) -> None:
    rooms = [session_key(f"room-{number}") for number in range(6)]
    running: list[tuple[Lease, Turn]] = []
    for number, room in enumerate(rooms):
        await store.ensure_session(record(room))
        await store.accept(inbound(number, room))
        running.append(await taken(store, room))
    await store.claim(rooms[0], NEXT_OWNER)
    odd = Used(agent_session_id="\ud800")
    ends = [
        store.next(lease, result(turn.id, lease.key, change=odd if lease.key == rooms[1] else None))
        for lease, turn in running
    ]
    said = [store.accept(inbound(100 + number, room)) for number, room in enumerate(rooms)]
    told = await asyncio.gather(*ends, *said, return_exceptions=True)
    assert [type(one) for one in told if isinstance(one, Exception)] == [Fenced, UnicodeEncodeError]
    assert await bodies(store) == rooms[2:]
    for room, (_, turn) in zip(rooms[:2], running, strict=False):
        assert await store.lane(room) == LaneStatus(running=turn, waiting=1)
    for room in rooms[2:]:
        now = await store.lane(room)
        assert now.waiting == (now.running is None)
    assert len(await store.sessions()) == len(rooms)


async def test_a_lane_nobody_claimed_fences_everybody(store: Store) -> None:
    await store.accept(inbound(1))
    with pytest.raises(Fenced):
        await store.next(Lease(key=ROOM, epoch=1))


async def test_a_turn_that_does_not_run_cannot_be_finished(store: Store) -> None:
    lease, turn = await started(store)
    await store.accept(inbound(2))
    await store.accept(inbound(3, OTHER))
    other = await store.claim(OTHER, OWNER)
    with pytest.raises(Fenced):
        await store.next(other, result(turn.id))
    await store.next(lease, result(turn.id, "once"), Take.NONE)
    with pytest.raises(Fenced):
        await store.next(lease, result(turn.id, "twice"))
    assert await bodies(store) == ["once"]
    assert (await store.lane(ROOM)) == LaneStatus(running=None, waiting=1)


@pytest.mark.parametrize("state", [TurnState.DONE, TurnState.FAILED, TurnState.CANCELLED])
async def test_a_final_state_never_changes(store: Store, state: TurnState) -> None:
    lease, turn = await started(store)
    await store.next(lease, result(turn.id, state=state))
    with pytest.raises(Fenced):
        await store.next(lease, result(turn.id, state=TurnState.FAILED))
    with pytest.raises(Fenced):
        await store.note(lease, turn.id, shown=True)
    assert not await store.cancel(ROOM, turn.id)
    await store.recover(NEXT_OWNER)
    kept = await store.turn(turn.id)
    assert kept is not None
    assert kept.state == state
    assert await bodies(store) == []


async def test_the_end_of_a_turn_and_the_start_of_the_next_are_one_transaction(store: Store) -> None:
    lease, turn = await started(store)
    await store.accept(inbound(2))
    unstorable = result(turn.id, "first", change=Used(agent_session_id="\ud800"))
    await store.ensure_session(record())
    with pytest.raises(UnicodeEncodeError):
        await store.next(lease, unstorable)
    assert await store.lane(ROOM) == LaneStatus(running=turn, waiting=1)
    assert await bodies(store) == []
    following = await store.next(lease, result(turn.id, "first"))
    assert following is not None
    assert await bodies(store) == ["first"]


async def test_take_none_starts_nothing(store: Store) -> None:
    lease, turn = await started(store)
    await store.accept(inbound(2))
    assert await store.next(lease, result(turn.id), Take.NONE) is None
    assert await store.lane(ROOM) == LaneStatus(running=None, waiting=1)
    assert await store.next(lease) is not None


async def test_a_waiting_turn_can_be_cancelled_and_never_runs(store: Store) -> None:
    lease, running = await started(store)
    waiting = (await store.accept(inbound(2))).turn
    assert not await store.cancel(OTHER, waiting)
    assert await store.cancel(ROOM, waiting)
    assert not await store.cancel(ROOM, waiting)
    assert not await store.cancel(ROOM, running.id)
    assert await store.next(lease, result(running.id)) is None


async def test_waiting_names_the_room_that_waits_longest_first(store: Store) -> None:
    assert await store.waiting() == []
    await store.accept(inbound(1, OTHER))
    await store.accept(inbound(2, ROOM))
    await store.accept(inbound(3, OTHER, head=True))
    assert await store.waiting() == [OTHER, ROOM]
    await store.next(await store.claim(ROOM, OWNER))
    assert await store.waiting() == [OTHER]
