"""What agents say, without the secrets in it."""

import re
from dataclasses import fields, replace
from pathlib import Path
from typing import get_args

import pytest

from sessions.ask_events import Option, PlanAsk, Question, QuestionAsk
from sessions.events import (
    BackgroundTasks,
    Event,
    Exited,
    Idle,
    PermissionAsk,
    Retry,
    Started,
    Task,
    TaskList,
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
    ToolStart(id="1", name="Bash", title=KEY, arguments={"command": KEY, KEY: [{"a": KEY}]}),
    ToolEnd(id="1", failed=False, output=KEY, diff=f"--- a\n+++ a\n+{KEY}"),
    TaskList(tasks=(Task(text=KEY, state="done"),)),
    BackgroundTasks(count=1, names=(KEY,)),
    PermissionAsk(id="1", tool="Bash", title=KEY, arguments={"command": KEY, KEY: [{"a": KEY}]}),
    QuestionAsk(
        id="1", questions=(Question(text=KEY, header=KEY, options=(Option(label=KEY, detail=KEY),)),)
    ),
    PlanAsk(id="1", plan=KEY),
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
        ToolEnd(id="1", failed=False, output=cut, diff=cut),
        ToolStart(id="1", name="Bash", title="", arguments={"a": [f"{cut}…"]}),
        TaskList(tasks=(Task(text=f"{cut}…", state="done"),)),
        BackgroundTasks(count=1, names=(cut,)),
        Retry(attempt=1, limit=2, wait_s=1, error=cut),
        Exited(exit_code=1, cause=f"It ended. ({cut})", stderr_tail=cut),
    ]
    outcome = Outcome(status="failed", notice=f"The API said no. ({cut})", last_tool=f"{cut}…")
    told = [*shown(*events), redacted_outcome(outcome, Redactor([KEY]))]
    assert not [one for one in told if KEY[:8] in repr(one)]
    assert repr(told).count(MASK) == 12
    assert ToolStart(id="1", name="Bash", title=f"curl -H 'x-api-key: {MASK}…") in told


def test_every_event_with_words_is_looked_at() -> None:
    """A new event, or a new text in one, must be thought of here."""
    harmless = {
        *("id", "name", "parent", "tool", "agent_session_id", "model", "workdir", "memory_dir"),
        "fingerprint",
        *("status", "reason", "kind", "problem"),
    }
    texts = {
        kind.__name__: sorted(
            one.name
            for one in fields(kind)
            if re.search(r"\b(str|Task|Question)\b", str(one.type)) and one.name not in harmless
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


def test_a_secret_in_a_thought_that_grows_is_never_shown_in_part() -> None:
    thoughts: list[Event] = [
        Thinking(text=f"it is {KEY}, so"[at : at + 3], turn=TURN) for at in range(0, 34, 3)
    ]
    for last in ([], [TextDelta(text="x", turn=TURN)]):
        events = shown(*thoughts, *last)
        grown = "".join(event.text for event in events if isinstance(event, Thinking))
        assert grown == f"it is {MASK}, so"


def test_what_is_held_back_of_a_thought_comes_when_it_is_over() -> None:
    events = shown(Thinking(text="it is s", turn=TURN), Idle(), TextDelta(text="!", turn=TURN))
    assert "".join(event.text for event in events if isinstance(event, Thinking)) == "it is s"
    assert events[-1] == TextDelta(text="!", turn=TURN)


@pytest.mark.parametrize("before", range(1960, 2041, 7))
def test_a_secret_in_a_long_output_is_masked_wherever_the_cut_falls(before: int) -> None:
    [end] = shown(ToolEnd(id="1", failed=False, output=f"{'x' * 900}{KEY}{'y' * before}"))
    assert isinstance(end, ToolEnd)
    assert len(end.output) <= 2000
    assert not any(KEY[at : at + 8] in end.output for at in range(len(KEY) - 8))
    assert end.output.endswith("y" * 1900)


def test_paths_of_a_tool_are_the_rooms_own_but_a_request_keeps_its_arguments() -> None:
    path = "/data/lab/work/a.py"
    redacted = RedactedEvents(Redactor(), Path("/data/lab/work"))
    start = ToolStart(id="1", name="Read", title=path, arguments={"path": [path, "/home/ann/k"]})
    end = ToolEnd(id="1", failed=False, output=f"see {path}", diff=f"--- {path}")
    assert redacted.read(start) == [replace(start, title="a.py", arguments={"path": ["a.py", "…/k"]})]
    assert redacted.read(end) == [replace(end, output="see a.py", diff="--- a.py")]
    ask = PermissionAsk(id="1", tool="Read", title=path, arguments={"path": path})
    assert redacted.read(ask) == [replace(ask, title="a.py")]
    other = PermissionAsk(id="1", tool="Read", title="/home/ann/k", arguments={"path": "/home/ann/k"})
    assert redacted.read(other) == [other]


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
