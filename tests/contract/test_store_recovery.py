"""What every store promises about interrupted turns: how they are found, and decided about once."""

from dataclasses import replace

import pytest

from sessions.errors import Fenced
from sessions.keys import TurnId
from sessions.store import Store
from sessions.store.values import Interrupted, Kind, Settle, Take, TurnState
from tests.support.clocks import SetClock
from tests.support.store_scenes import NEXT_OWNER, OWNER, bodies, cut_off, ids, started, state_of
from tests.support.store_values import OTHER, ROOM, inbound, notice, piece, result


async def test_an_interrupted_turn_is_marked_and_says_how_far_it_got(store: Store, clock: SetClock) -> None:
    lease, turn = await started(store)
    began = clock.utc()
    await store.accept(inbound(2, text="after"))
    await store.note(lease, turn.id, shown=True, live_nonce="n1", live_message_id="m1")
    await store.note(lease, turn.id, last_tool="Bash \ud800")
    clock.pass_s(5)
    (found,) = await store.recover(NEXT_OWNER)
    assert found == Interrupted(
        turn=replace(turn, state=TurnState.INTERRUPTED),
        shown=True,
        tools=1,
        last_tool="Bash ?",
        live_message_id="m1",
        live_nonce="n1",
        started=began,
        ended=clock.utc(),
    )
    following = await store.next(await store.claim(ROOM, NEXT_OWNER))
    assert following is not None
    assert following.prompt.text == "after"


async def test_an_interrupted_turn_is_found_until_somebody_decides(store: Store) -> None:
    turn = await cut_off(store)
    assert [left.turn.id for left in await store.recover(OWNER)] == [turn.id]
    assert await store.settle(turn.id, Settle.ASK)
    assert await store.recover(NEXT_OWNER) == []


async def test_what_was_noted_of_a_turn_adds_up(store: Store) -> None:
    lease, turn = await started(store)
    await store.note(lease, turn.id, shown=True, live_nonce="n1")
    await store.note(lease, turn.id, live_message_id="m1")
    await store.note(lease, turn.id, last_tool="Read")
    await store.note(lease, turn.id, last_tool="Bash", live_nonce="n2")
    (found,) = await store.recover(NEXT_OWNER)
    assert (found.shown, found.tools, found.last_tool) == (True, 2, "Bash")
    assert (found.live_nonce, found.live_message_id) == ("n2", None)


@pytest.mark.parametrize("how", [Settle.CONTINUE, Settle.RETRY])
async def test_a_turn_that_is_taken_up_again_runs_before_all_that_waits(store: Store, how: Settle) -> None:
    lease, turn = await started(store)
    await store.note(lease, turn.id, shown=True, last_tool="Bash", live_nonce="n1", live_message_id="m1")
    await store.accept(inbound(2, text="2"))
    await store.accept(inbound(3, text="3", head=True))
    await store.recover(NEXT_OWNER)
    assert await store.settle(turn.id, how, [piece("again")])
    assert await bodies(store) == ["again"]
    lease = await store.claim(ROOM, NEXT_OWNER)
    again = await store.next(lease)
    assert again is not None
    assert (again.id, again.attempt, again.resumption, again.follows_cut) == (turn.id, 2, how.value, False)
    # A second interruption tells of the second attempt.
    (found,) = await store.recover(OWNER)
    assert (found.shown, found.tools, found.last_tool) == (False, 0, None)
    assert (found.live_nonce, found.live_message_id) == (None, None)


async def test_a_dropped_turn_is_cancelled_and_never_runs(store: Store) -> None:
    turn = await cut_off(store)
    assert await store.settle(turn.id, Settle.DROP, [piece("dropped")])
    assert await state_of(store, turn.id) == TurnState.CANCELLED
    assert await store.next(await store.claim(ROOM, NEXT_OWNER)) is None
    assert await bodies(store) == ["dropped"]


@pytest.mark.parametrize("first", [Settle.CONTINUE, Settle.RETRY, Settle.DROP])
@pytest.mark.parametrize("second", Settle)
async def test_a_turn_is_decided_about_once(store: Store, first: Settle, second: Settle) -> None:
    turn = await cut_off(store)
    assert await store.settle(turn.id, Settle.ASK, [piece("card")])
    assert await store.settle(turn.id, first)
    before = await store.turn(turn.id)
    assert not await store.settle(turn.id, second, [piece("too late")])
    assert await store.turn(turn.id) == before
    assert await bodies(store) == ["card"]


async def test_a_turn_is_asked_about_once(store: Store) -> None:
    turn = await cut_off(store)
    assert await store.settle(turn.id, Settle.ASK, [piece("card")])
    assert not await store.settle(turn.id, Settle.ASK, [piece("card")])
    assert await bodies(store) == ["card"]


@pytest.mark.parametrize("state", [None, TurnState.RUNNING, TurnState.DONE])
async def test_only_an_interrupted_turn_can_be_settled(store: Store, state: TurnState | None) -> None:
    waiting = (await store.accept(inbound(1))).turn
    lease = await store.claim(ROOM, OWNER)
    if state is not None:
        await store.next(lease)
    if state is TurnState.DONE:
        await store.next(lease, result(waiting), Take.NONE)
    for how in Settle:
        assert not await store.settle(waiting, how, [piece("no")])
    assert await state_of(store, waiting) == (state or TurnState.QUEUED)
    assert await bodies(store) == []


@pytest.mark.parametrize(
    ("how", "found"), [(Settle.ASK, TurnState.INTERRUPTED), (Settle.DROP, TurnState.CANCELLED)]
)
async def test_a_turn_can_end_as_interrupted_with_the_decision(
    store: Store, how: Settle, found: TurnState
) -> None:
    lease, turn = await started(store)
    ended = result(turn.id, "card", state=TurnState.INTERRUPTED, settle=how)
    await store.next(lease, ended, Take.NONE)
    assert await state_of(store, turn.id) == found
    assert await store.recover(NEXT_OWNER) == []
    assert await bodies(store) == ["card"]


async def test_a_turn_that_ends_as_interrupted_can_go_on_at_once(store: Store) -> None:
    lease, turn = await started(store)
    await store.accept(inbound(2))
    ended = result(turn.id, state=TurnState.INTERRUPTED, settle=Settle.CONTINUE)
    again = await store.next(lease, ended)
    assert again is not None
    assert (again.id, again.attempt, again.resumption) == (turn.id, 2, "continue")


async def test_the_turn_after_an_interruption_says_so_once(store: Store) -> None:
    await cut_off(store)
    for number in (2, 3):
        await store.accept(inbound(number))
    lease = await store.claim(ROOM, NEXT_OWNER)
    after = await store.next(lease)
    assert after is not None
    assert after.follows_cut
    assert await store.turn(after.id) == after
    later = await store.next(lease, result(after.id))
    assert later is not None
    assert not later.follows_cut


async def test_the_turn_after_a_reset_follows_no_interruption(store: Store) -> None:
    await cut_off(store)
    await store.accept(inbound(2, kind=Kind.RESET))
    await store.accept(inbound(3))
    lease = await store.claim(ROOM, NEXT_OWNER)
    reset = await store.next(lease)
    assert reset is not None
    after = await store.next(lease, result(reset.id))
    assert after is not None
    assert (reset.follows_cut, after.follows_cut) == (False, False)


async def test_a_turn_that_is_taken_up_again_does_not_follow_itself(store: Store) -> None:
    turn = await cut_off(store)
    await store.settle(turn.id, Settle.CONTINUE)
    await store.accept(inbound(2))
    lease = await store.claim(ROOM, NEXT_OWNER)
    again = await store.next(lease)
    assert again is not None
    after = await store.next(lease, result(again.id))
    assert after is not None
    assert (again.follows_cut, after.follows_cut) == (False, False)


async def test_a_turn_that_is_given_back_was_never_begun(store: Store) -> None:
    await cut_off(store, 1)
    for number in (2, 3, 4):
        await store.accept(inbound(number, text=str(number)))
    lease = await store.claim(ROOM, NEXT_OWNER)
    turn = await store.next(lease)
    assert turn is not None
    await store.note(lease, turn.id, live_nonce="n1", live_message_id="m1")
    await store.move(ROOM, TurnId(turn.id + 2), "first")
    given_back = result(turn.id, "gone", state=TurnState.QUEUED)
    assert await store.next(lease, given_back, Take.NONE) is None
    assert await ids(store) == [2, 4, 3]
    assert await bodies(store) == ["gone"]
    again = await store.next(lease)
    assert again is not None
    assert (again.id, again.attempt, again.follows_cut) == (turn.id, 1, True)
    _, found = await store.recover(OWNER)
    assert (found.live_nonce, found.live_message_id) == (None, None)


async def test_recovery_leaves_the_turns_of_its_own_owner(store: Store) -> None:
    lease, turn = await started(store)
    assert await store.recover(OWNER) == []
    await store.next(lease, result(turn.id, "yes"))
    assert await bodies(store) == ["yes"]


async def test_recovery_fences_every_lease_of_another_owner(store: Store) -> None:
    lease, _ = await started(store)
    idle = await store.claim(OTHER, OWNER)
    await store.recover(NEXT_OWNER)
    await store.accept(inbound(2))
    await store.accept(inbound(3, OTHER))
    for old in (lease, idle):
        with pytest.raises(Fenced):
            await store.next(old)


async def test_a_turn_left_by_an_older_lease_is_interrupted_too(store: Store) -> None:
    await started(store)
    await store.claim(ROOM, NEXT_OWNER)
    assert len(await store.recover(NEXT_OWNER)) == 1


async def test_a_word_of_ours_is_stored_once(store: Store) -> None:
    first = await store.post(notice(1), [piece("a"), piece("b")])
    again = await store.post(notice(1), [piece("a"), piece("b")])
    assert (first.new, again.new, first.turn == again.turn) == (True, False, True)
    posted = await store.turn(first.turn)
    assert posted is not None
    assert posted.state == TurnState.DONE
    assert await store.waiting() == []
    assert await bodies(store) == ["a", "b"]


async def test_only_a_notice_can_be_posted(store: Store) -> None:
    with pytest.raises(ValueError, match="notice"):
        await store.post(inbound(1), [])
