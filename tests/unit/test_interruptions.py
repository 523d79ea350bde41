"""Cards of interrupted turns: what their buttons say, and who decided."""

import pytest

from bot.interruptions import CutClick, cut_buttons, decided_line, parse_cut, settle
from sessions.errors import AlreadyDecided
from sessions.keys import TurnId
from sessions.store.values import Settle
from tests.support.desk_rooms import Rooms

TURN = TurnId(12)


def test_each_button_says_one_decision_about_its_turn() -> None:
    said = {button.label: parse_cut(button.action) for button in cut_buttons(TURN)}
    assert said == {
        "Continue": CutClick(Settle.CONTINUE, TURN),
        "Retry": CutClick(Settle.RETRY, TURN),
        "Drop": CutClick(Settle.DROP, TURN),
    }


@pytest.mark.parametrize(
    "action", ["", "rk:ask:12", "rk:drop:", "rk:drop:x", "rk:drop:1:2", "rk:drop:" + "9" * 19]
)
def test_foreign_actions_mean_nothing(action: str) -> None:
    assert parse_cut(action) is None


@pytest.mark.parametrize(
    ("how", "line"),
    [
        (Settle.CONTINUE, "-# Continued by Ann."),
        (Settle.RETRY, "-# Started over by Ann."),
        (Settle.DROP, "-# Dropped by Ann."),
    ],
)
async def test_a_decision_is_taken_and_signed(how: Settle, line: str) -> None:
    rooms = Rooms()
    assert await settle(CutClick(how, TURN), "Ann", rooms) == line
    assert rooms.settled == {TURN: how}


async def test_the_first_decision_stands() -> None:
    rooms = Rooms()
    await settle(CutClick(Settle.CONTINUE, TURN), "Ann", rooms)
    with pytest.raises(AlreadyDecided):
        await settle(CutClick(Settle.DROP, TURN), "Ben", rooms)
    assert rooms.settled == {TURN: Settle.CONTINUE}


def test_a_name_is_only_a_name() -> None:
    assert decided_line(Settle.DROP, "*@everyone*") == "-# Dropped by \\*\\@everyone\\*."
