"""What every store promises: one case per promise of `sessions.store.Store`, the same for all stores."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from sessions.errors import Fenced, NoSuchSession, QueueFull, StateError
from sessions.keys import TurnId, session_key
from sessions.records import Renewed, Used
from sessions.store import STORES, Store, open_store
from sessions.store.values import (
    STORE_ID,
    Attachment,
    Button,
    ChatAddress,
    Fate,
    Interrupted,
    Kind,
    LaneStatus,
    Lease,
    Origin,
    Piece,
    Prompt,
    Receipt,
    Settle,
    Take,
    Touched,
    Turn,
    TurnState,
    piece_nonce,
)
from tests.support.clocks import SetClock
from tests.support.store_values import OTHER, ROOM, former, inbound, notice, piece, record, result

OWNER = UUID(int=1)
NEXT_OWNER = UUID(int=2)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture(params=STORES)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
async def store(kind: str, tmp_path: Path, clock: SetClock) -> AsyncIterator[Store]:
    opened = await open_store(tmp_path / "data", clock, kind)
    yield opened
    await opened.close()


async def started(store: Store, msg_id: int = 1) -> tuple[Lease, Turn]:
    await store.accept(inbound(msg_id))
    lease = await store.claim(ROOM, OWNER)
    turn = await store.next(lease)
    assert turn is not None
    return lease, turn


async def cut_off(store: Store, msg_id: int = 1) -> Turn:
    """A turn that ran when its process ended, as the next process finds it."""
    _, turn = await started(store, msg_id)
    await store.recover(NEXT_OWNER)
    return turn


async def state_of(store: Store, turn: TurnId) -> TurnState | None:
    found = await store.turn(turn)
    return found and found.state


async def due_receipts(store: Store) -> dict[str, str]:
    """The state that each channel's first due receipt is for, by its message."""
    return {one.message_id: str(one.state) for one in await store.receipts_due("chat", 10)}


async def ids(store: Store) -> list[int]:
    return [int(turn.prompt.text) for turn in await store.queued(ROOM)]


async def bodies(store: Store) -> list[str]:
    """Send everything that is due and return it in the order in which it went."""
    sent: list[str] = []
    while rows := await store.outbox_due("chat", 10):
        for row in rows:
            sent.append(row.piece.body)
            await store.outbox_done(row.id, f"m{row.id}")
    return sent


# -- accepting -------------------------------------------------------------------------------------


async def test_a_fact_is_stored_with_the_message_it_came_with_or_not_at_all(store: Store) -> None:
    await store.accept(inbound(1, fact=("loops", "chat", "one")))
    assert await store.get_fact("loops", "chat") == "one"
    with pytest.raises(QueueFull):
        await store.accept(inbound(2, queue_limit=1, fact=("loops", "chat", "two")))
    await store.accept(inbound(1, fact=("loops", "chat", "again")))
    await store.accept(inbound(3))
    assert await store.get_fact("loops", "chat") == "one"


async def test_the_order_of_calls_is_the_order_of_turns(store: Store) -> None:
    tickets = [store.accept(inbound(1000 - n, text=str(n))) for n in range(500)]
    for ticket in reversed(tickets):
        await ticket
    assert await ids(store) == list(range(500))


async def test_a_known_id_is_not_new(store: Store) -> None:
    first = await store.accept(inbound(7, text="first"))
    again = await store.accept(inbound(7, OTHER, text="again"))
    assert (first.new, again.new) == (True, False)
    assert again.turn == first.turn
    assert [turn.prompt.text for turn in await store.queued(ROOM)] == ["first"]
    assert await store.queued(OTHER) == []


async def test_a_known_id_is_not_new_whatever_became_of_its_turn(store: Store) -> None:
    lease, turn = await started(store, 7)
    assert not (await store.accept(inbound(7))).new
    await store.next(lease, result(turn.id))
    assert not (await store.accept(inbound(7))).new
    assert await store.next(lease) is None


async def test_the_same_number_from_another_source_is_new(store: Store) -> None:
    await store.accept(inbound(7))
    assert (await store.accept(inbound(7, source="cli"))).new


async def test_ahead_counts_what_runs_and_what_waits(store: Store) -> None:
    await started(store)
    assert (await store.accept(inbound(2))).ahead == 1
    assert (await store.accept(inbound(3))).ahead == 2
    assert (await store.accept(inbound(4, OTHER))).ahead == 0
    assert (await store.accept(inbound(3))).ahead == 2
    assert (await store.accept(inbound(1))).ahead == 0
    assert (await store.accept(inbound(5, head=True))).ahead == 1
    assert (await store.accept(inbound(3))).ahead == 3


async def test_head_goes_before_everything_that_waits(store: Store) -> None:
    for number, head in ((1, False), (2, True), (3, False), (4, True)):
        await store.accept(inbound(number, text=str(number), head=head))
    assert await ids(store) == [4, 2, 1, 3]
    turn = await store.next(await store.claim(ROOM, OWNER))
    assert turn is not None
    assert turn.prompt.text == "4"


async def test_a_full_room_refuses_and_writes_nothing(store: Store) -> None:
    for number in range(3):
        await store.accept(inbound(number, text=str(number), queue_limit=3))
    with pytest.raises(QueueFull):
        await store.accept(inbound(3, queue_limit=3))
    assert await ids(store) == [0, 1, 2]
    assert not (await store.accept(inbound(2, queue_limit=3))).new
    assert (await store.accept(inbound(4, OTHER, queue_limit=3))).new
    await store.next(await store.claim(ROOM, OWNER))
    assert (await store.accept(inbound(3, queue_limit=3))).new


async def test_a_refused_message_spares_those_accepted_with_it(store: Store) -> None:
    tickets = [store.accept(inbound(number, queue_limit=5)) for number in range(10)]
    refused = 0
    for ticket in tickets:
        try:
            await ticket
        except QueueFull:
            refused += 1
    assert refused == 5
    assert (await store.lane(ROOM)).waiting == 5


async def test_a_cancelled_waiter_takes_nothing_back(store: Store) -> None:
    async def wait() -> None:
        await store.accept(inbound(1, text="1"))

    async with asyncio.TaskGroup() as tasks:
        waiter = tasks.create_task(wait())
        await asyncio.sleep(0)
        waiter.cancel()
    await store.accept(inbound(2, text="2"))
    assert await ids(store) == [1, 2]


async def test_a_turn_comes_back_as_it_was_accepted(store: Store) -> None:
    attachment = Attachment(id="9", name="../a\0b.txt", url="https://x/y", size_bytes=3, content_type="t/p")
    prompt = Prompt(text="a\0b \ud800 🗝 é", author_id="5", author_name="\udfff", attachments=(attachment,))
    row = inbound(2**63 - 1, prompt=prompt, origin=Origin.AGENT)
    accepted = await store.accept(row)
    turn = await store.turn(accepted.turn)
    assert turn is not None
    assert (turn.prompt, turn.address, turn.origin, turn.key) == (prompt, row.address, Origin.AGENT, ROOM)
    assert (turn.state, turn.attempt, turn.generation) == (TurnState.QUEUED, 0, 0)
    assert turn.created == SetClock().utc()


async def test_a_turn_of_a_room_with_its_messages_id_is_answered_there_and_known_where_it_stands(
    store: Store,
) -> None:
    message = ChatAddress(platform="test", channel_id="20", message_id="99")
    accepted = await store.accept(inbound(99, session_key("99"), address=message))
    own = await store.turn(accepted.turn)
    assert own is not None
    assert own.address == ChatAddress(platform="test", channel_id="99")
    assert (own.said_in, own.asked_at) == ("20", message)
    fate = await store.fate("chat", 99)
    assert fate is not None
    assert fate.channel_id == "20"
    assert await store.queued_messages("chat") == {"20": [99]}
    # The first message of a forum's post has the post's id and stands in it.
    first = ChatAddress(platform="test", channel_id="77", message_id="77")
    accepted = await store.accept(inbound(77, session_key("77"), address=first))
    post = await store.turn(accepted.turn)
    assert post is not None
    assert (post.address, post.said_in, post.asked_at) == (first, "", first)


async def test_a_turn_nobody_accepted_is_none(store: Store) -> None:
    assert await store.turn(TurnId(99)) is None


# -- lanes -----------------------------------------------------------------------------------------


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


# -- recovery --------------------------------------------------------------------------------------


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


# -- the queue -------------------------------------------------------------------------------------


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


# -- edits, deletions and what became of a message ---------------------------------------------------


async def test_a_waiting_prompt_can_be_edited(store: Store) -> None:
    await store.accept(inbound(1, text="before"))
    touched = await store.edit("chat", 1, Prompt(text="after"))
    assert touched.changed
    assert touched.turn is not None
    assert touched.turn.prompt == Prompt(text="after")
    assert await store.queued(ROOM) == [touched.turn]
    assert await store.edit("chat", 1, Prompt(text="after")) == Touched(turn=touched.turn, changed=False)


async def test_a_waiting_prompt_can_be_withdrawn(store: Store) -> None:
    await store.accept(inbound(1))
    touched = await store.withdraw("chat", 1)
    assert touched.changed
    assert touched.turn is not None
    assert touched.turn.state == TurnState.CANCELLED
    assert await store.withdraw("chat", 1) == Touched(turn=touched.turn, changed=False)
    assert await store.next(await store.claim(ROOM, OWNER)) is None


async def test_what_runs_or_has_ended_is_neither_edited_nor_withdrawn(store: Store) -> None:
    lease, turn = await started(store)
    for _ in range(2):
        kept = await store.turn(turn.id)
        assert await store.edit("chat", 1, Prompt(text="late")) == Touched(turn=kept, changed=False)
        assert await store.withdraw("chat", 1) == Touched(turn=kept, changed=False)
        if kept == turn:
            await store.next(lease, result(turn.id))


async def test_only_a_prompt_can_be_edited(store: Store) -> None:
    await store.accept(inbound(1, text="before", kind=Kind.RESET))
    assert not (await store.edit("chat", 1, Prompt(text="after"))).changed
    assert [turn.prompt.text for turn in await store.queued(ROOM)] == ["before"]


async def test_a_message_nobody_accepted_is_neither_edited_nor_withdrawn(store: Store) -> None:
    await store.accept(inbound(1, source="cli"))
    nobody = Touched(turn=None, changed=False)
    assert await store.edit("chat", 1, Prompt(text="x")) == nobody
    assert await store.withdraw("chat", 1) == nobody


async def test_edits_and_deletions_keep_their_place_in_the_order(store: Store) -> None:
    changes = (
        store.accept(inbound(1, text="a")),
        store.edit("chat", 1, Prompt(text="b")),
        store.accept(inbound(2, text="c")),
        store.withdraw("chat", 2),
    )
    for change in changes:
        await change
    assert [turn.prompt.text for turn in await store.queued(ROOM)] == ["b"]


async def test_the_fate_of_a_message_is_known(store: Store, clock: SetClock) -> None:
    assert await store.fate("chat", 1) is None
    began = clock.utc()
    lease, running = await started(store, 1)
    waiting = (await store.accept(inbound(2))).turn
    clock.pass_s(5)
    await store.decline("chat", "c-room", 3, "You may not \ud800.")
    assert await store.fate("chat", 1) == Fate(channel_id="c-room", decided=began, turn=running)
    queued = await store.fate("chat", 2)
    assert queued == Fate(channel_id="c-room", decided=began, turn=await store.turn(waiting), ahead=1)
    declined = Fate(channel_id="c-room", decided=clock.utc(), reason="You may not ?.")
    assert await store.fate("chat", 3) == declined
    assert await store.fate("cli", 3) is None
    await store.next(lease, result(running.id, summary="answered"), Take.NONE)
    ended = await store.fate("chat", 1)
    assert ended is not None
    assert (ended.ended, ended.summary) == (clock.utc(), "answered")


async def test_a_message_is_decided_about_once(store: Store) -> None:
    await store.accept(inbound(1))
    await store.decline("chat", "c-room", 1, "late")
    fate = await store.fate("chat", 1)
    assert fate is not None
    assert fate.turn is not None
    await store.decline("chat", "c-room", 2, "first")
    await store.decline("chat", "c-room", 2, "second")
    fate = await store.fate("chat", 2)
    assert fate is not None
    assert fate.reason == "first"


async def test_a_declined_message_may_be_accepted_later(store: Store) -> None:
    await store.decline("chat", "c-room", 1, "not mentioned")
    assert (await store.accept(inbound(1))).new
    fate = await store.fate("chat", 1)
    assert fate is not None
    assert fate.turn is not None


async def test_nobody_asks_about_what_was_declined_without_a_reason(store: Store) -> None:
    await store.decline("chat", "c-room", 1, None)
    assert await store.fate("chat", 1) is None


# -- catch-up --------------------------------------------------------------------------------------


async def test_positions_move_with_every_decision_and_never_back(store: Store) -> None:
    assert await store.cursors("chat") == {}
    await store.accept(inbound(5, cursor="c1"))
    await store.accept(inbound(3, cursor="c1"))
    await store.accept(inbound(4, cursor="c2"))
    await store.accept(inbound(9))
    await store.accept(inbound(99, source="cli", cursor="c1"))
    assert await store.cursors("chat") == {"c1": 5, "c2": 4, "": 5}
    await store.decline("chat", "c2", 7, "no")
    await store.decline("chat", "c2", 6, None)
    assert await store.cursors("chat") == {"c1": 5, "c2": 7, "": 7}


async def test_declining_gives_a_channel_no_position_of_its_own(store: Store) -> None:
    await store.decline("chat", "c1", 7, None)
    await store.decline("chat", "c1", 5, "no")
    assert await store.cursors("chat") == {"": 7}
    await store.accept(inbound(6, cursor="c1"))
    assert await store.cursors("chat") == {"c1": 6, "": 7}


async def test_what_is_not_accepted_moves_no_position(store: Store) -> None:
    await store.accept(inbound(1, cursor="c1"))
    with pytest.raises(QueueFull):
        await store.accept(inbound(2, cursor="c1", queue_limit=1))
    assert await store.cursors("chat") == {"c1": 1, "": 1}


async def test_the_messages_that_wait_are_known_by_channel(store: Store) -> None:
    await started(store)
    for number in (7, 5):
        await store.accept(inbound(number))
    await store.accept(inbound(6, OTHER))
    await store.accept(inbound(8, source="cli"))
    assert await store.queued_messages("chat") == {"c-room": [5, 7], "c-other": [6]}


# -- receipts --------------------------------------------------------------------------------------


async def test_a_message_that_need_not_wait_has_no_receipt_until_its_turn_ends(store: Store) -> None:
    lease, turn = await started(store)
    assert await store.receipts_due("chat", 10) == []
    await store.next(lease, result(turn.id))
    (due,) = await store.receipts_due("chat", 10)
    assert due == Receipt(turn=turn.id, channel_id="c-room", message_id="1", state=TurnState.DONE, shown="")
    assert await store.receipts_due("elsewhere", 10) == []
    await store.receipt_done(turn.id, TurnState.DONE, "ok")
    assert await store.receipts_due("chat", 10) == []


async def test_a_message_that_waits_has_a_receipt_that_goes_when_it_runs(store: Store) -> None:
    lease, first = await started(store)
    waiting = (await store.accept(inbound(2))).turn
    assert await due_receipts(store) == {"2": "queued"}
    await store.receipt_done(waiting, TurnState.QUEUED, "waits")
    assert await due_receipts(store) == {}
    await store.next(lease, result(first.id))
    await store.receipt_done(first.id, TurnState.DONE, "ok")
    (due,) = await store.receipts_due("chat", 10)
    assert (due.message_id, due.state, due.shown) == ("2", TurnState.RUNNING, "waits")


async def test_a_receipt_is_due_again_if_its_turn_moved_on_meanwhile(store: Store) -> None:
    lease, first = await started(store)
    waiting = (await store.accept(inbound(2))).turn
    await store.cancel(ROOM, waiting)
    await store.receipt_done(waiting, TurnState.QUEUED, "waits")
    (due,) = await store.receipts_due("chat", 10)
    assert (due.message_id, due.state, due.shown) == ("2", TurnState.CANCELLED, "waits")
    await store.next(lease, result(first.id), Take.NONE)


async def test_every_way_out_of_the_queue_makes_a_receipt_due(store: Store) -> None:
    lease, running = await started(store)

    async def waits(number: int) -> TurnId:
        turn = (await store.accept(inbound(number))).turn
        await store.receipt_done(turn, TurnState.QUEUED, "waits")
        return turn

    await store.cancel(ROOM, await waits(2))
    assert await due_receipts(store) == {"2": "cancelled"}
    await store.receipt_done(TurnId(running.id + 1), TurnState.CANCELLED, "")
    await waits(3)
    await store.withdraw("chat", 3)
    assert await due_receipts(store) == {"3": "cancelled"}
    await store.receipt_done(TurnId(running.id + 2), TurnState.CANCELLED, "")
    await waits(4)
    await store.clear(ROOM)
    assert await due_receipts(store) == {"4": "cancelled"}
    await store.receipt_done(TurnId(running.id + 3), TurnState.CANCELLED, "")
    await store.merge(lease, await waits(5), running.id)
    assert await due_receipts(store) == {"5": "merged"}


async def test_an_interruption_and_what_is_decided_about_it_make_receipts_due(store: Store) -> None:
    turn = await cut_off(store)
    assert await due_receipts(store) == {"1": "interrupted"}
    await store.receipt_done(turn.id, TurnState.INTERRUPTED, "!")
    await store.settle(turn.id, Settle.ASK)
    assert await due_receipts(store) == {}
    await store.settle(turn.id, Settle.RETRY)
    assert await due_receipts(store) == {"1": "queued"}
    await store.receipt_done(turn.id, TurnState.QUEUED, "waits")
    lease = await store.claim(ROOM, NEXT_OWNER)
    await store.next(lease)
    assert await due_receipts(store) == {"1": "running"}
    await store.receipt_done(turn.id, TurnState.RUNNING, "")
    await store.next(lease, result(turn.id, state=TurnState.INTERRUPTED), Take.NONE)
    assert await due_receipts(store) == {"1": "interrupted"}
    await store.receipt_done(turn.id, TurnState.INTERRUPTED, "!")
    await store.settle(turn.id, Settle.DROP)
    assert await due_receipts(store) == {"1": "cancelled"}


async def test_receipts_come_one_for_each_channel_the_oldest_first(store: Store) -> None:
    for number, key in ((1, ROOM), (2, ROOM), (3, OTHER), (4, OTHER), (5, ROOM)):
        await store.accept(inbound(number, key))
    assert [due.message_id for due in await store.receipts_due("chat", 10)] == ["2", "4"]
    assert [due.message_id for due in await store.receipts_due("chat", 1)] == ["2"]


async def test_a_turn_without_a_message_has_no_receipt(store: Store) -> None:
    lease, first = await started(store)
    address = ChatAddress(platform="chat", channel_id="c-room")
    for number in (2, 3):
        await store.accept(inbound(number, address=address))
    assert await store.receipts_due("chat", 10) == []
    second = await store.next(lease, result(first.id))
    assert second is not None
    await store.receipt_done(first.id, TurnState.DONE, "ok")
    await store.next(lease, result(second.id), Take.NONE)
    await store.clear(ROOM)
    assert await store.receipts_due("chat", 10) == []


# -- pruning ---------------------------------------------------------------------------------------


async def test_what_ended_long_ago_is_forgotten_and_what_waits_is_not(store: Store, clock: SetClock) -> None:
    lease, answered = await started(store, 1)
    taken = (await store.accept(inbound(2))).turn
    await store.merge(lease, taken, answered.id)
    await store.next(lease, result(answered.id, "sent"), Take.NONE)
    assert await bodies(store) == ["sent"]
    await store.post(notice(1), [piece("not sent")])
    await store.decline("chat", "c-room", 3, "no")
    await store.ensure_session(record())
    asked = await cut_off(store, 4)
    waiting = (await store.accept(inbound(5, cursor="c-room"))).turn
    clock.pass_s(60)
    newer = (await store.accept(inbound(6))).turn
    await store.cancel(ROOM, newer)
    await store.decline("chat", "c-room", 7, "no")

    # The answered turn, its piece, what it took along, and the declined message.
    assert await store.upkeep.prune_others((), clock.utc()) == 4
    assert await store.upkeep.prune_others((), clock.utc()) == 0
    for number, kept in ((1, False), (2, False), (3, False), (4, True), (5, True), (6, True), (7, True)):
        assert (await store.fate("chat", number) is not None) == kept, number
    assert await state_of(store, asked.id) == TurnState.INTERRUPTED
    assert await state_of(store, waiting) == TurnState.QUEUED
    assert await bodies(store) == ["not sent"]
    assert await store.session(ROOM) is not None
    assert await store.cursors("chat") == {"c-room": 7, "": 7}


async def test_what_a_running_turn_took_along_is_kept_with_it(store: Store, clock: SetClock) -> None:
    lease, running = await started(store)
    await store.merge(lease, (await store.accept(inbound(2))).turn, running.id)
    await store.accept(inbound(3))
    clock.pass_s(60)
    assert await store.upkeep.prune_others((), clock.utc()) == 0
    assert len(await store.merged(running.id)) == 1


async def test_a_number_is_never_given_twice(store: Store, clock: SetClock) -> None:
    lease, turn = await started(store)
    await store.next(lease, result(turn.id))
    clock.pass_s(60)
    await store.upkeep.prune_others((), clock.utc())
    assert (await store.accept(inbound(2))).turn > turn.id


# -- sessions --------------------------------------------------------------------------------------


async def test_the_first_record_of_a_session_stays(store: Store) -> None:
    first = record(extra={"a": [1, None, "\0\ud800"]}, origin_key="agent:bob \ud800", resumable=False)
    assert await store.session(ROOM) is None
    assert await store.ensure_session(first) == first
    assert await store.ensure_session(record(agent_session_id="another")) == first
    assert await store.session(ROOM) == first
    await store.ensure_session(record(OTHER))
    assert await store.sessions() == [record(OTHER), first]


async def test_a_turn_changes_its_session(store: Store, clock: SetClock) -> None:
    await store.ensure_session(record())
    lease, turn = await started(store)
    clock.pass_s(5)
    used = Used(agent_session_id="moved", cost_usd=0.5, context_tokens=10, context_window=100)
    await store.accept(inbound(2))
    following = await store.next(lease, result(turn.id, change=used))
    assert following is not None
    await store.next(lease, result(following.id, change=Used(agent_session_id="moved")))
    assert await store.session(ROOM) == record(
        agent_session_id="moved",
        cost_usd=0.5,
        context_tokens=10,
        context_window=100,
        turn_count=2,
        last_used=clock.utc(),
    )


async def test_a_reset_archives_and_starts_anew(store: Store, clock: SetClock) -> None:
    await store.ensure_session(record(turn_count=3, cost_usd=1.0, context_tokens=5, resumable=False))
    lease, turn = await started(store)
    await store.accept(inbound(2, text="2"))
    await store.next(
        lease, result(turn.id, change=Renewed(agent_session_id="fresh", reason="reset")), Take.NONE
    )
    assert await store.session(ROOM) == record(
        agent_session_id="fresh", generation=1, created=clock.utc(), last_used=clock.utc()
    )
    assert await store.former_sessions(ROOM) == [
        former("id-of-room", reason="reset", ended=clock.utc(), turn_count=3)
    ]
    assert await ids(store) == [2]
    following = await store.next(lease)
    assert following is not None
    assert following.generation == 1


@pytest.mark.parametrize(
    "change", [Used(agent_session_id="late"), Renewed(agent_session_id="late", reason="lost")]
)
async def test_a_late_change_of_an_old_generation_is_dropped_and_its_words_are_not(
    store: Store, change: Used | Renewed
) -> None:
    await store.ensure_session(record())
    lease, turn = await started(store)
    fresh = await store.renew(lease, "fresh", "reset")
    await store.next(lease, result(turn.id, "late words", change=change))
    assert await store.session(ROOM) == fresh
    assert await bodies(store) == ["late words"]


async def test_a_turn_goes_on_in_the_conversation_that_replaces_a_lost_one(store: Store) -> None:
    await store.ensure_session(record())
    lease, turn = await started(store)
    await store.renew(lease, "fresh", "lost")
    await store.next(lease, result(turn.id, change=Used(agent_session_id="fresh", cost_usd=2.0)))
    session = await store.session(ROOM)
    assert session is not None
    assert (session.generation, session.turn_count, session.cost_usd) == (1, 1, 2.0)


async def test_former_sessions_come_newest_first(store: Store, clock: SetClock) -> None:
    await store.ensure_session(record())
    lease = await store.claim(ROOM, OWNER)
    for name in ("a", "b", "c"):
        clock.pass_s(1)
        await store.renew(lease, name, "reset")
    assert [one.agent_session_id for one in await store.former_sessions(ROOM)] == ["b", "a", "id-of-room"]
    assert await store.former_sessions(OTHER) == []


async def test_binding_changes_the_workdir_alone(store: Store) -> None:
    await store.ensure_session(record())
    bound = await store.bind(ROOM, Path("/elsewhere"))
    assert bound == record(workdir=Path("/elsewhere")) == await store.session(ROOM)


async def test_a_session_that_is_not_there_cannot_be_bound_nor_renewed(store: Store) -> None:
    with pytest.raises(NoSuchSession):
        await store.bind(ROOM, Path("/elsewhere"))
    with pytest.raises(NoSuchSession):
        await store.renew(await store.claim(ROOM, OWNER), "fresh", "reset")
    assert await store.former_sessions(ROOM) == []


async def test_an_import_keeps_what_is_there_and_can_be_repeated(store: Store) -> None:
    await store.ensure_session(record())
    incoming = [record(agent_session_id="imported"), record(OTHER)]
    left = [former("old"), former("id-of-room"), former("old", OTHER)]
    assert await store.import_sessions(incoming, left) == [ROOM]
    assert await store.import_sessions(incoming, left) == [ROOM, OTHER]
    assert await store.sessions() == [record(OTHER), record()]
    assert await store.former_sessions(ROOM) == [former("old")]
    assert await store.former_sessions(OTHER) == []


async def test_an_import_is_all_or_nothing(store: Store) -> None:
    with pytest.raises(Exception, match="UTF-8"):
        await store.import_sessions([record(), record(OTHER, workdir=Path("/\udcff"))], [])
    assert await store.sessions() == []


# -- outbox ----------------------------------------------------------------------------------------


async def test_pieces_of_a_channel_come_one_at_a_time_in_order(store: Store) -> None:
    await store.post(notice(1), [piece("a"), piece("x", "c2"), piece("b")])
    await store.post(notice(2), [piece("c"), piece("y", "c2")])
    heads = await store.outbox_due("chat", 10)
    assert [(row.piece.body, row.part) for row in heads] == [("a", 0), ("x", 1)]
    assert [row.piece.body for row in await store.outbox_due("chat", 1)] == ["a"]
    assert await store.outbox_due("elsewhere", 10) == []
    assert await bodies(store) == ["a", "x", "b", "y", "c"]


async def test_a_piece_comes_back_as_it_was_stored(store: Store) -> None:
    button = Button(label="Go on", action="rk:continue:1", style="primary")
    sent = Piece(channel_id="c1", body="a\0\ud800🗝", reply_to="5", buttons=(button,))
    gone = Piece(channel_id="c2", action="delete", target_id="6")
    lost = Piece(channel_id="c3", action="delete", target_nonce="abc")
    await store.post(notice(1), [sent, gone, lost])
    assert [row.piece for row in await store.outbox_due("chat", 10)] == [sent, gone, lost]


async def test_a_retried_row_waits_and_holds_its_channel_alone(store: Store, clock: SetClock) -> None:
    await store.post(notice(1), [piece("a"), piece("b"), piece("x", "c2")])
    assert await store.outbox_wait_s("chat") == 0
    first, other = await store.outbox_due("chat", 10)
    await store.outbox_retry(first.id, 30)
    assert [row.piece.body for row in await store.outbox_due("chat", 10)] == ["x"]
    await store.outbox_done(other.id, "m")
    assert await store.outbox_due("chat", 10) == []
    assert await store.outbox_wait_s("chat") == 30
    clock.pass_s(31)
    assert await store.outbox_wait_s("chat") == 0
    (again,) = await store.outbox_due("chat", 10)
    assert (again.piece.body, again.tries, again.nonce) == ("a", 1, first.nonce)


@pytest.mark.parametrize("days", [-3, 3])
async def test_a_clock_that_jumps_holds_no_row_back(store: Store, clock: SetClock, days: int) -> None:
    await store.post(notice(1), [piece("a")])
    (row,) = await store.outbox_due("chat", 1)
    await store.outbox_retry(row.id, 30)
    clock.jump_s(days * 86400)
    assert await store.outbox_wait_s("chat") == 0
    assert len(await store.outbox_due("chat", 1)) == 1


async def test_a_row_knows_when_it_was_first_tried(store: Store, clock: SetClock) -> None:
    await store.post(notice(1), [piece("a")])
    (row,) = await store.outbox_due("chat", 1)
    assert row.first_try is None
    first = clock.utc()
    await store.outbox_try(row.id)
    await store.outbox_retry(row.id, 5)
    clock.pass_s(60)
    await store.outbox_try(row.id)
    (row,) = await store.outbox_due("chat", 1)
    assert (row.first_try, row.tries) == (first, 1)


async def test_a_row_knows_the_message_it_stands_behind(store: Store) -> None:
    lease, turn = await started(store, 7)
    await store.next(lease, result(turn.id, "answer"))
    (row,) = await store.outbox_due("chat", 1)
    assert row.after_id == "7"


async def test_a_dropped_row_lets_those_behind_it_go_on(store: Store) -> None:
    await store.post(notice(1), [piece("a"), piece("b")])
    (row,) = await store.outbox_due("chat", 10)
    await store.outbox_drop(row.id, "the channel is gone \ud800")
    assert await bodies(store) == ["b"]
    assert await store.outbox_wait_s("chat") is None


async def test_a_row_once_settled_stays_settled(store: Store) -> None:
    await store.post(notice(1), [piece("a")])
    (row,) = await store.outbox_due("chat", 10)
    await store.outbox_done(row.id, None)
    await store.outbox_done(row.id, "again")
    await store.outbox_retry(row.id, 0)
    await store.outbox_drop(row.id, "no")
    assert await store.outbox_due("chat", 10) == []


async def test_a_nonce_is_made_from_turn_and_part(store: Store) -> None:
    accepted = await store.post(notice(1), [piece("a"), piece("b")])
    store_id = await store.get_fact(*STORE_ID)
    assert store_id
    (row,) = await store.outbox_due("chat", 10)
    assert row.nonce == piece_nonce(store_id, accepted.turn, 0)
    await store.outbox_done(row.id, "m")
    (row,) = await store.outbox_due("chat", 10)
    assert row.nonce == piece_nonce(store_id, accepted.turn, 1)


# -- the whole -------------------------------------------------------------------------------------


async def test_a_fact_is_what_was_said_last(store: Store) -> None:
    assert await store.get_fact("commands", "hash") is None
    await store.set_fact("commands", "hash", "a")
    await store.set_fact("commands", "hash", "b")
    assert await store.get_fact("commands", "hash") == "b"
    assert await store.get_fact("other", "hash") is None


async def test_the_facts_of_a_scope_are_given_by_name_and_no_others(store: Store) -> None:
    assert await store.facts("commands") == {}
    for scope, name, text in (("commands", "b", "1"), ("commands", "a", "2"), ("other", "a", "3")):
        store.set_fact(scope, name, text)  # in the order of the calls, whoever waits
    await store.set_fact("commands", "b", "4")
    assert dict(await store.facts("commands")) == {"a": "2", "b": "4"}


async def test_what_was_handed_in_is_there_after_closing(store: Store, kind: str, tmp_path: Path) -> None:
    tickets = [store.accept(inbound(number, text=str(number))) for number in range(100)]
    await store.close()
    await store.close()
    for ticket in tickets:
        assert (await ticket).new
    again = await open_store(tmp_path / "data", SetClock(), kind)
    assert await ids(again) == list(range(100))
    assert await again.get_fact(*STORE_ID) is not None
    await again.close()


async def test_a_closed_store_says_so(store: Store) -> None:
    await store.close()
    ticket = store.accept(inbound(1))
    with pytest.raises(StateError, match="closed"):
        await ticket
    with pytest.raises(StateError, match="closed"):
        await store.lane(ROOM)


async def test_two_stores_never_give_the_same_nonce(kind: str, tmp_path: Path) -> None:
    nonces: set[str] = set()
    for name in ("one", "two"):
        opened = await open_store(tmp_path / name, SetClock(), kind)
        await opened.post(notice(1), [piece("a")])
        (row,) = await opened.outbox_due("chat", 1)
        nonces.add(row.nonce)
        await opened.close()
    assert len(nonces) == 2


async def test_an_owner_may_be_any_uuid(store: Store) -> None:
    owner = uuid4()
    first, second = await store.claim(ROOM, owner), await store.claim(ROOM, owner)
    assert second.epoch > first.epoch


# -- what waits though nothing is before it ----------------------------------------------------------


async def test_a_message_that_is_held_up_by_others_shows_that_it_waits(store: Store) -> None:
    await store.accept(inbound(1))
    await store.accept(replace(inbound(2, OTHER), held=True))
    assert await due_receipts(store) == {"2": "queued"}


async def test_the_first_message_of_a_paused_room_shows_that_it_waits(store: Store) -> None:
    await store.pause(ROOM, paused=True)
    await store.accept(inbound(1))
    assert await due_receipts(store) == {"1": "queued"}


async def test_a_message_that_was_meant_for_us_is_not_looked_for_again(store: Store) -> None:
    await store.decline("chat", "c-other", 5, "not for us")
    assert "c-other" not in await store.cursors("chat")
    await store.decline("chat", "c-room", 6, "too much waits", addressed=True)
    assert (await store.cursors("chat"))["c-room"] == 6
