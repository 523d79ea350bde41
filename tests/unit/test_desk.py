"""Every way in asks the same gate and reaches the same session."""

from collections.abc import Awaitable
from dataclasses import replace
from typing import Any

import pytest

from bot.access import Deny, Rules, Tier
from bot.approvals import AskClick
from bot.chat import Incoming, Person, Place
from bot.commands import COMMANDS
from bot.commands.reset import RESET
from bot.commands.status import STATUS
from bot.commands.stop import STOP
from bot.desk import Desk
from bot.gate import Admitted, Gate, gate_of, rules_of
from bot.loops import SPENT, BotsTalk
from bot.open_asks import OpenAsks, short_name
from bot.routing import Silence
from bot.said import Said
from bot.settings import ChannelSettings, DiscordSettings, Settings
from sessions.agents.base import Allow
from sessions.errors import AlreadyDecided, NotAllowed
from sessions.events import PermissionAsk
from sessions.keys import TurnId, session_key
from sessions.store.said import Asker
from sessions.store.values import Attachment, ChatAddress, Prompt, Quote
from tests.support.desk_rooms import Rooms
from tests.support.people import people

ANN, EVE = Person(id="7", name="ann"), Person(id="9", name="eve")
PLACES = [
    pytest.param(Place(platform="chat", channel_id="10", guild_id="1"), "default", id="listen channel"),
    pytest.param(Place(platform="chat", channel_id="20", guild_id="1"), "20", id="channel"),
    pytest.param(Place(platform="chat", channel_id="30", guild_id="1", parent_id="10"), "30", id="thread"),
    pytest.param(Place(platform="chat", channel_id="40", guild_id=None), "40", id="direct message"),
]
LAB = Place(platform="chat", channel_id="20", guild_id="1")
ASK = PermissionAsk(id="a1", tool="Bash", title="ls")


def desk() -> tuple[Desk, Rooms]:
    rooms, asks = Rooms(turns={TurnId(5): session_key("20")}), OpenAsks()
    asks.add(TurnId(5), ASK)
    gate = Gate(
        people=people(Rules(operators=frozenset({"7"}), owners=frozenset({"1"}))),
        listen_channels={"10"},
        reply_to=lambda _: "all",
    )
    return Desk(gate=gate, rooms=rooms, asks=asks), rooms


def said(place: Place, person: Person = ANN, **more: Any) -> Incoming:
    return Incoming(place=place, person=person, message_id=99, text="hi", **more)


@pytest.mark.parametrize(("place", "key"), PLACES)
async def test_messages_commands_and_clicks_reach_the_key_of_their_place(place: Place, key: str) -> None:
    it, rooms = desk()
    assert await it.take(said(place)) is not None
    assert [row.key for row in rooms.rows] == [key]
    for command in (STATUS, STOP, RESET):
        await it.interactions.call(command, ANN, place, 1, {})
    assert rooms.stopped == [key]
    assert [row.key for row in rooms.rows] == [key, key]
    rooms.turns[TurnId(5)] = session_key(key)
    await it.interactions.click(AskClick("allow", TurnId(5), short_name("a1")), ANN, place)
    assert rooms.decided == [(5, "a1", Allow())]


@pytest.mark.parametrize(("place", "_key"), PLACES)
async def test_who_is_not_allowed_reaches_nothing(place: Place, _key: str) -> None:
    it, rooms = desk()
    assert await it.take(said(place, EVE)) is None
    assert it.edit(said(place, EVE)) is None
    for command in COMMANDS:
        with pytest.raises(NotAllowed):
            await it.interactions.call(command, EVE, place, 1, {})
    with pytest.raises(NotAllowed):
        await it.interactions.click(AskClick("allow", TurnId(5), short_name("a1")), EVE, place)
    assert not rooms.rows
    assert not rooms.touched
    assert not rooms.stopped


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"person": EVE}, "neither the user nor a role of theirs is allowed"),
        ({"ordinary": False}, "a webhook or system message"),
        ({"person": Person(id="7", name="ann", is_bot=True)}, "written by a bot"),
        ({"mentions_others": True}, "it names somebody else and not me"),
        ({"text": " "}, "neither text nor files"),
        ({"ours": True}, None),
    ],
)
async def test_a_message_that_is_not_answered_is_remembered_with_the_reason(
    facts: dict[str, Any], reason: str | None
) -> None:
    it, rooms = desk()
    assert await it.take(replace(said(LAB), **facts)) is None
    assert rooms.declined == [("chat", "20", 99, reason)]
    assert not rooms.rows


async def test_an_edit_gives_the_new_words_and_files_to_what_waits() -> None:
    it, rooms = desk()
    file = Attachment(id="1", name="a.txt", url="https://cdn/a.txt", size_bytes=1)
    editing = it.edit(replace(said(LAB), text="new words", attachments=(file,)))
    assert editing is not None
    await editing
    [(source, message_id, prompt)] = rooms.touched
    assert (source, message_id) == ("chat", 99)
    asker = Asker(guild_id="1")
    assert prompt == Prompt(
        text="new words", author_id="7", author_name="ann", attachments=(file,), asker=asker
    )


async def test_what_is_addressed_to_somebody_else_after_an_edit_does_not_wait_any_more() -> None:
    it, rooms = desk()
    editing = it.edit(said(LAB, mentions_others=True))
    assert editing is not None
    await editing
    assert rooms.touched == [("chat", 99, None)]


async def test_a_message_is_stored_with_where_it_came_from() -> None:
    it, rooms = desk()
    await it.take(said(LAB))
    [row] = rooms.rows
    assert (row.source, row.msg_id, row.cursor) == ("chat", 99, "20")
    assert row.address == ChatAddress(platform="chat", channel_id="20", message_id="99")
    assert (row.prompt.text, row.prompt.author_id, row.prompt.author_name) == ("hi", "7", "ann")


async def test_a_button_decides_only_in_its_own_room() -> None:
    it, rooms = desk()
    elsewhere = Place(platform="chat", channel_id="21", guild_id="1")
    with pytest.raises(AlreadyDecided):
        await it.interactions.click(AskClick("allow", TurnId(5), short_name("a1")), ANN, elsewhere)
    assert not rooms.decided


async def test_the_place_in_the_order_is_taken_by_the_call() -> None:
    it, rooms = desk()
    answers: list[Awaitable[Said]] = []
    reset = next(command for command in COMMANDS if command.name == "reset")
    place = Place(platform="chat", channel_id="20", guild_id="1")
    answers.append(it.interactions.call(reset, ANN, place, 1, {}))
    accepted = it.take(said(place))
    assert [row.msg_id for row in rooms.rows] == [1, 99]
    await accepted
    await answers[0]


def test_the_gate_is_what_the_settings_say() -> None:
    ids = {name: f"{n}00000000000000000" for n, name in enumerate(("desk", "ann", "guild", "lab"), 1)}
    settings = Settings(
        data_dir="/tmp/x",  # type: ignore[arg-type]
        discord=DiscordSettings(listen_channels=(ids["desk"],), allowed_users=(ids["ann"],)),
        channel={ids["lab"]: ChannelSettings(reply_to="mention")},
    )
    gate = gate_of(settings, people(rules_of(settings)))
    here = Place(platform="discord", channel_id=ids["desk"], guild_id=ids["guild"])
    lab = Place(platform="discord", channel_id="5", guild_id=ids["guild"], parent_id=ids["lab"])
    ann = Person(id=ids["ann"], name="ann")
    assert gate.admit(ann, here, Tier.USER, "command") == Admitted(session_key("default"), Tier.USER)
    assert isinstance(gate.admit(EVE, here, Tier.USER, "command"), Deny)
    assert gate.sift(said(lab, ann)) is Silence.NOT_MENTIONED
    assert gate.sift(said(here, ann)) == "default"


async def test_what_a_bot_says_beyond_its_turns_is_declined_and_said_once() -> None:
    parrot = Person(id="8", name="parrot", is_bot=True)
    rooms = Rooms()
    rules = Rules(users=frozenset({"7"}), bots=frozenset({"8"}))
    gate = Gate(people=people(rules), listen_channels=(), reply_to=lambda _: "all")
    it = Desk(gate=gate, rooms=rooms, asks=OpenAsks())

    def squawk(number: int) -> Incoming:
        return replace(said(LAB, parrot, mentions_bot=True, names_bot=True), message_id=number)

    for number in range(3):
        assert await it.take(squawk(number)) is not None
    with pytest.raises(BotsTalk) as told:
        await it.take(squawk(3))
    assert told.value.since == 2
    assert await it.take(squawk(4)) is None
    assert [one[2:] for one in rooms.declined] == [(3, SPENT), (4, SPENT)]
    assert [row.prompt.by_bot for row in rooms.rows] == [True] * 3
    assert [row.fact for row in rooms.rows][-1] == ("loops", "chat", '{"20": [0, 1, 2]}')
    await it.take(said(LAB))
    assert rooms.rows[-1].fact == ("loops", "chat", "{}")
    await it.take(replace(said(LAB), message_id=100))
    assert rooms.rows[-1].fact is None


async def test_what_a_message_replies_to_goes_with_its_prompt() -> None:
    it, rooms = desk()
    quote = Quote(text="before", author_id="9", author_name="eve")
    await it.take(said(LAB, quote=quote))
    assert rooms.rows[0].prompt.quote == quote
