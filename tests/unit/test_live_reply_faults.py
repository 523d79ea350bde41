"""A live reply on a chat that refuses and loses messages: it makes up for them, and leaves none behind."""

import pytest

from bot.chat import ChatError, ChatRefused
from sessions.events import AskWithdrawn, TextDelta
from sessions.store.values import Piece
from tests.support.live_scene import ASK, OK, deleted, scene
from tests.support.ports import FakePort, settled


async def test_a_deleted_live_message_is_replaced_under_another_nonce() -> None:
    async with scene() as it:
        it.reply.emit(TextDelta(text="one"))
        await settled()
        it.port.messages.clear()
        it.reply.emit(TextDelta(text=" two"))
        await it.pass_s(2)
        await it.pass_s(2)
        assert len(it.port.bodies()) == 1
        assert len(set(it.port.nonces)) == 2
        assert deleted(*await it.reply.pieces(OK)) == it.noted[1:]


@pytest.mark.parametrize("error", [ChatError(), ChatError(retry_after_s=3), ChatRefused()])
async def test_a_chat_that_refuses_live_messages_costs_the_picture_alone(error: ChatError) -> None:
    port = FakePort()
    port.faults = {"send": [error], "typing": [error]}
    async with scene(port) as it:
        it.reply.emit(TextDelta(text="one"))
        await settled()
        [answer, *_] = await it.reply.pieces(OK)
        assert answer == Piece(channel_id="1", body="one two", reply_to="50")


async def test_a_failed_first_send_is_tried_again_when_the_chat_allows() -> None:
    port = FakePort()
    port.faults = {"send": [ChatError(retry_after_s=3)]}
    async with scene(port) as it:
        it.reply.emit(TextDelta(text="one"))
        await settled()
        await it.pass_s(2)
        assert port.bodies() == []
        await it.pass_s(1)
        assert port.bodies() == ["one\n-# 3 s"]


async def test_a_live_message_whose_answer_got_lost_is_removed_by_its_nonce() -> None:
    port = FakePort()
    port.faults = {"landed": [ChatError("The connection was reset.")]}
    async with scene(port) as it:
        it.reply.emit(TextDelta(text="one"))
        await settled()
        assert len(port.messages) == 1
        [_answer, removal] = await it.reply.pieces(OK)
        assert removal == Piece(channel_id="1", target_nonce=port.nonces[0], action="delete")


async def test_a_live_message_whose_answer_got_lost_is_edited_from_then_on() -> None:
    port = FakePort()
    port.faults = {"landed": [ChatError("The connection was reset.")]}
    async with scene(port) as it:
        it.reply.emit(TextDelta(text="one"))
        await settled()
        await it.pass_s(1.1)
        it.reply.emit(TextDelta(text=" two"))
        await it.pass_s(1.1)
        assert port.bodies() == ["one two\n-# 2 s"]
        assert it.noted == list(port.messages)


async def test_a_failed_edit_is_made_up_for() -> None:
    async with scene() as it:
        it.reply.emit(TextDelta(text="one"))
        await settled()
        it.port.faults = {"edit": [ChatError()]}
        it.reply.emit(TextDelta(text=" two"))
        await it.pass_s(1)
        await it.pass_s(1)
        assert it.port.bodies() == ["one two\n-# 2 s"]


async def test_a_card_whose_answer_got_lost_is_removed_by_its_nonce() -> None:
    port = FakePort()
    port.faults = {"landed": [ChatError("The connection was reset.")]}
    async with scene(port) as it:
        it.reply.emit(ASK)
        await settled()
        [_answer, removal] = await it.reply.pieces(OK)
        assert removal == Piece(channel_id="1", target_nonce=port.nonces[0], action="delete")


async def test_a_card_is_sent_again_until_the_chat_takes_it() -> None:
    port = FakePort()
    port.faults = {"send": [ChatError()]}
    async with scene(port) as it:
        it.reply.emit(ASK)
        await settled()
        assert not port.messages
        await it.pass_s(5)
        assert len(port.messages) == 1
        assert len(set(port.nonces)) == 1


async def test_a_card_that_a_person_deleted_is_let_go(caplog: pytest.LogCaptureFixture) -> None:
    async with scene() as it:
        it.reply.emit(ASK)
        await settled()
        it.port.messages.clear()
        it.reply.emit(AskWithdrawn(id="a1", reason="expired"))
        await settled()
        assert deleted(*await it.reply.pieces(OK)) == []
    assert "cannot be shown" not in caplog.text
