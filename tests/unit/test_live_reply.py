"""A reply in place: first word at once, edits at the chat's pace, and nothing of it hurts the turn."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.approvals import parse_ask
from bot.chat import ChatError, ChatRefused
from bot.live_reply import REFRESH_S, TYPING_EVERY_S, LiveReply
from bot.open_asks import OpenAsks
from sessions.errors import StateError
from sessions.events import AskWithdrawn, PermissionAsk, TextDelta, TextFinal, ToolStart, TurnDone
from sessions.keys import TurnId, session_key
from sessions.store.values import ChatAddress, Kind, Origin, Piece, Prompt, Turn, TurnState
from sessions.turn import LiveNote, Outcome
from tests.support.clocks import SetClock
from tests.support.ports import FakePort, settled

DONE = TurnDone(status="ok", agent_session_id="s", text="one two")
OK = Outcome(status="ok", text="one two")
ASK = PermissionAsk(id="a1", tool="Bash", title="ls", arguments={"command": "ls"})


def turn(attempt: int = 1, **more: Any) -> Turn:
    return Turn(
        id=TurnId(7),
        key=session_key("room"),
        kind=Kind.PROMPT,
        origin=Origin.HUMAN,
        state=TurnState.RUNNING,
        attempt=attempt,
        generation=0,
        address=ChatAddress(platform="fake", channel_id="1", message_id="50"),
        prompt=Prompt(text="hi"),
        created=datetime(2030, 1, 1, tzinfo=UTC),
        **more,
    )


class Scene:
    """A reply on a chat in memory, with a clock that the test moves."""

    def __init__(self, port: FakePort, attempt: int = 1) -> None:
        self.port = port
        self.clock = SetClock()
        self.asks = OpenAsks()
        self.notes: list[LiveNote] = []
        self.store_error: StateError | None = None
        self.reply = LiveReply(
            port=port,
            turn=turn(attempt),
            note=self._note,
            asks=self.asks,
            clock=self.clock,
            nonce=lambda part: f"nonce{part}",
            ask_limit_s=600,
        )

    @property
    def noted(self) -> list[str]:
        return [note.message_id for note in self.notes if note.message_id is not None]

    async def _note(self, live: LiveNote) -> None:
        if self.store_error is not None:
            raise self.store_error
        self.notes.append(live)

    async def pass_s(self, seconds: float) -> None:
        self.clock.pass_s(seconds)
        await settled()


@asynccontextmanager
async def scene(port: FakePort | None = None) -> AsyncGenerator[Scene]:
    made = Scene(port or FakePort())
    async with made.reply:
        await settled()
        yield made


def deleted(*pieces: Piece) -> list[str | None]:
    return [piece.target_id for piece in pieces if piece.action == "delete"]


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


async def test_an_ask_is_a_message_of_its_own_with_two_buttons() -> None:
    async with scene() as it:
        it.reply.emit(ASK)
        await settled()
        [card] = it.port.messages.values()
        assert "command: ls" in card.body
        assert not card.silent
        assert [button.label for button in card.buttons] == ["Allow once", "Deny", "Deny with a reason"]
        click = parse_ask(card.buttons[0].action)
        assert click is not None
        assert it.asks.find(click) == ASK


@pytest.mark.parametrize(
    ("reason", "line"),
    [
        ("expired", "-# Bash: ls · nobody answered in time, so it was denied"),
        ("agent", "-# Bash: ls · the agent does not ask any more"),
    ],
)
async def test_a_withdrawn_ask_becomes_one_line(reason: str, line: str) -> None:
    async with scene() as it:
        it.reply.emit(ASK)
        await settled()
        it.reply.emit(AskWithdrawn(id="a1", reason=reason))  # type: ignore[arg-type]
        await settled()
        [card] = it.port.messages.values()
        assert (card.body, card.buttons) == (line, ())


async def test_the_card_of_an_answered_ask_belongs_to_who_answered() -> None:
    async with scene() as it:
        it.reply.emit(ASK)
        await settled()
        it.reply.emit(AskWithdrawn(id="a1", reason="answered"))
        await settled()
        assert it.port.asked("edit") == []
        assert deleted(*await it.reply.pieces(OK)) == []


async def test_a_card_that_is_open_when_the_turn_ends_goes_with_it() -> None:
    async with scene() as it:
        it.reply.emit(ASK)
        await settled()
        [card] = it.port.messages.values()
        click = parse_ask(card.buttons[0].action)
        assert deleted(*await it.reply.pieces(OK)) == [card.id]
        assert click is not None
        assert it.asks.find(click) is None


async def test_a_card_that_a_person_deleted_is_let_go(caplog: pytest.LogCaptureFixture) -> None:
    async with scene() as it:
        it.reply.emit(ASK)
        await settled()
        it.port.messages.clear()
        it.reply.emit(AskWithdrawn(id="a1", reason="expired"))
        await settled()
        assert deleted(*await it.reply.pieces(OK)) == []
    assert "cannot be shown" not in caplog.text


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


async def test_a_card_is_announced_to_the_store_and_shown_when_it_takes_it() -> None:
    it = Scene(FakePort())
    it.store_error = StateError("The disk is full.")
    async with it.reply:
        it.reply.emit(ASK)
        await settled()
        it.store_error = None
        await it.pass_s(5)
        assert it.notes == [LiveNote(nonce=str(it.port.nonces[0]))]
        assert len(it.port.messages) == 1


async def test_a_card_does_not_make_the_store_forget_the_live_message() -> None:
    async with scene() as it:
        it.reply.emit(TextDelta(text="one"))
        await settled()
        it.reply.emit(ASK)
        await settled()
        assert len(it.port.messages) == 2
        assert {note.nonce for note in it.notes} == {it.port.nonces[0]}


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


async def test_the_last_message_of_an_interrupted_turn_asks_what_to_do() -> None:
    it = Scene(FakePort())
    pieces = await it.reply.pieces(Outcome(status="interrupted", partial="word " * 600))
    assert [[button.label for button in piece.buttons] for piece in pieces] == [
        [],
        [],
        ["Continue", "Retry", "Drop"],
    ]
    assert "word" not in pieces[-1].body
    assert pieces[-1].buttons[0].action == "rk:continue:7"


@pytest.mark.parametrize(
    ("port", "outcome"),
    [
        (FakePort(), Outcome(status="interrupted", decision="drop")),
        (FakePort(), Outcome(status="interrupted", decision="continue")),
        (FakePort(has_buttons=False), Outcome(status="interrupted")),
        (FakePort(), OK),
    ],
)
async def test_what_is_decided_or_cannot_be_clicked_has_no_buttons(port: FakePort, outcome: Outcome) -> None:
    [piece] = await Scene(port).reply.pieces(outcome)
    assert piece.buttons == ()


async def test_a_card_whose_answer_got_lost_is_removed_by_its_nonce() -> None:
    port = FakePort()
    port.faults = {"landed": [ChatError("The connection was reset.")]}
    async with scene(port) as it:
        it.reply.emit(ASK)
        await settled()
        [_answer, removal] = await it.reply.pieces(OK)
        assert removal == Piece(channel_id="1", target_nonce=port.nonces[0], action="delete")


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
