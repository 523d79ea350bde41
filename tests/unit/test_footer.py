"""The small line under an answer."""

from dataclasses import replace

import pytest

from bot.footer import cost, footer, short_path
from sessions.events import Started, Usage
from sessions.turn import Outcome

FULL = Outcome(
    status="ok",
    text="42",
    usage=Usage(context_tokens=34_000, context_window=100_000),
    started=Started(agent_session_id="s", model="claude-sonnet-4-5", workdir="/home/ann/data/my_repo/src"),
    cost_usd=0.034,
    tools=7,
    took_s=72.4,
)


def test_nothing_is_shown_where_it_is_off() -> None:
    assert footer("off", FULL) == ""


def test_short_is_time_and_cost() -> None:
    assert footer("short", FULL) == "-# 1 min 12 s · $0.03"


def test_full_is_all_that_is_known() -> None:
    assert footer("full", FULL) == (
        r"-# my\_repo/src · 1 min 12 s · claude-sonnet-4-5 · 34% of context · $0.03 · 7 tools"
    )
    assert footer("full", replace(FULL, tools=1)).endswith(" · 1 tool")


def test_a_rooms_own_directory_is_not_named_by_its_id() -> None:
    assert short_path("/var/lib/roomkey/sessions/1573489617561190404/work") == "its own directory"
    assert short_path("/srv/sessions/work") == "sessions/work"


def test_what_is_not_known_is_left_out() -> None:
    assert footer("short", Outcome(status="ok", took_s=0.2)) == "-# 1 s"
    assert footer("full", Outcome(status="failed")) == ""


def test_the_card_of_an_interrupted_turn_has_none() -> None:
    assert footer("full", replace(FULL, status="interrupted")) == ""


@pytest.mark.parametrize(
    ("usd", "is_estimate", "words"),
    [
        (None, False, ""),
        (0.0, False, ""),
        (0.004, False, "under $0.01"),
        (1.5, False, "$1.50"),
        (1.5, True, "~$1.50"),
    ],
)
def test_cost_is_dollars_and_marked_where_nobody_pays_it(
    usd: float | None, is_estimate: bool, words: str
) -> None:
    assert cost(replace(FULL, cost_usd=usd, is_estimate=is_estimate)) == words
