"""What every store promises about messages: edits, deletions, their fate, and where a catch-up begins."""

import pytest

from sessions.errors import QueueFull
from sessions.store import Store
from sessions.store.values import Fate, Kind, Prompt, Take, Touched, TurnState
from tests.support.clocks import SetClock
from tests.support.store_scenes import OWNER, started
from tests.support.store_values import OTHER, ROOM, inbound, result


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


async def test_a_message_that_was_meant_for_us_is_not_looked_for_again(store: Store) -> None:
    await store.decline("chat", "c-other", 5, "not for us")
    assert "c-other" not in await store.cursors("chat")
    await store.decline("chat", "c-room", 6, "too much waits", addressed=True)
    assert (await store.cursors("chat"))["c-room"] == 6
