"""What every store promises about the outbox: order, retries, nonces."""

import pytest

from sessions.store import Store
from sessions.store.values import STORE_ID, Button, Piece, piece_nonce
from tests.support.clocks import SetClock
from tests.support.store_scenes import bodies, started
from tests.support.store_values import notice, piece, result


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
