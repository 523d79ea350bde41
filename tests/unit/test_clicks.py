"""Every kind of button of ours is known by its action alone."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from bot.access import Tier
from bot.approvals import AskClick
from bot.ask_view import Scene, permission_buttons
from bot.clicks import parse_click
from bot.components import Menu, Pressed
from bot.interruptions import CutClick, cut_buttons
from bot.open_asks import OpenAsk
from bot.permissions_view import RuleClick, permissions_view
from bot.questions import PickClick, question_view
from bot.queue_view import QueueClick, queue_view
from bot.stop_button import StopClick, stop_button
from sessions.ask_events import Option, PermissionAsk, Question, QuestionAsk
from sessions.keys import TurnId
from sessions.manager import Queue
from sessions.room_permissions import Taught
from sessions.store.values import Button
from tests.support.desk_rooms import ANN, turn
from tests.support.said_buttons import buttons_of

ASK = PermissionAsk(id="a1", tool="Bash", title="ls", fingerprint="0" * 32, rule="Bash(ls *)")
QUESTION = QuestionAsk(id="a2", questions=(Question(text="Which?", options=(Option(label="A"),)),))
TAUGHT = [
    Taught(rule=f"Bash(ls{at} *)", by_id="1", by_name="ann", at=datetime(2030, 1, 1, tzinfo=UTC))
    for at in range(9)
]
SCENE = Scene(limit=2000, until=datetime(2030, 1, 1, tzinfo=UTC))


def question_buttons() -> list[Button]:
    rows = question_view(OpenAsk(TurnId(7), QUESTION), QUESTION, SCENE).rows
    return [button for row in rows if not isinstance(row, Menu) for button in row]


QUEUE = Queue(running=None, waiting=[turn(number) for number in range(1, 9)], paused=False)


@pytest.mark.parametrize(
    ("made", "kind"),
    [
        (permission_buttons(TurnId(7), ASK, may_allow=True), AskClick),
        (question_buttons(), PickClick),
        (buttons_of(permissions_view(TAUGHT, Tier.OWNER)), RuleClick),
        (cut_buttons(TurnId(7)), CutClick),
        (buttons_of(queue_view(QUEUE, ANN)), QueueClick),
        ([stop_button(TurnId(7))], StopClick),
    ],
)
def test_a_button_is_told_from_all_others(made: Sequence[Button], kind: type) -> None:
    for button in made:
        assert isinstance(parse_click(Pressed(action=button.action)), kind)
        assert len(button.action) <= 100


@pytest.mark.parametrize("action", ["", "rk:", "rk:dance:7", "other"])
def test_a_foreign_button_means_nothing(action: str) -> None:
    assert parse_click(Pressed(action=action)) is None
