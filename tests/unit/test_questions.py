"""The agent's questions: one card after the other, each answer once, whatever the labels are like."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.ask_view import Scene
from bot.chat import Incoming, Person, Place
from bot.components import MAX_CHOICES, Button, Menu, Pressed, Row
from bot.measure import units
from bot.open_asks import OpenAsk, OpenAsks, short_name
from bot.questions import PickClick, answer_in, finish, note, other_modal, parse_pick, pick, question_view
from sessions.agents.base import Answers, Decision
from sessions.ask_events import Option
from sessions.errors import AlreadyDecided, StateError, UserError
from sessions.events import Question, QuestionAsk
from sessions.keys import TurnId
from tests.support.desk_rooms import Rooms

TURN = TurnId(12)
SCENE = Scene(
    limit=2000, until=datetime(2030, 1, 1, tzinfo=UTC), asked_by="ann", workdir="/w", file_bytes=10**6
)
DB = Question(
    text="Which database?",
    header="DB",
    options=(Option(label="Postgres", detail="A server"), Option(label="SQLite")),
)
PARTS = Question(text="Which parts?", options=(Option(label="API"), Option(label="Page")), is_multiple=True)
ASK = QuestionAsk(id="q1", questions=(DB, PARTS))
PLACE = Place(platform="chat", channel_id="1", guild_id="2")


def opened(ask: QuestionAsk = ASK) -> tuple[OpenAsks, OpenAsk]:
    asks = OpenAsks()
    asks.add(TURN, ask, "7")
    entry = asks.entry(TURN, short_name(ask.id))
    assert entry is not None
    entry.view = lambda: question_view(entry, ask, SCENE)
    return asks, entry


def click(number: int, choice: str, *values: str) -> PickClick:
    return PickClick(TURN, short_name("q1"), number, choice, values)


def parts_of(rows: tuple[Row, ...]) -> tuple[list[Button], list[Menu]]:
    buttons = [button for row in rows if not isinstance(row, Menu) for button in row]
    return buttons, [row for row in rows if isinstance(row, Menu)]


def test_a_few_single_choices_are_buttons_and_all_is_told_about_them() -> None:
    _, entry = opened()
    view = question_view(entry, ASK, SCENE)
    assert "**DB** · 1 of 2" in view.text
    assert "1. **Postgres** – A server" in view.text
    assert "asked by ann · in /w · press, or reply to this message · closes <t:1893456000:R>" in view.text
    buttons, menus = parts_of(view.rows)
    assert [button.label for button in buttons] == ["Postgres", "SQLite", "Other…"]
    assert {button.style for button in buttons} == {"plain"}
    assert not menus


def test_only_what_the_agent_recommends_stands_out() -> None:
    options = (Option(label="A"), Option(label="B (Recommended)"), Option(label="C (recommended)"))
    ask = QuestionAsk(id="q1", questions=(replace(DB, options=options),))
    buttons, _ = parts_of(question_view(opened(ask)[1], ask, SCENE).rows)
    assert [button.style for button in buttons] == ["plain", "primary", "plain", "plain"]


def test_many_or_several_choices_are_a_menu() -> None:
    many = replace(DB, options=tuple(Option(label=f"o{at}") for at in range(40)))
    for question, most, shown in ((many, 1, MAX_CHOICES), (PARTS, 2, 2)):
        ask = QuestionAsk(id="q1", questions=(question,))
        buttons, [menu] = parts_of(question_view(opened(ask)[1], ask, SCENE).rows)
        assert (menu.most, len(menu.choices)) == (most, shown)
        assert [button.label for button in buttons] == ["Other…"]


@settings(deadline=None)
@given(
    st.text(max_size=3000),
    st.lists(st.tuples(st.text(max_size=200), st.text(max_size=300)), max_size=60),
    st.booleans(),
    st.integers(0, 5000),
)
def test_whatever_is_asked_makes_a_card_that_a_chat_takes(
    text: str, options: list[tuple[str, str]], several: bool, file_bytes: int
) -> None:
    made = tuple(Option(label=label, detail=detail) for label, detail in options)
    ask = QuestionAsk(id="q1", questions=(Question(text=text or "?", options=made, is_multiple=several),))
    view = question_view(opened(ask)[1], ask, replace(SCENE, file_bytes=file_bytes))
    assert units(view.text) <= 2000
    assert all(len(file.content) <= file_bytes for file in view.files)
    assert 1 <= len(view.rows) <= 5
    buttons, menus = parts_of(view.rows)
    assert all(button.label.strip() and units(button.label) <= 80 for button in buttons)
    assert all(len(row) <= 5 for row in view.rows if not isinstance(row, Menu))
    names = [button.action for button in buttons] + [menu.action for menu in menus]
    assert len(set(names)) == len(names)
    assert all(parse_pick(Pressed(action=name)) is not None and len(name) <= 100 for name in names)
    for menu in menus:
        assert 1 <= len(menu.choices) <= MAX_CHOICES
        assert menu.least <= menu.most <= len(menu.choices)
        assert all(choice.label.strip() for choice in menu.choices)
        assert len({choice.value for choice in menu.choices}) == len(menu.choices)


def test_labels_that_are_empty_or_the_same_are_told_apart() -> None:
    same = replace(
        DB, options=(Option(label=""), Option(label="\u200b"), Option(label="a"), Option(label="a"))
    )
    ask = QuestionAsk(id="q1", questions=(same,))
    buttons, _ = parts_of(question_view(opened(ask)[1], ask, SCENE).rows)
    assert [button.label for button in buttons] == ["Option 1", "Option 2", "a", "a", "Other…"]
    assert len({button.action for button in buttons}) == 5


async def test_all_answers_together_are_handed_over_when_the_last_is_given() -> None:
    (asks, _), rooms = opened(), Rooms()
    first = await pick(click(0, "1"), "ann", asks, rooms)
    assert "2 of 2" in first.message.text
    assert "Which database? **SQLite**" in first.message.text
    assert not rooms.decided
    last = await pick(click(1, "menu", "0", "1"), "ann", asks, rooms)
    assert last.message.rows == ()
    assert last.message.text == (
        "-# Which database? **SQLite**\n-# Which parts? **API, Page** · answered by ann"
    )
    assert rooms.decided == [(TURN, "q1", Answers(texts=("SQLite", "API, Page")))]


async def test_an_answer_in_own_words_comes_from_a_modal() -> None:
    (asks, _), rooms = opened(replace(ASK, questions=(DB,))), Rooms()
    modal = other_modal(click(0, "other"))
    sent = parse_pick(Pressed(action=modal.action, fields={modal.fields[0].name: " MySQL "}))
    assert sent is not None
    await pick(sent, "ann", asks, rooms)
    assert rooms.decided == [(TURN, "q1", Answers(texts=("MySQL",)))]


@pytest.mark.parametrize("made", [click(0, "7"), click(0, "menu", "x", "99", "²"), click(0, "text", " \n")])
async def test_what_is_no_answer_is_refused_with_a_word(made: PickClick) -> None:
    (asks, entry), rooms = opened(), Rooms()
    with pytest.raises(UserError, match="no answer"):
        await pick(made, "ann", asks, rooms)
    assert entry.answers == []


async def test_two_people_at_once_answer_a_question_once() -> None:
    (asks, _), rooms = opened(replace(ASK, questions=(DB,))), Rooms()
    answers = await asyncio.gather(
        *(pick(click(0, str(at)), name, asks, rooms) for at, name in ((0, "ann"), (1, "ben"))),
        return_exceptions=True,
    )
    assert [type(one) for one in answers].count(AlreadyDecided) == 1
    assert rooms.decided == [(TURN, "q1", Answers(texts=("Postgres",)))]


async def test_an_old_button_answers_no_later_question() -> None:
    (asks, entry), rooms = opened(), Rooms()
    await pick(click(0, "0"), "ann", asks, rooms)
    with pytest.raises(AlreadyDecided):
        await pick(click(0, "1"), "ben", asks, rooms)
    asks.remove(TURN, "q1")
    with pytest.raises(AlreadyDecided):
        await pick(click(1, "0"), "ann", asks, rooms)
    assert entry.answers == ["Postgres"]


async def test_an_answer_that_is_not_taken_can_be_given_again() -> None:
    (asks, entry), rooms = opened(replace(ASK, questions=(DB,))), Rooms()
    rooms.decided.append((TURN, "q1", Answers(texts=())))  # the turn has let go of it
    with pytest.raises(AlreadyDecided):
        await pick(click(0, "0"), "ann", asks, rooms)
    assert (entry.answers, entry.line) == ([], "")


@pytest.mark.parametrize("is_taken_back", [True, False])
async def test_an_answer_that_is_not_taken_costs_no_other(is_taken_back: bool) -> None:
    class Refusing:
        async def decide(self, turn: TurnId, ask: str, decision: Decision) -> None:
            if is_taken_back:  # the first answer was a reply, which could not be stored
                entry.answers.clear()
            raise StateError

    asks, entry = opened()
    note(entry, "SQLite")
    with pytest.raises(StateError):
        await pick(click(1, "0"), "ann", asks, Refusing())
    assert entry.answers == ([] if is_taken_back else ["SQLite"])


def reply(text: str, *, to: str | None = "99", by: str = "7") -> Incoming:
    return Incoming(place=PLACE, person=Person(id=by, name="ann"), message_id=100, text=text, replies_to=to)


async def test_a_reply_of_whoever_asked_is_an_answer() -> None:
    (asks, entry), rooms = opened(replace(ASK, questions=(DB,))), Rooms()
    asks.shown(TURN, "q1", "99")
    for text, answer in (("sqlite", "SQLite"), ("1", "Postgres"), (" My own ", "My own")):
        assert answer_in(reply(text), asks) == (entry, answer)
    assert answer_in(reply("1", by="8"), asks) is None
    assert answer_in(reply("1", to="98"), asks) is None
    assert answer_in(reply("1", to=None), asks) is None
    assert answer_in(reply(" \u200b"), asks) is None or entry.answers == []
    note(entry, "SQLite")
    assert answer_in(reply("what else"), asks) is None  # it is no answer to the same question
    line = await finish(entry, "ann", rooms, is_elsewhere=True)
    assert entry.line == line == "-# Which database? **SQLite** · answered by ann"
    assert rooms.decided == [(TURN, "q1", Answers(texts=("SQLite",)))]


async def test_a_reply_to_one_of_several_questions_changes_the_card() -> None:
    (_, entry), rooms = opened(), Rooms()
    note(entry, "SQLite")
    assert await finish(entry, "ann", rooms, is_elsewhere=True) is None
    assert entry.version == 1
    assert "2 of 2" in entry.view().text


@pytest.mark.parametrize(
    "action", ["", "rk:pick:1", "rk:pick:1:0123456789abcdef:0:x", "rk:pick:1:0123456789abcdef:0"]
)
def test_foreign_actions_mean_nothing(action: str) -> None:
    assert parse_pick(Pressed(action=action)) is None
