"""The fold over a turn's events, and the live message it gives."""

from datetime import UTC, datetime
from functools import reduce

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.measure import units
from bot.reply_state import ReplyState, elapsed, fold, live_text
from sessions.events import (
    AskWithdrawn,
    Event,
    Idle,
    PermissionAsk,
    RateLimit,
    Retry,
    TextDelta,
    TextFinal,
    Thinking,
    ToolEnd,
    ToolStart,
    TurnDone,
)

LS = ToolStart(id="t1", name="Bash", title="ls -la")
DONE = TurnDone(status="ok", agent_session_id="s")


def after(*events: Event, now_s: float = 0.0) -> ReplyState:
    return reduce(lambda state, event: fold(state, event, now_s), events, ReplyState(since_s=0.0))


def shown(*events: Event, at_s: float = 4.0, limit: int = 2000) -> str:
    return live_text(after(*events), at_s, limit)


def test_nothing_is_shown_before_the_first_word_or_tool() -> None:
    assert not after(Thinking(text="hm"), Idle()).is_visible
    assert after(TextDelta(text="a")).is_visible
    assert after(LS).is_visible


def test_a_whole_block_replaces_its_deltas_and_blocks_are_paragraphs() -> None:
    state = after(TextDelta(text="on"), TextDelta(text="e"), TextFinal(text="one"), TextDelta(text="two"))
    assert state.text == "one\n\ntwo"


def test_the_tool_at_work_is_a_small_line_with_its_time() -> None:
    assert shown(LS) == "-# Bash: ls -la · 4 s"
    assert shown(TextDelta(text="Let me look."), LS) == "Let me look.\n-# Bash: ls -la · 4 s"


def test_the_newest_tool_is_shown_and_goes_when_it_ends() -> None:
    cat = ToolStart(id="t2", name="Read", title="a.txt")
    assert "Read: a.txt" in shown(LS, cat)
    assert "Bash" in shown(LS, cat, ToolEnd(id="t2", failed=False))
    assert shown(TextDelta(text="x"), LS, ToolEnd(id="t1", failed=True)) == "x\n-# 4 s"


def test_a_title_chosen_by_the_agent_stays_one_plain_line() -> None:
    hostile = ToolStart(id="t", name="Bash", title="**x** <@1> [a](http://b) " + "y" * 300)
    line = shown(hostile)
    assert line.startswith(r"-# Bash: \*\*x\*\* \<\@1\> \[a\]\(http://b\) y")
    assert len(line) < 200


def test_what_changes_nothing_gives_the_same_state() -> None:
    state = after(TextDelta(text="a"))
    for event in (
        Thinking(text="hm"),
        Idle(),
        ToolEnd(id="unknown", failed=False),
        RateLimit(status="allowed"),
    ):
        assert fold(state, event, 1.0) is state


def test_trouble_is_told_until_the_agent_goes_on() -> None:
    retry = Retry(attempt=2, limit=10, wait_s=5)
    assert shown(retry) == "-# the model does not answer, try 2 of 10 · 4 s"
    assert shown(retry, TextDelta(text="hi")) == "hi\n-# 4 s"
    reset = datetime(2030, 1, 1, tzinfo=UTC)
    assert "over <t:1893456000:R>" in shown(RateLimit(status="rejected", resets_at=reset))


def test_asks_are_open_until_they_are_withdrawn() -> None:
    ask = PermissionAsk(id="a", tool="Bash", title="ls")
    assert after(ask).is_asking
    state = after(ask, AskWithdrawn(id="a", reason="expired"))
    assert not state.is_asking
    assert state.asks["a"].over == "expired"


def test_a_finished_turn_has_no_tool_at_work() -> None:
    state = after(TextDelta(text="a"), LS, DONE)
    assert state.is_done
    assert not state.tools


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (4.9, "4 s"), (60, "1 min"), (125, "2 min 5 s"), (3600, "1 h"), (3785, "1 h 3 min")],
)
def test_durations_are_for_people(seconds: float, text: str) -> None:
    assert elapsed(seconds) == text


@settings(deadline=None)
@given(st.lists(st.one_of(st.text(max_size=900).map(lambda t: TextDelta(text=t)), st.just(LS)), max_size=20))
def test_the_live_message_always_fits(events: list[Event]) -> None:
    state = after(*events)
    if state.is_visible:
        text = live_text(state, 10.0, 2000)
        assert 0 < units(text) <= 2000
