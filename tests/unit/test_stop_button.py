"""The Stop button: what it says, who may press it, and what is said then."""

import pytest

from bot.access import Tier
from bot.stop_button import StopClick, is_stop, parse_stop, press_stop, stop_button
from sessions.keys import SessionKey, TurnId, session_key

ROOM = session_key("room")


class Running:
    """Rooms in which turn 7 runs, for ever."""

    def __init__(self) -> None:
        self.stopped: list[tuple[SessionKey, TurnId | None]] = []

    def stop(self, key: SessionKey, turn: TurnId | None = None) -> bool:
        self.stopped.append((key, turn))
        return turn == 7


def test_the_button_says_which_turn_it_ends() -> None:
    button = stop_button(TurnId(7))
    assert parse_stop(button.action) == StopClick(TurnId(7))
    assert is_stop(button.action)


@pytest.mark.parametrize(
    "action", ["", "rk:stop:", "rk:stop:x", "rk:stop:-1", "rk:stop:1:2", f"rk:stop:{'9' * 19}", "rk:stop:7\n"]
)
def test_nothing_else_is_a_stop(action: str) -> None:
    assert parse_stop(action) is None
    assert not is_stop(action)


def test_who_asked_may_stop_it_and_operators_may_stop_all() -> None:
    needs = StopClick(TurnId(7)).needs
    assert (needs.own, needs.others) == (Tier.USER, Tier.OPERATOR)


def test_a_click_ends_its_own_turn_alone_and_a_second_one_does_no_harm() -> None:
    rooms = Running()
    for _ in range(2):
        clicked = press_stop(StopClick(TurnId(7)), ROOM, rooms)
        assert clicked.message.text.startswith("Stopping it.")
        assert clicked.private
        assert clicked.deed == "stop"
    assert rooms.stopped == [(ROOM, 7), (ROOM, 7)]


def test_a_click_on_a_turn_that_is_over_says_so_and_is_no_deed() -> None:
    clicked = press_stop(StopClick(TurnId(6)), ROOM, Running())
    assert clicked.message.text == "That turn is over already. `/queue` shows what runs and waits here."
    assert clicked.private
    assert clicked.deed == ""
