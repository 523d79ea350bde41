"""The cards of one turn: whole or without a yes, changed by answers, expired when it is cut off."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

from bot.chat import ChatRefused, FilesRefused
from bot.left_cards import SCOPE
from bot.live_reply import LiveReply
from bot.open_asks import OpenAsks, short_name
from bot.questions import finish, note
from sessions.events import AskWithdrawn, PermissionAsk, Question, QuestionAsk, Started
from sessions.store.values import Piece
from sessions.turn import LiveNote, Outcome
from tests.support.clocks import SetClock
from tests.support.desk_rooms import FactsInMemory, Rooms
from tests.support.desk_rooms import turn as made_turn
from tests.support.ports import FakePort, settled

ASK = PermissionAsk(id="a1", tool="Bash", title="ls", arguments={"command": "ls"}, fingerprint="f" * 32)
LONG = PermissionAsk(id="a2", tool="Bash", title="x", arguments={"command": "x" * 5000})
TWO = QuestionAsk(id="q1", questions=(Question(text="Which?"), Question(text="Why?")))
CUT = Outcome(status="interrupted")


class Desk:
    """A reply on a chat in memory."""

    def __init__(self, port: FakePort) -> None:
        self.port = port
        self.facts = FactsInMemory()
        self.asks = OpenAsks(self.facts)
        self.turn = made_turn(5)
        self.reply = self.opened()

    def opened(self) -> LiveReply:
        return LiveReply(
            port=self.port,
            turn=self.turn,
            note=self._note,
            asks=self.asks,
            clock=SetClock(),
            nonce=lambda part: f"nonce{part}",
            ask_limit_s=600,
        )

    async def _note(self, _live: LiveNote) -> None:
        pass

    @property
    def card(self) -> str:
        [message] = self.port.messages.values()
        return message.body


@asynccontextmanager
async def desk(port: FakePort | None = None) -> AsyncGenerator[Desk]:
    it = Desk(port or FakePort())
    async with it.reply:
        await settled()
        yield it


def labels(port: FakePort) -> list[str]:
    [message] = port.messages.values()
    return [button.label for button in message.buttons]


async def test_a_card_says_where_the_agent_works() -> None:
    async with desk() as it:
        it.reply.emit(Started(agent_session_id="s", model="m", workdir="/srv/data/room"))
        it.reply.emit(ASK)
        await settled()
        assert "asked by ann · in data/room · closes <t:" in it.card


async def test_where_no_file_is_taken_a_long_request_can_only_be_denied() -> None:
    port = FakePort()
    port.faults = {"send": [FilesRefused(reason="forbidden")]}
    async with desk(port) as it:
        it.reply.emit(LONG)
        await settled()
        assert labels(port) == ["Deny", "Deny with a reason"]
        assert "can only be denied" in it.card


async def test_where_nothing_can_be_shown_it_is_tried_once() -> None:
    port = FakePort()
    port.faults = {"send": [ChatRefused()]}
    async with desk(port) as it:
        it.reply.emit(ASK)
        await settled()
        it.reply.emit(TWO)
        await settled()
        assert [message.body.startswith("1 of 2") for message in port.messages.values()] == [True]


async def test_a_reply_changes_the_card_to_the_next_question_and_then_to_the_summary() -> None:
    async with desk() as it:
        it.reply.emit(TWO)
        await settled()
        entry = it.asks.entry(it.turn.id, short_name("q1"))
        assert entry is not None
        assert it.asks.of_message(next(iter(it.port.messages))) is entry
        note(entry, "this")
        await finish(entry, "ann", Rooms(), is_reply=True)
        await settled()
        assert "2 of 2" in it.card
        note(entry, "because")
        await finish(entry, "ann", Rooms(), is_reply=True)
        it.reply.emit(AskWithdrawn(id="q1", reason="answered"))
        await settled()
        assert it.card == "-# Which? **this**\n-# Why? **because** · answered by ann"


async def test_a_card_of_a_turn_that_is_cut_off_says_so_and_that_of_the_turn_offers_its_yes() -> None:
    async with desk() as it:
        it.reply.emit(ASK)
        await settled()
        card = next(iter(it.port.messages))
        left = await it.reply.pieces(CUT)
    again = await it.opened().pieces(CUT)  # by another process
    for pieces in (left, again):
        [piece] = [piece for piece in pieces if piece.target_id == card]
        assert isinstance(piece, Piece)
        assert (piece.action, piece.target_nonce, piece.buttons) == ("fold", it.port.nonces[0], ())
        assert piece.body == "-# Bash: ls · expired: Roomkey was restarted before anybody answered"
        [offer] = [piece for piece in pieces if piece.buttons]
        assert offer.body.endswith("Allow and continue also says yes to what it asked above.")
        assert [button.label for button in offer.buttons] == [
            "Allow and continue",
            "Continue",
            "Retry",
            "Drop",
        ]


async def test_a_card_of_a_turn_that_goes_on_by_itself_keeps_its_buttons() -> None:
    async with desk() as it:
        it.reply.emit(ASK)
        await settled()
        [piece] = [
            piece for piece in await it.reply.pieces(replace(CUT, decision="continue")) if piece.buttons
        ]
        assert [button.label for button in piece.buttons] == ["Allow and continue", "Deny and drop"]


async def test_a_card_that_is_over_is_not_remembered() -> None:
    async with desk() as it:
        it.reply.emit(ASK)
        await settled()
        assert "nonce" in it.facts.kept[SCOPE, it.turn.key]
        it.reply.emit(AskWithdrawn(id="a1", reason="expired"))
        await settled()
        pieces = await it.opened().pieces(CUT)
        assert not [piece for piece in pieces if piece.action != "send"]
