"""What agents say, without the secrets in it."""

from dataclasses import fields
from typing import get_args

import pytest

from sessions.events import (
    Event,
    Exited,
    Idle,
    PermissionAsk,
    Retry,
    Started,
    TextDelta,
    TextFinal,
    Thinking,
    ToolEnd,
    ToolStart,
    TurnDone,
)
from sessions.keys import TurnId
from sessions.redacted_events import RedactedEvents, redacted_outcome
from sessions.redaction import MASK, Redactor
from sessions.turn import Outcome

KEY = "sk-ant-api03-0123456789"
TURN = TurnId(7)


def shown(*events: Event, redactor: Redactor | None = None) -> list[Event]:
    redacted = RedactedEvents(redactor or Redactor([KEY]))
    return [one for event in events for one in redacted.read(event)]


def deltas(text: str, size: int = 3, turn: TurnId | None = TURN) -> list[Event]:
    return [TextDelta(text=text[at : at + size], turn=turn) for at in range(0, len(text), size)]


WORDS: list[Event] = [
    TextFinal(text=KEY),
    Thinking(text=KEY),
    ToolStart(id="1", name="Bash", title=KEY),
    ToolEnd(id="1", failed=False, output=KEY),
    PermissionAsk(id="1", tool="Bash", title=KEY, arguments={"command": KEY, KEY: [{"a": KEY}]}),
    Retry(attempt=1, limit=2, wait_s=1, error=KEY),
    TurnDone(status="ok", agent_session_id="s", text=KEY),
    Exited(exit_code=1, cause=KEY, stderr_tail=KEY),
]


@pytest.mark.parametrize("event", WORDS, ids=lambda event: type(event).__name__)
def test_no_word_of_an_event_keeps_a_secret(event: Event) -> None:
    [masked] = shown(event)
    assert type(masked) is type(event)
    assert KEY not in repr(masked)
    assert MASK in repr(masked)


@pytest.mark.parametrize("left", range(8, len(KEY)))
def test_what_was_shortened_within_a_secret_shows_none_of_it(left: int) -> None:
    cut = f"curl -H 'x-api-key: {KEY[:left]}"
    events: list[Event] = [
        ToolStart(id="1", name="Bash", title=f"{cut}…"),
        PermissionAsk(id="1", tool="Bash", title=f"{cut}…"),
        ToolEnd(id="1", failed=False, output=cut),
        Retry(attempt=1, limit=2, wait_s=1, error=cut),
        Exited(exit_code=1, cause=f"It ended. ({cut})", stderr_tail=cut),
    ]
    outcome = Outcome(status="failed", notice=f"The API said no. ({cut})", last_tool=f"{cut}…")
    told = [*shown(*events), redacted_outcome(outcome, Redactor([KEY]))]
    assert not [one for one in told if KEY[:8] in repr(one)]
    assert repr(told).count(MASK) == 8
    assert ToolStart(id="1", name="Bash", title=f"curl -H 'x-api-key: {MASK}…") in told


def test_every_event_with_words_is_looked_at() -> None:
    """A new event, or a new text in one, must be thought of here."""
    harmless = {
        *("id", "name", "tool", "agent_session_id", "model", "workdir", "memory_dir"),
        *("status", "reason", "kind", "problem"),
    }
    texts = {
        kind.__name__: sorted(
            one.name for one in fields(kind) if "str" in str(one.type) and one.name not in harmless
        )
        for kind in get_args(Event)
    }
    looked_at = {type(event).__name__ for event in WORDS} | {"TextDelta"}
    assert {kind for kind, names in texts.items() if names} - looked_at <= {"Started"}
    assert texts["Started"] in ([], ["tools"])


def test_a_secret_that_grows_is_never_shown_in_part() -> None:
    events = shown(*deltas(f"it is {KEY}, so"), TextFinal(text=f"it is {KEY}, so", turn=TURN))
    grown = ""
    for event in events[:-1]:
        assert isinstance(event, TextDelta)
        grown += event.text
        assert "sk-" not in grown
    assert grown == f"it is {MASK}, so"
    assert events[-1] == TextFinal(text=f"it is {MASK}, so", turn=TURN)


@pytest.mark.parametrize(
    "end", [TurnDone(status="stopped", agent_session_id="s", turn=TURN), Exited(exit_code=1)]
)
def test_what_was_held_back_comes_before_the_end(end: Event) -> None:
    events = shown(*deltas("it is s"), end)
    assert "".join(event.text for event in events[:-1] if isinstance(event, TextDelta)) == "it is s"
    assert events[-2] == TextDelta(text="s", turn=TURN)
    assert events[-1] == end


def test_a_whole_block_replaces_what_was_held_back() -> None:
    events = shown(*deltas("it is s"), TextFinal(text="it is so", turn=TURN), *deltas("next"))
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == "it is next"


def test_two_turns_do_not_run_into_each_other() -> None:
    events = shown(*deltas(KEY[:9]), *deltas(KEY[9:], turn=TurnId(8)))
    second = [event.text for event in events if isinstance(event, TextDelta) and event.turn == 8]
    assert second[0] == KEY[9:12]


def test_without_secrets_every_event_stays_as_it_is() -> None:
    started = Started(agent_session_id="s", model="m", workdir="/w")
    events = [started, *deltas("hello"), Idle(), *WORDS]
    assert shown(*events, redactor=Redactor()) == events


def test_an_outcome_keeps_no_secret() -> None:
    outcome = Outcome(status="failed", text=KEY, partial=KEY, notice=KEY, last_tool=KEY)
    assert KEY not in repr(redacted_outcome(outcome, Redactor([KEY])))
    assert redacted_outcome(outcome, Redactor()) == outcome
