"""The cards of a live reply: what asks for a decision, whose answer it took, and what is left of it."""

import pytest

from bot.approvals import parse_ask
from bot.chat import ChatError
from bot.questions import note
from sessions.errors import StateError
from sessions.events import AskWithdrawn, Question, QuestionAsk, TextDelta
from sessions.turn import LiveNote, Outcome
from tests.support.live_scene import ASK, OK, Scene, deleted, scene, turn
from tests.support.ports import FakePort, settled


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
        [entry] = it.asks.of_turn(click.turn)
        assert it.asks.entry(click.turn, click.ask) is entry
        assert entry.ask == ASK


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
        assert it.asks.entry(click.turn, click.ask) is None


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


async def test_a_card_that_arrived_unnoticed_shows_what_was_answered_meanwhile() -> None:
    port = FakePort()
    port.faults = {"landed": [ChatError()]}
    async with scene(port) as it:
        it.reply.emit(QuestionAsk(id="q1", questions=(Question(text="Which?"), Question(text="Why?"))))
        await settled()
        [card] = port.messages.values()
        [entry] = it.asks.of_turn(turn().id)
        note(entry, "this")
        entry.answered_elsewhere()
        await settled()
        assert "1 of 2" in card.body
        await it.pass_s(6)
        [card] = port.messages.values()
        assert "2 of 2" in card.body


async def test_a_card_does_not_make_the_store_forget_the_live_message() -> None:
    async with scene() as it:
        it.reply.emit(TextDelta(text="one"))
        await settled()
        it.reply.emit(ASK)
        await settled()
        assert len(it.port.messages) == 2
        assert {note.nonce for note in it.notes} == {it.port.nonces[0]}


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
