"""A reply in place: first word at once, edits at the chat's pace, and nothing of it hurts the turn."""

import asyncio

import pytest

from bot.live_reply import REFRESH_S, TYPING_EVERY_S, LiveReply
from sessions.errors import StateError
from sessions.events import TextDelta, TextFinal, ToolStart
from sessions.store.values import Piece
from sessions.turn import LiveNote, Outcome
from tests.support.live_scene import ASK, DONE, OK, Scene, deleted, scene, turn
from tests.support.ports import FakePort, settled


async def test_the_first_words_are_shown_at_once_and_without_a_push() -> None:
    async with scene() as it:
        it.reply.emit(TextDelta(text="Hello"))
        await settled()
        [shown] = it.port.messages.values()
        assert shown.body == "Hello\n-# 0 s"
        assert shown.silent
        assert it.noted == [shown.id]


async def test_edits_keep_the_pace_and_show_the_newest_alone() -> None:
    async with scene() as it:
        it.reply.emit(TextDelta(text="a"))
        await settled()
        for letter in "bcdefg":
            it.reply.emit(TextDelta(text=letter))
            await it.pass_s(0.1)
        assert it.port.asked("edit") == []
        await it.pass_s(0.4)
        assert it.port.asked("edit") == ["abcdefg\n-# 1 s"]


async def test_a_tool_is_shown_and_its_time_goes_on() -> None:
    async with scene() as it:
        it.reply.emit(ToolStart(id="t", name="Bash", title="ls"))
        await settled()
        assert it.port.bodies() == ["-# 💻 Bash: ls · 0 s"]
        await it.pass_s(REFRESH_S)
        assert it.port.bodies() == ["-# 💻 Bash: ls · 5 s"]


async def test_half_an_hour_of_a_turn_keeps_its_pace_and_gathers_no_tasks() -> None:
    async with scene() as it:
        tasks: list[int] = []
        for number in range(1800 // 4):
            it.reply.emit(TextDelta(text=f"word {number} "))
            await it.pass_s(4)
            tasks.append(len(asyncio.all_tasks()))
        assert max(tasks) == max(tasks[:10])
        assert len(it.port.asked("typing")) == 1 + 1800 // TYPING_EVERY_S
        assert len(it.port.asked("edit")) == 1800 // 4 - 1
        assert len(it.port.messages) == 1


async def test_an_answer_that_is_complete_before_the_first_send_has_no_live_message() -> None:
    async with scene() as it:
        it.reply.emit(TextDelta(text="one two"))
        it.reply.emit(TextFinal(text="one two"))
        it.reply.emit(DONE)
        await settled()
        assert await it.reply.pieces(OK) == [Piece(channel_id="1", body="one two", reply_to="50")]
    assert it.port.asked("send") == []


async def test_the_pieces_answer_the_prompt_and_remove_the_live_message_last() -> None:
    async with scene() as it:
        it.reply.emit(TextDelta(text="one"))
        await settled()
        pieces = await it.reply.pieces(Outcome(status="ok", text="word " * 600))
        assert [piece.reply_to for piece in pieces] == ["50", None, None]
        assert deleted(*pieces) == it.noted
        assert pieces[-1].action == "delete"


async def test_a_send_that_is_under_way_is_waited_for_so_that_it_can_be_removed() -> None:
    port = FakePort()
    port.held = asyncio.Event()
    async with scene(port) as it:
        it.reply.emit(TextDelta(text="one"))
        await settled()
        async with asyncio.TaskGroup() as tasks:
            ending = tasks.create_task(it.reply.pieces(OK))
            await settled()
            assert not ending.done()
            port.held.set()
        assert deleted(*ending.result()) == it.noted


async def test_nothing_is_edited_after_the_pieces_were_made() -> None:
    async with scene() as it:
        it.reply.emit(TextDelta(text="one"))
        await settled()
        await it.reply.pieces(OK)
        it.reply.emit(TextDelta(text="two"))
        await it.pass_s(60)
        assert it.port.asked("edit") == []


async def test_a_reply_that_was_never_entered_has_its_pieces_all_the_same() -> None:
    it = Scene(FakePort())
    assert await it.reply.pieces(OK) == [Piece(channel_id="1", body="one two", reply_to="50")]


async def test_a_bug_in_the_picture_does_not_end_the_turn(caplog: pytest.LogCaptureFixture) -> None:
    it = Scene(FakePort())

    async def broken(live: LiveNote) -> None:
        if live.message_id is not None:
            raise RuntimeError("a bug")

    it.reply = LiveReply(
        port=it.port, turn=turn(), note=broken, asks=it.asks, clock=it.clock, nonce=str, ask_limit_s=1
    )
    async with it.reply:
        it.reply.emit(TextDelta(text="one"))
        await settled()
        [answer, _gone] = await it.reply.pieces(OK)
        assert answer.body == "one two"
    assert "a part of a live reply broke" in caplog.text


async def test_the_turn_keeps_its_own_error() -> None:
    async def broken_turn() -> None:
        async with scene() as it:
            it.reply.emit(TextDelta(text="one"))
            raise ValueError("the turn's own")

    with pytest.raises(ValueError, match="the turn's own"):
        await broken_turn()


async def test_typing_shows_while_the_turn_runs_but_not_while_a_person_is_waited_for() -> None:
    async with scene() as it:
        assert it.port.asked("typing") == ["1"]
        await it.pass_s(TYPING_EVERY_S)
        assert it.port.asked("typing") == ["1", "1"]
        it.reply.emit(ASK)
        await it.pass_s(TYPING_EVERY_S)
        assert it.port.asked("typing") == ["1", "1"]


async def test_a_chat_without_edits_shows_nothing_live() -> None:
    async with scene(FakePort(can_edit=False, has_buttons=False, can_type=False)) as it:
        it.reply.emit(TextDelta(text="one"))
        it.reply.emit(ASK)
        await settled()
        assert it.port.log == []


async def test_the_store_knows_of_a_live_message_before_the_chat_does() -> None:
    port = FakePort()
    port.held = asyncio.Event()
    async with scene(port) as it:
        it.reply.emit(TextDelta(text="one"))
        await settled()
        assert it.notes == [LiveNote(nonce="nonce0")]
        assert not port.messages
        port.held.set()
        await settled()
        assert it.notes[1:] == [LiveNote(nonce="nonce0", message_id=next(iter(port.messages)))]


async def test_nothing_live_is_shown_that_the_store_did_not_take() -> None:
    it = Scene(FakePort())
    it.store_error = StateError("The disk is full.")
    async with it.reply:
        it.reply.emit(TextDelta(text="one"))
        it.reply.emit(ASK)
        await settled()
        assert not it.port.messages
        assert [piece.body for piece in await it.reply.pieces(OK)] == ["one two"]


async def test_the_live_message_says_how_many_wait_behind_the_turn() -> None:
    async with scene() as it:
        it.reply.waiting(2)
        await settled()
        assert it.port.bodies() == []
        it.reply.emit(TextDelta(text="one"))
        await settled()
        assert it.port.bodies() == ["one\n-# 0 s · 2 waiting"]
        it.reply.waiting(0)
        await it.pass_s(1.1)
        assert it.port.bodies() == ["one\n-# 1 s"]


async def test_a_further_start_is_marked_in_the_live_message_and_in_the_answer() -> None:
    it = Scene(FakePort(), 2)
    async with it.reply:
        it.reply.emit(TextDelta(text="one"))
        await settled()
        assert it.port.bodies() == ["-# Started again after a restart.\none\n-# 0 s"]
        [answer, _removal] = await it.reply.pieces(OK)
        assert answer.body == "-# Started again after a restart.\none two"


async def test_a_turn_that_ends_while_the_store_is_told_shows_nothing_live() -> None:
    it, told = Scene(FakePort()), asyncio.Event()

    async def slow(_live: LiveNote) -> None:
        await told.wait()

    it.reply = LiveReply(
        port=it.port, turn=turn(), note=slow, asks=it.asks, clock=it.clock, nonce=str, ask_limit_s=1
    )
    async with it.reply:
        it.reply.emit(TextDelta(text="one"))
        await settled()
        it.reply.emit(DONE)
        told.set()
        assert await it.reply.pieces(OK) == [Piece(channel_id="1", body="one two", reply_to="50")]
    assert not it.port.messages
