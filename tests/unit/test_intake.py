"""What people are told about their messages: when they find no place, are edited, are deleted."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.access import Rules
from bot.chat import ChatRefused, Incoming, Person, Place
from bot.chat_discord.intake import Intake, Notices
from bot.desk import Desk
from bot.gate import Gate
from bot.open_asks import OpenAsks
from sessions.clock import SystemClock
from sessions.errors import QueueFull, StateError
from sessions.store import Store, open_store
from sessions.store.values import Piece, Prompt, Touched, Turn, TurnState
from tests.support.clocks import SetClock
from tests.support.desk_rooms import Rooms, turn
from tests.support.people import people
from tests.support.ports import FakePort

LAB = Place(platform="fake", channel_id="20", guild_id="1")
ANN, EVE = Person(id="7", name="ann"), Person(id="9", name="eve")


@dataclass
class Met(Rooms):
    """Rooms in which an edit or deletion meets a turn."""

    met: Turn | None = None
    changes: bool = True

    def edit(self, source: str, msg_id: int, prompt: Prompt) -> Awaitable[Touched]:
        return self._result(Touched(turn=self.met, changed=self.changes))

    def withdraw(self, source: str, msg_id: int) -> Awaitable[Touched]:
        return self._result(Touched(turn=self.met, changed=self.changes))


def intake(rooms: Rooms) -> tuple[Intake, FakePort]:
    gate = Gate(people=people(Rules(users=frozenset({"7"}))), listen_channels=(), reply_to=lambda _: "all")
    port = FakePort()
    return Intake(Desk(gate=gate, rooms=rooms, asks=OpenAsks()), port), port


def said(text: str = "hi", person: Person = ANN, *, mentions_others: bool = False) -> Incoming:
    return Incoming(place=LAB, person=person, message_id=99, text=text, mentions_others=mentions_others)


async def test_who_finds_no_place_is_told_and_it_is_remembered() -> None:
    rooms = Rooms(failure=QueueFull())
    it, port = intake(rooms)
    await it.said(said())
    (told,) = port.bodies("20")
    assert "too many prompts waiting" in told
    assert rooms.declined == [("fake", "20", 99, "too much was waiting in its room")]


@asynccontextmanager
async def full_room(data_dir: Path) -> AsyncGenerator[tuple[Intake, Rooms, SetClock, Store]]:
    """An intake with a real store for its notices, in front of a room that takes nothing."""
    rooms, clock = Rooms(failure=QueueFull()), SetClock()
    store = await open_store(data_dir, SystemClock())
    it, port = intake(rooms)
    yield replace(it, notices=Notices(store, (), lambda: None), clock=clock), rooms, clock, store
    assert port.log == []
    await store.close()


async def unsent(store: Store) -> list[Piece]:
    """Return what is to be sent, and regard it as sent."""
    found: list[Piece] = []
    while rows := await store.outbox_due("fake", 10):
        for row in rows:
            found.append(row.piece)
            await store.outbox_done(row.id, "1")
    return found


async def test_a_refusal_is_stored_and_counts_for_what_is_refused_right_after_it(tmp_path: Path) -> None:
    async with full_room(tmp_path) as (it, rooms, clock, store):
        await asyncio.gather(*(it.said(replace(said(), message_id=99 + n)) for n in range(100)))
        (piece,) = await unsent(store)
        assert "what is sent now is not taken" in piece.body
        assert piece.reply_to == "99"
        assert sorted(one[2] for one in rooms.declined) == list(range(99, 199))
        clock.pass_s(11)
        await it.said(replace(said(), message_id=500))
        (piece,) = await unsent(store)
        assert piece.reply_to == "500"


async def test_a_refusal_elsewhere_is_told_there(tmp_path: Path) -> None:
    async with full_room(tmp_path) as (it, _, _, store):
        await it.said(said())
        await it.said(replace(said(), message_id=100, place=replace(LAB, channel_id="21")))
        assert sorted(piece.channel_id for piece in await unsent(store)) == ["20", "21"]


async def test_a_notice_about_a_message_is_said_once_but_another_one_is_said_too(tmp_path: Path) -> None:
    async with full_room(tmp_path) as (it, _, _, store):
        assert it.notices is not None
        for text in ("one", "one", "two"):
            await it.notices.post(LAB, 99, text)
        assert [piece.body for piece in await unsent(store)] == ["one", "two"]


async def test_store_trouble_is_told_to_those_who_are_concerned_alone() -> None:
    it, port = intake(Rooms(failure=StateError("/secret is full")))
    await it.said(said(person=EVE))
    assert port.bodies("20") == []
    await it.said(said())
    (told,) = port.bodies("20")
    assert "cannot reach its own storage" in told
    assert "may find this message again later" in told
    assert "/secret" not in told


async def test_an_edit_of_what_waits_is_marked() -> None:
    it, port = intake(Met(met=turn(99, "hi")))
    await it.edited(said("new"))
    assert port.marks == {"99": ["✏️"]}
    assert port.bodies("20") == []


async def test_an_edit_that_changes_nothing_is_not_marked() -> None:
    it, port = intake(Met(met=turn(99, "hi"), changes=False))
    await it.edited(said("hi"))
    assert port.log == []


@pytest.mark.parametrize("state", [TurnState.RUNNING, TurnState.MERGED])
async def test_an_edit_of_what_is_worked_on_is_answered_with_how_to_stop_it(state: TurnState) -> None:
    it, port = intake(Met(met=turn(99, "hi", state=state), changes=False))
    await it.edited(said("new"))
    (told,) = port.bodies("20")
    assert "`/stop`" in told


async def test_what_runs_and_was_not_reworded_is_left_alone() -> None:
    it, port = intake(Met(met=turn(99, "hi", state=TurnState.RUNNING), changes=False))
    await it.edited(said("hi"))
    assert port.log == []


async def test_nothing_is_said_about_messages_that_were_never_accepted() -> None:
    it, port = intake(Met(met=None, changes=False))
    await it.edited(said("new"))
    await it.edited(said("new", EVE))
    await it.deleted("20", [99])
    assert port.log == []


async def test_what_is_readdressed_by_an_edit_is_dropped_with_a_word() -> None:
    it, port = intake(Met(met=turn(99, "hi", state=TurnState.CANCELLED)))
    await it.edited(said("@ben look", mentions_others=True))
    assert port.bodies("20") == ["-# Dropped what ann had waiting here."]


async def test_a_deletion_of_what_waits_is_said_without_its_words() -> None:
    it, port = intake(Met(met=turn(99, "my password is xyzzy", state=TurnState.CANCELLED)))
    await it.deleted("20", [99])
    assert port.bodies("20") == ["-# Dropped what ann had waiting here."]


async def test_many_deletions_at_once_are_one_word() -> None:
    it, port = intake(Met(met=turn(99, "hi", state=TurnState.CANCELLED)))
    await it.deleted("20", [97, 98, 99])
    assert port.bodies("20") == ["-# Dropped 3 messages that were waiting here."]


async def test_a_deletion_of_what_runs_or_is_done_says_nothing() -> None:
    it, port = intake(Met(met=turn(99, "hi", state=TurnState.RUNNING), changes=False))
    await it.deleted("20", [99])
    assert port.log == []


async def test_a_chat_or_store_that_refuses_breaks_nothing() -> None:
    it, port = intake(Met(met=turn(99, "hi")))
    port.faults = {"react": [ChatRefused()], "send": [ChatRefused()]}
    await it.edited(said("new"))
    await it.deleted("20", [99])
    it, _ = intake(Rooms(failure=StateError()))
    await it.edited(said("new"))
    await it.deleted("20", [99])


async def test_it_is_said_once_that_bots_have_had_their_turns() -> None:
    parrot = Person(id="8", name="parrot", is_bot=True)
    gate = Gate(people=people(Rules(bots=frozenset({"8"}))), listen_channels=(), reply_to=lambda _: "all")
    port = FakePort()
    it = Intake(Desk(gate=gate, rooms=Rooms(), asks=OpenAsks()), port)
    for number in range(6):
        await it.said(Incoming(place=LAB, person=parrot, message_id=number, text="hi", names_bot=True))
    (told,) = port.bodies("20")
    assert told == "-# Bots have had 3 answers in a row here. I answer them again when a person writes to me."
