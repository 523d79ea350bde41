"""What every store promises about receipts: which message shows which state."""

from dataclasses import replace

from sessions.keys import TurnId
from sessions.store import Store
from sessions.store.values import ChatAddress, Receipt, Settle, Take, TurnState
from tests.support.store_scenes import NEXT_OWNER, cut_off, due_receipts, started
from tests.support.store_values import OTHER, ROOM, inbound, result


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


async def test_a_message_that_is_held_up_by_others_shows_that_it_waits(store: Store) -> None:
    await store.accept(inbound(1))
    await store.accept(replace(inbound(2, OTHER), held=True))
    assert await due_receipts(store) == {"2": "queued"}


async def test_the_first_message_of_a_paused_room_shows_that_it_waits(store: Store) -> None:
    await store.pause(ROOM, paused=True)
    await store.accept(inbound(1))
    assert await due_receipts(store) == {"1": "queued"}
