"""What every store promises about accepting: order, what is known already, full rooms, what comes back."""

import asyncio

import pytest

from sessions.errors import QueueFull
from sessions.keys import TurnId, session_key
from sessions.store import Store
from sessions.store.values import (
    Attachment,
    ChatAddress,
    Origin,
    Prompt,
    TurnState,
)
from tests.support.clocks import SetClock
from tests.support.store_scenes import (
    OWNER,
    ids,
    started,
)
from tests.support.store_values import OTHER, ROOM, inbound, result


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
