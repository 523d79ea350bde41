"""What every store promises: one case per promise of `sessions.store.Store`, the same for all stores."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from sessions.errors import Fenced, NoSuchSession, QueueFull, StateError
from sessions.keys import TurnId
from sessions.records import Renewed, Used
from sessions.store import STORES, Store, open_store
from sessions.store.values import (
    STORE_ID,
    Attachment,
    Interrupted,
    LaneStatus,
    Lease,
    Origin,
    Piece,
    Prompt,
    Take,
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


def says(*bodies: str):
    def say(_: Interrupted) -> Sequence[Piece]:
        return [piece(body) for body in bodies]

    return say


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
    await store.recover(NEXT_OWNER, says("interrupted"))
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


async def test_an_interrupted_turn_is_marked(store: Store) -> None:
    lease, turn = await started(store)
    await store.accept(inbound(2, text="after"))
    await store.note(lease, turn.id, shown=True, live_message_id="m1")
    await store.note(lease, turn.id, last_tool="Bash \ud800")
    (found,) = await store.recover(NEXT_OWNER, says("I was interrupted."))
    assert found.turn.id == turn.id
    assert (found.turn.state, found.turn.attempt) == (TurnState.INTERRUPTED, 1)
    assert (found.shown, found.last_tool, found.live_message_id) == (True, "Bash ?", "m1")
    following = await store.next(await store.claim(ROOM, NEXT_OWNER))
    assert following is not None
    assert following.prompt.text == "after"


async def test_what_is_said_of_an_interruption_is_said_once(store: Store) -> None:
    await started(store)
    assert len(await store.recover(NEXT_OWNER, says("one", "two"))) == 1
    assert await store.recover(NEXT_OWNER, says("three")) == []
    assert await bodies(store) == ["one", "two"]


async def test_recovery_leaves_the_turns_of_its_own_owner(store: Store) -> None:
    lease, turn = await started(store)
    assert await store.recover(OWNER, says("no")) == []
    await store.next(lease, result(turn.id, "yes"))
    assert await bodies(store) == ["yes"]


async def test_recovery_fences_every_lease_of_another_owner(store: Store) -> None:
    lease, _ = await started(store)
    idle = await store.claim(OTHER, OWNER)
    await store.recover(NEXT_OWNER, says())
    await store.accept(inbound(2))
    await store.accept(inbound(3, OTHER))
    for old in (lease, idle):
        with pytest.raises(Fenced):
            await store.next(old)


async def test_a_turn_left_by_an_older_lease_is_interrupted_too(store: Store) -> None:
    await started(store)
    await store.claim(ROOM, NEXT_OWNER)
    assert len(await store.recover(NEXT_OWNER, says())) == 1


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
    sent = Piece(channel_id="c1", body="a\0\ud800🗝", reply_to="5")
    gone = Piece(channel_id="c2", action="delete", target_id="6")
    await store.post(notice(1), [sent, gone])
    assert [row.piece for row in await store.outbox_due("chat", 10)] == [sent, gone]


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
