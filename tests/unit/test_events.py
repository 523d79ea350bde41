"""Events: one closed union of frozen values, each of which can name its turn."""

import dataclasses
import inspect
from typing import get_args

import pytest

from sessions import ask_events, events
from sessions.events import Event, TextDelta, TurnDone
from sessions.keys import TurnId

KINDS = get_args(Event)
PARTS = (events.Usage, events.Task, ask_events.Question, ask_events.Option)
"""Values that stand in events and are none."""
VALUES = {
    cls
    for module in (events, ask_events)
    for _, cls in inspect.getmembers(module, inspect.isclass)
    if cls.__module__ == module.__name__ and cls not in PARTS
}


def test_the_union_is_closed_over_all_events() -> None:
    assert set(KINDS) == VALUES


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_belongs_to_no_turn_unless_it_says_so(kind: type) -> None:
    (turn,) = [field for field in dataclasses.fields(kind) if field.name == "turn"]
    assert turn.default is None


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_is_a_small_frozen_value(kind: type) -> None:
    assert kind.__dataclass_params__.frozen
    assert "__slots__" in vars(kind)


def test_events_compare_by_what_they_say() -> None:
    assert TextDelta(text="a", turn=TurnId(1)) == TextDelta(text="a", turn=TurnId(1))
    assert TextDelta(text="a", turn=TurnId(1)) != TextDelta(text="a", turn=TurnId(2))


def test_a_turn_that_ended_well_has_no_problem() -> None:
    assert TurnDone(status="ok", agent_session_id="id").problem is None
