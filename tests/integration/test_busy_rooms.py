"""What becomes of a message that comes during a turn, and of a room that is held up."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from sessions.keys import session_key
from sessions.store.values import Settle, TurnState
from tests.support.rooms import House, house

LAB = session_key("lab")
SCRIPT = """
[[turn]]
match = "work"
[[turn.step]]
tool = "Bash"
title = "make"
[[turn.step]]
wait_s = 0.3
[[turn.step]]
text = "made it"
[[turn]]
match = "crash"
[[turn.step]]
tool = "Bash"
title = "make"
[[turn.step]]
wait_s = 0.3
[[turn.step]]
exit = 3
[[turn]]
match = "think"
[[turn.step]]
hang = true
[[turn]]
match = "hang"
[[turn.step]]
tool = "Bash"
title = "sleep"
[[turn.step]]
hang = true
"""


def outcomes(room: House) -> list[tuple[str, str, str]]:
    """What was asked, how it ended and what was answered, in the order the turns began."""
    return [
        (reply.turn.prompt.text, reply.outcome.status, reply.outcome.text)
        for reply in room.replies.ended()
        if reply.outcome is not None
    ]


async def test_a_message_waits_unless_the_room_says_otherwise(tmp_path: Path) -> None:
    async with house(tmp_path, script=SCRIPT) as room:
        await room.say("lab", "work")
        working = await room.replies.begun("work")
        await room.say("lab", "also")
        await room.say("lab", "and")
        assert working.waiting == 2
        await room.replies.until(3)
    assert [text for text, _, _ in outcomes(room)] == ["work", "also", "and"]


async def test_a_message_ends_the_running_turn_where_the_room_says_so(tmp_path: Path) -> None:
    async with house(tmp_path, script=SCRIPT, when_busy="interrupt") as room:
        await room.say("lab", "hang")
        await room.replies.begun("hang")
        await room.say("lab", "rather this")
        await room.replies.until(2)
    assert [(text, status) for text, status, _ in outcomes(room)] == [
        ("hang", "stopped"),
        ("rather this", "ok"),
    ]


async def test_a_first_message_interrupts_nothing(tmp_path: Path) -> None:
    async with house(tmp_path, when_busy="interrupt") as room:
        for number in range(20):
            await room.say("lab", str(number))
            await room.replies.until(number + 1)
    assert {status for _, status, _ in outcomes(room)} == {"ok"}


async def test_a_message_is_handed_to_the_running_turn_where_the_room_says_so(tmp_path: Path) -> None:
    async with house(tmp_path, script=SCRIPT, when_busy="steer") as room:
        await room.say("lab", "work")
        working = await room.replies.begun("work")
        more = await room.say("lab", "in green")
        while not (along := await room.store.merged(working.turn.id)):
            await asyncio.sleep(0.005)
        [reply] = await room.replies.until(1)
    assert [turn.id for turn in along] == [more.turn]
    assert reply.outcome is not None
    assert reply.outcome.text.startswith("made it")
    assert reply.outcome.text.endswith("in green")


@pytest.mark.parametrize(("ends", "state"), [("work", TurnState.DONE), ("crash", TurnState.FAILED)])
async def test_what_a_turn_took_along_ends_as_the_turn_ends(
    tmp_path: Path, ends: str, state: TurnState
) -> None:
    async with house(tmp_path, script=SCRIPT, when_busy="steer") as room:
        asked = await room.say("lab", ends)
        await room.replies.begun(ends)
        more = await room.say("lab", "in green")
        while not await room.store.merged(asked.turn):
            await asyncio.sleep(0.005)
        await room.replies.until(1)
        await room.say("lab", "next")
        await room.replies.until(2)
        turn = await room.store.turn(more.turn)
    assert turn is not None
    assert turn.state is state


async def test_a_turn_takes_nothing_along_that_was_said_elsewhere(tmp_path: Path) -> None:
    async with house(tmp_path, script=SCRIPT, when_busy="steer") as room:
        await room.say("lab", "work")
        await room.replies.begun("work")
        row = room.row("lab", "from another channel")
        await room.manager.accept(replace(row, address=replace(row.address, channel_id="desk")))
        await room.replies.until(2)
    assert [text for text, _, _ in outcomes(room)] == ["work", "from another channel"]


async def test_a_paused_room_gives_its_turn_nothing_along(tmp_path: Path) -> None:
    async with house(tmp_path, script=SCRIPT, when_busy="steer") as room:
        await room.say("lab", "work")
        await room.replies.begun("work")
        await room.manager.pause(LAB, paused=True)
        await room.say("lab", "later")
        await room.replies.until(1)
        assert [turn.prompt.text for turn in (await room.manager.queue(LAB)).waiting] == ["later"]


async def test_a_stop_gives_back_what_an_idle_turn_took_along(tmp_path: Path) -> None:
    async with house(tmp_path, script=SCRIPT, when_busy="steer", grace_s=0.0) as room:
        asked = await room.say("lab", "think")
        while (await room.manager.status(LAB)).state != "running":
            await asyncio.sleep(0.005)
        while not await room.store.merged(asked.turn):
            await room.say("lab", "in green")
            await asyncio.sleep(0.02)
    async with house(tmp_path) as room:
        replies = await room.replies.until(2)
    assert [reply.turn.prompt.text for reply in replies][:2] == ["think", "in green"]


async def test_a_message_that_interrupts_is_never_stopped_itself(tmp_path: Path) -> None:
    async with house(tmp_path, when_busy="interrupt") as room:
        for number in range(100):
            await room.say("lab", str(number))
        await room.say("lab", "last")
        while not any(text == "last" for text, _, _ in outcomes(room)):
            await asyncio.sleep(0.005)
    assert outcomes(room)[-1][:2] == ("last", "ok")


async def test_what_cannot_be_handed_over_runs_after_the_turn(tmp_path: Path) -> None:
    async with house(tmp_path, script=SCRIPT, when_busy="steer") as room:
        await room.say("lab", "hang")
        await room.replies.begun("hang")
        assert room.manager.stop(LAB)
        await room.say("lab", "after")
        await room.replies.until(2)
    assert [(text, status) for text, status, _ in outcomes(room)] == [("hang", "stopped"), ("after", "ok")]


async def test_what_a_turn_took_along_is_not_lost_when_it_is_tried_again(tmp_path: Path) -> None:
    async with house(tmp_path, script=SCRIPT, when_busy="steer", grace_s=0.0) as room:
        asked = await room.say("lab", "hang")
        await room.replies.begun("hang")
        more = await room.say("lab", "in green")
        while not await room.store.merged(asked.turn):
            await asyncio.sleep(0.005)
    async with house(tmp_path) as room:
        assert await room.manager.settle(asked.turn, Settle.RETRY)
        [reply] = await room.replies.until(1)
    assert reply.outcome is not None
    assert "in green" in reply.outcome.text
    assert more.turn != reply.turn.id


async def test_a_paused_room_starts_nothing_until_it_goes_on_also_after_a_restart(tmp_path: Path) -> None:
    async with house(tmp_path) as room:
        await room.say("lab", "first")
        await room.replies.until(1)
        assert await room.manager.pause(LAB, paused=True)
        assert not await room.manager.pause(LAB, paused=True)
        await room.say("lab", "second")
        await room.say("desk", "elsewhere")
        await room.replies.until(2)
    async with house(tmp_path) as room:
        queue = await room.manager.queue(LAB)
        assert (queue.paused, [turn.prompt.text for turn in queue.waiting]) == (True, ["second"])
        assert await room.manager.pause(LAB, paused=False)
        [reply] = await room.replies.until(1)
    assert reply.turn.prompt.text == "second"


async def test_the_queue_can_be_changed_while_a_turn_runs(tmp_path: Path) -> None:
    async with house(tmp_path, script=SCRIPT) as room:
        await room.say("lab", "hang")
        hanging = await room.replies.begun("hang")
        turns = {text: (await room.say("lab", text)).turn for text in ("a", "b", "c", "d")}
        assert await room.manager.remove(LAB, turns["a"])
        assert not await room.manager.remove(LAB, turns["a"])
        assert await room.manager.move(LAB, turns["d"], "first")
        assert await room.manager.move(LAB, turns["c"], "up")
        assert hanging.waiting == 3
        assert [t.prompt.text for t in (await room.manager.queue(LAB)).waiting] == ["d", "c", "b"]
        room.manager.stop(LAB)
        await room.replies.until(4)
        assert [text for text, _, _ in outcomes(room)] == ["hang", "d", "c", "b"]
        await room.say("lab", "hang")
        await room.replies.begun("hang")
        await room.say("lab", "e")
        assert await room.manager.clear(LAB) == 1
        room.manager.stop(LAB)
        await room.replies.until(5)
        assert not (await room.manager.queue(LAB)).waiting
