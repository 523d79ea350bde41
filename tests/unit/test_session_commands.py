"""/new, /sessions, /resume, /fork, /rewind, /compact, /context and /btw: what they ask of a room and say."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import pytest

from bot.access import Rules, Tier
from bot.chat import Place
from bot.commands.btw import BTW
from bot.commands.compact import COMPACT
from bot.commands.context import CONTEXT, context_text
from bot.commands.fork import FORK
from bot.commands.new import NEW
from bot.commands.resume import RESUME
from bot.commands.rewind import REWIND
from bot.commands.sessions import SESSIONS, press
from bot.commands.spec import Call, Command, Hint
from bot.past_view import Op, PastClick
from bot.said import Said
from sessions.agents.base import ContextUse
from sessions.errors import AgentError, UserError
from sessions.store.values import ChatAddress, Fate, Kind, TurnState
from tests.support.calls import ANN, CHANNEL, called
from tests.support.desk_rooms import KEY, Rooms, turn
from tests.support.past_rooms import NOON, FakeAsides, past_session
from tests.support.people import people


def made(command: Command, rooms: Rooms, options: Mapping[str, Any], place: Place, tier: Tier) -> Call:
    return called(rooms, options, tier=tier, place=place, people=people(Rules()), id=1)


async def call(
    command: Command,
    rooms: Rooms,
    options: Mapping[str, Any] | None = None,
    place: Place = CHANNEL,
    tier: Tier = Tier.OPERATOR,
) -> Said:
    return await command.run(made(command, rooms, options or {}, place, tier))


def offered(
    command: Command, rooms: Rooms, typed: str, tier: Tier = Tier.OPERATOR, place: Place = CHANNEL
) -> list[tuple[str, str]]:
    option = command.options[0]
    assert option.suggest is not None
    hint = Hint(
        rooms=rooms,
        key=KEY,
        tier=tier,
        person=ANN,
        place=place,
        option=option.name,
        options={option.name: typed},
    )
    return [(choice.label, choice.value) for choice in option.suggest(hint)]


async def test_new_is_a_reset_with_a_name() -> None:
    rooms = Rooms()
    said = await call(NEW, rooms, {"name": "  the\nparser  "})
    assert (rooms.rows[0].kind, rooms.rows[0].prompt.text) == (Kind.RESET, "the parser")
    assert said.text.startswith("This room starts fresh now")


@pytest.mark.parametrize(
    ("ahead", "paused", "when"),
    [
        (0, False, "now"),
        (1, False, "when the turn before this has ended"),
        (3, False, "the 3 turns"),
        (0, True, "`/queue`"),
    ],
)
async def test_what_enters_the_line_says_when_it_is_its_turn(ahead: int, paused: bool, when: str) -> None:
    rooms = Rooms(ahead=ahead, paused=paused)
    assert when in (await call(COMPACT, rooms, {"hint": "the names"})).text
    assert (rooms.rows[0].kind, rooms.rows[0].prompt.text) == (Kind.COMPACT, "the names")


async def test_resume_takes_a_name_that_was_offered_or_an_id() -> None:
    rooms = Rooms()
    one = rooms.past.all[1]
    assert [value for _, value in offered(RESUME, rooms, "PLUM")] == [one.ref]
    assert offered(RESUME, rooms, "fig") == []
    for name in (one.ref, one.agent_session_id):
        await call(RESUME, rooms, {"session": name})
    texts = [json.loads(row.prompt.text) for row in rooms.rows]
    assert texts == [{"id": one.agent_session_id, "owner": False, "server": "77"}] * 2


@pytest.mark.parametrize("state", ["terminal", "deleted"])
async def test_sessions_of_terminals_and_deleted_places_are_the_owners(
    state: Literal["terminal", "deleted"],
) -> None:
    rooms = Rooms()
    terminal = replace(past_session(2, "in a terminal", state), server="77")
    rooms.past.all.append(terminal)
    assert len(offered(RESUME, rooms, "terminal")) == 0
    assert len(offered(RESUME, rooms, "terminal", Tier.OWNER)) == 1
    assert "in a terminal" not in (await call(SESSIONS, rooms)).text
    assert "in a terminal" in (await call(SESSIONS, rooms, tier=Tier.OWNER)).text
    with pytest.raises(UserError, match="no such session"):
        await press(
            PastClick(Op.PICK, 0, terminal.ref), rooms, people(Rules()), KEY, ANN, CHANNEL, Tier.OPERATOR
        )
    await call(RESUME, rooms, {"session": terminal.ref}, tier=Tier.OWNER)
    asked = {"id": terminal.agent_session_id, "owner": True, "server": "77"}
    assert json.loads(rooms.rows[0].prompt.text) == asked
    await press(PastClick(Op.RESUME, 0, terminal.ref), rooms, people(Rules()), KEY, ANN, CHANNEL, Tier.OWNER)
    assert json.loads(rooms.rows[1].prompt.text) == asked


@pytest.mark.parametrize(("server", "guild"), [("77", "78"), ("77", None), (None, "78"), (None, None)])
async def test_sessions_of_deleted_places_are_not_shown_in_another_server(
    server: str | None, guild: str | None
) -> None:
    """Issue 5: an owner of one server saw and brought back what was deleted in another one."""
    rooms, there = Rooms(), replace(CHANNEL, guild_id=guild)
    gone = replace(past_session(2, "the garden", "deleted"), server=server)
    rooms.past.all.append(gone)
    assert offered(RESUME, rooms, "garden", Tier.OWNER, there) == []
    assert "the garden" not in (await call(SESSIONS, rooms, place=there, tier=Tier.OWNER)).text
    for op in (Op.PICK, Op.RESUME, Op.EXPORT):
        click = PastClick(op, 0, gone.ref)
        with pytest.raises(UserError, match="no such session"):
            await press(click, rooms, people(Rules()), KEY, ANN, there, Tier.OWNER)
    await call(RESUME, rooms, {"session": gone.ref}, place=there, tier=Tier.OWNER)
    [row] = rooms.rows  # its turn finds nothing of that name in this server
    assert json.loads(row.prompt.text) == {"id": gone.ref, "owner": True, "server": guild}


def test_at_most_25_are_offered_each_short_enough() -> None:
    rooms = Rooms()
    rooms.past.all = [past_session(n, "w" * 300) for n in range(60)]
    found = offered(RESUME, rooms, "")
    assert len(found) == 25
    assert all(len(label) <= 100 for label, _ in found)


@pytest.mark.parametrize("name", ["", "x" * 300])
async def test_resume_without_a_session_says_how(name: str) -> None:
    with pytest.raises(UserError, match="Which session"):
        await call(RESUME, Rooms(), {"session": name})


@pytest.mark.parametrize(
    ("place", "why"),
    [
        (replace(CHANNEL, guild_id=None), "in a direct message"),
        (replace(CHANNEL, parent_id="9"), "inside a thread"),
    ],
)
async def test_fork_where_there_are_no_threads_offers_what_works(place: Place, why: str) -> None:
    rooms = Rooms()
    with pytest.raises(UserError, match=why) as refused:
        await call(FORK, rooms, place=place)
    assert "/btw" in str(refused.value)
    assert rooms.rows == []


async def test_fork_enters_the_line() -> None:
    rooms = Rooms()
    await call(FORK, rooms, {"name": "another way"})
    assert rooms.rows[0].kind is Kind.FORK
    assert json.loads(rooms.rows[0].prompt.text) == {"name": "another way", "turn": None}


async def test_rewind_takes_what_was_offered_a_message_or_its_link() -> None:
    done = turn(5, "the word is plum", state=TurnState.DONE)
    rooms = Rooms(fates={9: Fate(channel_id="1", decided=NOON, turn=replace(done, id=turn(6).id))})
    rooms.past.turns = [done, turn(4, "elsewhere", state=TurnState.DONE, channel="2")]
    assert [value for _, value in offered(REWIND, rooms, "")] == ["5"]
    link = "https://discord.com/channels/77/1/"
    for given in ("5", f"{link}5", f"{link}9"):
        await call(REWIND, rooms, {"message": given})
    assert [(row.kind, row.prompt.text) for row in rooms.rows] == [
        (Kind.REWIND, "5"),
        (Kind.REWIND, "5"),
        (Kind.REWIND, "6"),
    ]


@pytest.mark.parametrize("given", ["", "yesterday", "../5", "https://discord.com/channels/77/1/8", "1" * 30])
async def test_rewind_to_nothing_says_how(given: str) -> None:
    rooms = Rooms()
    with pytest.raises(UserError):
        await call(REWIND, rooms, {"message": given})
    assert rooms.rows == []


async def test_context_shows_the_live_agents_figures_else_those_of_the_last_turn() -> None:
    rooms = Rooms(fills=ContextUse(used=180_000, window=200_000, parts=(("Messages", 150_000),)))
    text = (await call(CONTEXT, rooms)).text
    assert "90% full · 180,000 of 200,000" in text
    assert "- Messages: 150,000" in text
    assert "`/compact`" in text
    text = (await call(CONTEXT, Rooms())).text
    assert "25% full" in text
    assert "after the last turn" in text
    assert "Nothing is known" in context_text(None, is_live=False)


async def test_a_side_question_is_answered_for_the_person_alone() -> None:
    rooms = Rooms()
    said = await call(BTW, rooms, {"question": "what is it?"}, tier=Tier.USER)
    assert said.text.startswith("forty-two\n-# Beside the conversation")
    assert rooms.rows == []
    assert rooms.asides.asked[0].text == "what is it?"
    rooms = Rooms(asides=FakeAsides(answer="long " * 1000))
    said = await call(BTW, rooms, {"question": "what is it?"})
    assert len(said.text) < 2000
    assert said.files[0].content == b"long " * 1000
    rooms = Rooms(asides=FakeAsides(answer=f"```py\n{'x = 1' * 1000}\n```"))
    said = await call(BTW, rooms, {"question": "what is it?"})
    assert said.text.count("```") == 2, "what comes after it is no code"
    said = await call(BTW, Rooms(asides=FakeAsides(answer=" \n")), {"question": "what is it?"})
    assert said.text.startswith("The agent said nothing")
    rooms = Rooms(asides=FakeAsides(failure=AgentError("The model is overloaded.", vendor="claude")))
    with pytest.raises(UserError, match=r"no answer\. The model is overloaded"):
        await call(BTW, rooms, {"question": "what is it?"})
    with pytest.raises(UserError, match="Ask a question"):
        await call(BTW, rooms, {"question": " "})


async def pressed(rooms: Rooms, op: Op, ref: str = "") -> Any:
    return await press(PastClick(op, 0, ref), rooms, people(Rules()), KEY, ANN, CHANNEL, Tier.OPERATOR)


async def test_a_session_is_picked_exported_and_deleted() -> None:
    rooms = Rooms()
    one = rooms.past.all[1]
    assert "Sessions of this room" in (await pressed(rooms, Op.SHOW)).message.text
    assert one.agent_session_id in (await pressed(rooms, Op.PICK, one.ref)).message.text
    exported = await pressed(rooms, Op.EXPORT, one.ref)
    assert exported.private
    assert exported.message.files[0].content.decode() == f"# {one.title}\n\n{rooms.past.words}\n"
    assert "for good?" in (await pressed(rooms, Op.ASK, one.ref)).message.text
    assert rooms.past.deleted == []
    deleted = await pressed(rooms, Op.DELETE, one.ref)
    assert (rooms.past.deleted, deleted.deed) == ([one.agent_session_id], "delete session")
    with pytest.raises(UserError, match="no such session"):  # the second click of two
        await pressed(rooms, Op.DELETE, one.ref)
    with pytest.raises(UserError, match="Only a former session"):
        await pressed(rooms, Op.ASK, rooms.past.all[0].ref)


async def test_an_export_that_is_too_large_is_cut_and_says_so() -> None:
    rooms = Rooms()
    rooms.past.words = "ü" * 9_000_000
    content = (await pressed(rooms, Op.EXPORT, rooms.past.all[1].ref)).message.files[0].content
    assert len(content) <= 8 * 1024 * 1024
    assert content.decode().endswith("does not fit into a file here.)\n")


async def test_resuming_by_a_click_enters_the_line() -> None:
    rooms = Rooms(ahead=1)
    one = rooms.past.all[1]
    clicks = [await pressed(rooms, Op.RESUME, one.ref) for _ in range(2)]
    assert "when what is before this has ended" in clicks[0].message.text
    assert [row.kind for row in rooms.rows] == [Kind.RESUME] * 2
    assert rooms.rows[0].msg_id != rooms.rows[1].msg_id
    assert rooms.rows[0].address == ChatAddress(platform="chat", channel_id="1")
    paused = Rooms(paused=True)
    assert "once `/queue` resumes this room" in (await pressed(paused, Op.RESUME, one.ref)).message.text
