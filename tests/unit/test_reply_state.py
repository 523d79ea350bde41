"""The fold over a turn's events, and the live message it gives."""

from datetime import UTC, datetime
from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from bot.live_view import live_text
from bot.reply_state import ReplyState, fold
from bot.tail import Tail
from sessions.events import (
    AskWithdrawn,
    Compacted,
    Event,
    Idle,
    PermissionAsk,
    RateLimit,
    Retry,
    Started,
    TextDelta,
    TextFinal,
    ToolEnd,
    ToolStart,
    TurnDone,
)
from sessions.keys import TurnId

LS = ToolStart(id="t1", name="Bash", title="ls -la")
DONE = TurnDone(status="ok", agent_session_id="s")


def after(*events: Event, now_s: float = 0.0) -> ReplyState:
    return reduce(lambda state, event: fold(state, event, now_s), events, ReplyState(since_s=0.0))


def shown(*events: Event, at_s: float = 4.0, limit: int = 2000) -> str:
    return live_text(after(*events), at_s, limit)


def test_a_whole_block_replaces_its_deltas_and_blocks_are_paragraphs() -> None:
    state = after(TextDelta(text="on"), TextDelta(text="e"), TextFinal(text="one"), TextDelta(text="two"))
    assert state.text == "one\n\ntwo"


@given(st.lists(st.tuples(st.text(max_size=900), st.booleans()), max_size=30))
def test_the_tail_is_that_of_the_whole_text_after_each_word(words: list[tuple[str, bool]]) -> None:
    state, tail, block = ReplyState(since_s=0.0), Tail(), ""
    for word, is_end in words:
        block += word
        state = fold(state, TextDelta(text=word), 0.0)
        tail = tail.moved(state.text)
        assert state.tail == tail
        if is_end:
            state, block = fold(state, TextFinal(text=block), 0.0), ""
            tail = tail.moved(state.text)
            assert state.tail == tail


def test_what_changes_nothing_gives_the_same_state() -> None:
    state = after(TextDelta(text="a"))
    for event in (
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
    assert state.activity.at_work is None


def test_a_turn_that_nobody_asked_for_and_a_loss_of_context_are_remembered() -> None:
    state = after(Started(agent_session_id="s", model="m", workdir="/w"), Compacted(before=9, after=1))
    assert state.is_unasked
    assert state.compactions == (Compacted(before=9, after=1),)
    named = Started(agent_session_id="s", model="m", workdir="/w", turn=TurnId(1))
    assert not after(named).is_unasked
    assert len(after(*[Compacted(before=number) for number in range(50)]).compactions) == 3
