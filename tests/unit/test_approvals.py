"""Permission requests as messages: what the card shows, what the buttons say, who decided."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.approvals import (
    AskClick,
    OpenAsks,
    buttons,
    card,
    closed_card,
    decide,
    parse_ask,
    short_name,
)
from bot.measure import units
from sessions.agents.base import Allow, Deny
from sessions.errors import AlreadyDecided
from sessions.events import PermissionAsk
from sessions.keys import TurnId
from tests.support.desk_rooms import Rooms

TURN = TurnId(12)
ASK = PermissionAsk(
    id="toolu_1", tool="Bash", title="ls", arguments={"command": "ls -la\ncat a", "timeout": 5}
)


def open_asks() -> OpenAsks:
    asks = OpenAsks()
    asks.add(TURN, ASK)
    return asks


@given(st.text(max_size=300), st.integers(0, 10**18 - 1))
def test_a_button_says_what_it_is_for_in_a_hundred_characters(ask_id: str, turn: int) -> None:
    allow, deny = buttons(TurnId(turn), ask_id)
    assert max(len(allow.action), len(deny.action)) <= 100
    assert parse_ask(allow.action) == AskClick("allow", TurnId(turn), short_name(ask_id))
    assert parse_ask(deny.action) == AskClick("deny", TurnId(turn), short_name(ask_id))


@pytest.mark.parametrize(
    "action", ["", "rk:allow:12", "rk:run:12:0123456789abcdef", "x rk:allow:1:0123456789abcdef"]
)
def test_foreign_actions_mean_nothing(action: str) -> None:
    assert parse_ask(action) is None


def test_the_card_shows_the_tool_and_all_it_was_given() -> None:
    text = card(ASK, 2000, 600)
    assert "**Bash** needs your permission" in text
    assert "command: ls -la\ncat a" in text
    assert "timeout: 5" in text
    assert "No answer within 10 min means no." in text


def test_a_command_cannot_leave_its_code_block_or_hide_signs() -> None:
    hostile = PermissionAsk(
        id="a", tool="Bash", title="", arguments={"command": "a\n````\n# hi\u202e\x1b[2K"}
    )
    text = card(hostile, 2000, 600)
    assert text.count("```") == 2
    assert "\u202e" not in text
    assert "\x1b" not in text


@settings(deadline=None)
@given(st.text(max_size=5000))
def test_a_card_always_fits(command: str) -> None:
    text = card(PermissionAsk(id="a", tool="Bash", title="t", arguments={"command": command}), 2000, 600)
    assert units(text) <= 2000


def test_a_long_command_keeps_both_ends() -> None:
    ask = PermissionAsk(id="a", tool="Bash", title="t", arguments={"command": "FIRST" + "x" * 5000 + "LAST"})
    text = card(ask, 2000, 600)
    assert "FIRST" in text
    assert "LAST" in text
    assert "the middle is not shown" in text


async def test_the_first_click_decides_and_its_name_is_on_the_card() -> None:
    asks, rooms = open_asks(), Rooms()
    line = await decide(AskClick("allow", TURN, short_name("toolu_1")), "ann", asks, rooms)
    assert line == "-# Bash: ls · allowed once by ann"
    assert rooms.decided == [(TURN, "toolu_1", Allow())]
    with pytest.raises(AlreadyDecided):
        await decide(AskClick("deny", TURN, short_name("toolu_1")), "ben", asks, rooms)


async def test_a_no_is_told_to_the_agent() -> None:
    rooms = Rooms()
    line = await decide(AskClick("deny", TURN, short_name("toolu_1")), "*ben*", open_asks(), rooms)
    assert line == r"-# Bash: ls · denied by \*ben\*"
    assert rooms.decided == [(TURN, "toolu_1", Deny(reason='"*ben*" said no.'))]


async def test_an_old_button_decides_nothing() -> None:
    rooms = Rooms()
    for asks in (OpenAsks(), open_asks()):
        asks.remove(TURN, "toolu_1")
        with pytest.raises(AlreadyDecided):
            await decide(AskClick("allow", TURN, short_name("toolu_1")), "ann", asks, rooms)
    assert not rooms.decided


def test_a_closed_card_is_one_line() -> None:
    ask = PermissionAsk(id="a", tool="Bash", title="a\nb" + "c" * 500)
    assert "\n" not in closed_card(ask, "over")
    assert units(closed_card(ask, "over")) < 300


def test_what_is_nested_too_deep_for_a_card_is_said_on_it() -> None:
    deep: object = 1
    for _ in range(5000):
        deep = [deep]
    ask = PermissionAsk(id="a", tool="Bash", title="x", arguments={"command": "ls", "more": deep})
    shown = card(ask, 2000, 60)
    assert "command: ls" in shown
    assert "more: (nested too deep to be shown)" in shown
