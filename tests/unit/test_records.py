"""Session records: what a new one starts with."""

import dataclasses
from typing import get_args

import pytest

from sessions.records import FormerSession, Renewed, Resumed, SessionChange, SessionRecord, Used, title_of
from tests.support.store_values import former, record


def test_a_new_session_has_done_nothing_and_can_go_on() -> None:
    new = record()
    assert (new.generation, new.turn_count, new.cost_usd) == (0, 0, 0.0)
    assert (new.context_tokens, new.context_window, new.origin_key) == (None, None, None)
    assert new.resumable


def test_a_title_has_no_full_stop_so_that_sentences_can_hold_it() -> None:
    assert title_of("The red button\nbelongs to the left door.") == "The red button belongs to the left door"
    assert title_of("...") == "..."


def test_two_records_share_no_extra_fields() -> None:
    assert record().extra is not record().extra


@pytest.mark.parametrize("value", [record(), former("old"), Used(agent_session_id="a")])
def test_a_record_cannot_be_changed_in_place(value: SessionRecord | FormerSession | Used) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        value.agent_session_id = "b"  # pyright: ignore[reportAttributeAccessIssue]


def test_a_turn_either_uses_its_session_or_renews_it() -> None:
    assert set(get_args(SessionChange)) == {Used, Renewed, Resumed}
