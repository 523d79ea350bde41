"""The cards of one turn: whole or without a yes, changed by answers, expired when it is cut off."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

from bot.chat import ChatError, ChatRefused, FilesRefused, MessageGone
from bot.left_cards import SCOPE
from bot.live_reply import LiveReply
from bot.open_asks import OpenAsks, short_name
from bot.questions import finish, note
from sessions.errors import StateError
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
        self.clock = SetClock()
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
            clock=self.clock,
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


async def test_of_a_card_that_is_refused_it_is_said_that_it_is_there_and_that_it_expired() -> None:
    port = FakePort()
    port.faults = {"send": [ChatRefused()]}
    async with desk(port) as it:
        it.reply.emit(ASK)
        await settled()
        assert "Use `/status` here" in it.card
        assert labels(port) == []
        [entry] = it.asks.of_turn(it.turn.id)
        assert "ls" in entry.view().text  # which `/status` shows
        it.reply.emit(AskWithdrawn(id="a1", reason="expired"))
        await settled()
        assert it.card == "-# Bash: ls · nobody answered in time, so it was denied"


async def test_where_nothing_at_all_can_be_said_it_is_tried_again_for_the_end_alone() -> None:
    port = FakePort()
    port.faults = {"send": [ChatRefused(), ChatRefused()]}
    async with desk(port) as it:
        it.reply.emit(ASK)
        await settled()
        it.reply.emit(TWO)
        await settled()
        assert [message.body.startswith("1 of 2") for message in port.messages.values()] == [True]
        for ask in ("a1", "q1"):
            it.reply.emit(AskWithdrawn(id=ask, reason="expired"))
            await settled()
        assert port.bodies() == [
            "-# Which? · nobody answered in time, so it was denied",
            "-# Bash: ls · nobody answered in time, so it was denied",
        ]


async def test_of_an_ask_that_expired_before_its_card_was_sent_it_is_said_once() -> None:
    port = FakePort()
    port.faults = {"landed": [ChatError()]}
    async with desk(port) as it:
        it.reply.emit(ASK)
        it.reply.emit(AskWithdrawn(id="a1", reason="expired"))
        it.reply.emit(TWO)
        it.reply.emit(AskWithdrawn(id="q1", reason="agent"))
        await settled()
        it.clock.pass_s(6)
        await settled()
        assert it.card == "-# Bash: ls · nobody answered in time, so it was denied"


async def test_a_card_that_is_deleted_is_sent_again_but_not_for_ever() -> None:
    async with desk() as it:
        it.reply.emit(ASK)
        await settled()
        for is_whole in (True, True, False):
            [(name, message)] = it.port.messages.items()
            assert message.buttons
            del it.port.messages[name]
            it.asks.lost(name)
            await settled()
            assert ("Allow once" in labels(it.port)) == is_whole
            assert ("deleted again and again" in it.card) != is_whole
        [name] = it.port.messages
        del it.port.messages[name]
        it.asks.lost(name)
        await settled()
        assert not it.port.messages
        assert len(set(it.port.nonces)) == len(it.port.nonces)  # else a chat would give the deleted one
        it.reply.emit(AskWithdrawn(id="a1", reason="expired"))
        await settled()
        assert it.card == "-# Bash: ls · nobody answered in time, so it was denied"


async def test_a_deleted_card_of_several_questions_comes_again_with_the_next_one() -> None:
    async with desk() as it:
        it.reply.emit(TWO)
        await settled()
        [entry] = it.asks.of_turn(it.turn.id)
        it.port.faults = {"edit": [MessageGone()]}  # that it was deleted is not known yet
        [gone] = it.port.messages
        del it.port.messages[gone]
        note(entry, "this")
        await finish(entry, "ann", Rooms(), is_elsewhere=True)
        await settled()
        assert "2 of 2" in it.card
        it.asks.lost(gone)  # the gateway says so as well, and later
        await settled()
        assert "2 of 2" in it.card
        assert it.asks.of_message(next(iter(it.port.messages))) is entry


async def test_a_card_that_cannot_be_changed_can_still_be_answered() -> None:
    async with desk() as it:
        it.reply.emit(TWO)
        await settled()
        [entry] = it.asks.of_turn(it.turn.id)
        it.port.faults = {"edit": [ChatRefused()]}
        note(entry, "this")
        await finish(entry, "ann", Rooms(), is_elsewhere=True)
        await settled()
        assert "1 of 2" in it.card
        assert it.asks.of_message(next(iter(it.port.messages))) is entry
        it.reply.emit(AskWithdrawn(id="q1", reason="agent"))
        await settled()
        assert it.card == "-# Which? · the agent does not ask any more"


async def test_of_a_card_that_may_never_have_arrived_it_is_said_once_that_nobody_answered() -> None:
    for arrived in (True, False):
        port = FakePort()
        port.faults = {"landed" if arrived else "send": [ChatError()]}
        async with desk(port) as it:
            it.reply.emit(ASK)
            await settled()
            it.reply.emit(AskWithdrawn(id="a1", reason="expired"))
            await settled()
            it.clock.pass_s(6)
            await settled()
            assert it.card == "-# Bash: ls · nobody answered in time, so it was denied"


async def test_a_reply_changes_the_card_to_the_next_question_and_then_to_the_summary() -> None:
    async with desk() as it:
        it.reply.emit(TWO)
        await settled()
        entry = it.asks.entry(it.turn.id, short_name("q1"))
        assert entry is not None
        assert it.asks.of_message(next(iter(it.port.messages))) is entry
        note(entry, "this")
        await finish(entry, "ann", Rooms(), is_elsewhere=True)
        await settled()
        assert "2 of 2" in it.card
        note(entry, "because")
        await finish(entry, "ann", Rooms(), is_elsewhere=True)
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


async def test_what_may_not_have_been_seen_whole_when_the_process_died_is_not_allowed_after_it() -> None:
    port = FakePort()
    port.held = asyncio.Event()  # its file is on its way
    async with desk(port) as it:
        it.reply.emit(LONG)
        await settled()
        [piece] = [piece for piece in await it.opened().pieces(CUT) if piece.action == "fold"]
        assert [button.label for button in piece.buttons] == ["Deny and drop"]
        port.held.set()
        await settled()
        pieces = await it.opened().pieces(CUT)
        assert [[button.label for button in one.buttons][:1] for one in pieces if one.buttons] == [
            ["Allow and continue"]
        ]


async def test_a_card_of_a_turn_that_goes_on_by_itself_keeps_its_buttons() -> None:
    async with desk() as it:
        it.reply.emit(ASK)
        await settled()
        [piece] = [
            piece for piece in await it.reply.pieces(replace(CUT, decision="continue")) if piece.buttons
        ]
        assert [button.label for button in piece.buttons] == ["Allow and continue", "Deny and drop"]


async def test_a_card_that_is_over_is_not_remembered_also_if_the_store_takes_that_late() -> None:
    for failure in (None, StateError()):
        async with desk() as it:
            it.reply.emit(ASK)
            await settled()
            assert "nonce" in it.facts.kept[SCOPE, it.turn.key]
            it.facts.failure = failure
            it.reply.emit(AskWithdrawn(id="a1", reason="expired"))
            await settled()
            it.facts.failure = None
            it.clock.pass_s(6)
            await settled()
            pieces = await it.opened().pieces(CUT)
            assert not [piece for piece in pieces if piece.action != "send"]
