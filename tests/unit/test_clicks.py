"""Every kind of button of ours is known by its action alone."""

from collections.abc import Sequence

import pytest

from bot.approvals import AskClick, buttons
from bot.clicks import parse_click
from bot.components import Pressed
from bot.interruptions import CutClick, cut_buttons
from bot.queue_view import QueueClick, queue_view
from sessions.keys import TurnId
from sessions.manager import Queue
from sessions.store.values import Button
from tests.support.desk_rooms import ANN, turn

QUEUE = Queue(running=None, waiting=[turn(number) for number in range(1, 9)], paused=False)


@pytest.mark.parametrize(
    ("made", "kind"),
    [
        (buttons(TurnId(7), "ask"), AskClick),
        (cut_buttons(TurnId(7)), CutClick),
        (queue_view(QUEUE, ANN).buttons, QueueClick),
    ],
)
def test_a_button_is_told_from_all_others(made: Sequence[Button], kind: type) -> None:
    for button in made:
        assert isinstance(parse_click(Pressed(action=button.action)), kind)
        assert len(button.action) <= 100


@pytest.mark.parametrize("action", ["", "rk:", "rk:dance:7", "other"])
def test_a_foreign_button_means_nothing(action: str) -> None:
    assert parse_click(Pressed(action=action)) is None
