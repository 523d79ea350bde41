"""SDK messages -> Event, on output of the real Claude Code (tests/support/record_claude.py)."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from claude_agent_sdk import Message, SystemMessage
from claude_agent_sdk._internal.message_parser import parse_message

from sessions.agents.base import TurnInput
from sessions.agents.claude_events import Skipped, Translation, Unfit
from sessions.agents.claude_transcript import Answer
from sessions.events import (
    BackgroundTasks,
    Compacted,
    Event,
    Idle,
    RateLimit,
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
    Usage,
)
from sessions.keys import TurnId
from tests.support.record_claude import FIXTURES, SESSION_ID, uuid_of

WORKDIR, MEMORY = Path("/room/work"), Path("/room/memory")


def prompt(turn: int) -> TurnInput:
    return TurnInput(turn=TurnId(turn), uuid=uuid_of(turn), text="said")


def messages(scene: str) -> list[Message]:
    lines = (FIXTURES / f"{scene}.jsonl").read_text().splitlines()
    return [message for line in lines if (message := parse_message(json.loads(line))) is not None]


def make_translation(workdir: Path = WORKDIR, memory_dir: Path = MEMORY) -> Translation:
    return Translation(SESSION_ID, workdir, memory_dir)


def play(scene: str, translation: Translation | None = None) -> list[Event | Skipped | Unfit]:
    """Translate a recording, sending the next prompt whenever the last one has its result."""
    translation = translation or make_translation()
    turn = 1
    translation.expect(prompt(turn))
    events: list[Event | Skipped | Unfit] = []
    for message in messages(scene):
        for event in translation.read(message):
            events.append(event)
            if isinstance(event, TurnDone) and event.turn == turn:
                turn += 1
            if isinstance(event, Idle) and translation.ours is None:
                translation.expect(prompt(turn))
    return events


def done(events: list[Event | Skipped | Unfit], turn: int | None) -> TurnDone:
    (found,) = [event for event in events if isinstance(event, TurnDone) and event.turn == turn]
    return found


def test_an_answer_streams_and_ends() -> None:
    events = play("answer")
    texts = [event for event in events if not isinstance(event, Started | Idle | TurnDone)]
    assert texts == [
        Thinking(text="let me s", turn=TurnId(1)),
        Thinking(text="ee", turn=TurnId(1)),
        TextDelta(text="one two ", turn=TurnId(1)),
        TextDelta(text="three", turn=TurnId(1)),
        TextFinal(text="one two three", turn=TurnId(1)),
    ]
    assert done(events, 1).text == "one two three"
    assert isinstance(events[-1], Idle)


def test_a_turn_begins_with_where_it_works() -> None:
    started = play("answer")[0]
    assert isinstance(started, Started)
    assert (started.workdir, started.memory_dir) == (str(WORKDIR), str(MEMORY))
    assert (started.agent_session_id, started.turn) == (SESSION_ID, 1)
    assert "Bash" in started.tools


def test_a_result_carries_its_figures() -> None:
    usage = done(play("answer"), 1).usage
    assert usage.context_window == 1_000_000
    assert usage.cost_usd is not None
    assert usage.cost_usd > 0
    assert usage.output_tokens > 0
    assert usage.context_tokens == usage.input_tokens + usage.output_tokens


def test_blocks_before_and_after_a_tool_are_paragraphs_of_the_answer() -> None:
    events = play("tool")
    assert done(events, 1).text == "I look.\n\ntool said: 42"


def test_a_tool_call_has_a_title_and_an_end() -> None:
    events = play("tool")
    (start,) = [event for event in events if isinstance(event, ToolStart)]
    (end,) = [event for event in events if isinstance(event, ToolEnd)]
    assert (start.name, start.title) == ("Bash", "echo $((40 + 2)) > sum; cat sum")
    assert end == ToolEnd(id=start.id, failed=False, output="42", turn=TurnId(1))


def test_an_interrupted_turn_is_stopped_and_the_next_one_is_whole() -> None:
    events = play("interrupted")
    stopped = done(events, 1)
    assert (stopped.status, stopped.text, stopped.problem) == ("stopped", "", None)
    assert done(events, 2).text == "next"


@pytest.mark.parametrize(("turn", "problem"), [(1, "overloaded"), (2, "login")])
def test_an_api_failure_is_a_failure_although_its_subtype_is_success(turn: int, problem: str) -> None:
    events = play("failed")
    failed = done(events, turn)
    assert (failed.status, failed.problem) == ("failed", problem)
    assert not [event for event in events if isinstance(event, TextFinal)]


def test_a_retry_is_reported() -> None:
    (retry,) = [event for event in play("retried") if isinstance(event, Retry)]
    assert (retry.attempt, retry.limit, retry.status, retry.turn) == (1, 1, 500, 1)
    assert retry.wait_s > 0


def test_a_turn_that_nobody_asked_for_has_no_turn_and_ends_none() -> None:
    events = play("background")
    assert done(events, 1).text == "started"
    assert done(events, None).text == "A task in the background has ended."
    assert done(events, 2).text == "next"
    counts = [event.count for event in events if isinstance(event, BackgroundTasks)]
    assert counts == [1, 0]


def test_a_prompt_that_waits_is_not_answered_by_the_turn_before_it() -> None:
    translation = make_translation()
    translation.expect(prompt(1))
    events: list[Event | Skipped | Unfit] = []
    for message in messages("background"):
        for event in translation.read(message):
            events.append(event)
            if isinstance(event, TurnDone) and event.turn == 1:
                translation.expect(prompt(2))
    assert done(events, None).text == "A task in the background has ended."
    assert done(events, 2).text == "next"
    assert not [event for event in events if isinstance(event, Skipped)]


def test_a_prompt_taken_into_a_running_turn_is_answered_by_it() -> None:
    translation = make_translation()
    init, status, *rest = [
        message
        for message in messages("answer")
        if not isinstance(message, SystemMessage) or message.subtype != "session_state_changed"
    ]
    assert isinstance(init, SystemMessage)
    assert isinstance(status, SystemMessage)
    unasked = SystemMessage(subtype="init", data=init.data | {"user_message_uuids": None})
    events = list(translation.read(unasked))
    translation.expect(prompt(1))
    for message in [status, *rest]:
        events += translation.read(message)
    assert [event.turn for event in events if isinstance(event, Started)] == [None, 1]
    assert done(events, 1).text == "one two three"


def test_the_words_of_a_subagent_are_not_the_answer() -> None:
    events = play("subagent")
    assert done(events, 1).text == "done"
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == "done"


def test_a_known_uuid_is_skipped() -> None:
    translation = make_translation()
    translation.expect(prompt(1))
    *first, last = messages("repeated")
    events = [event for message in first for event in translation.read(message)]
    assert done(events, 1).text == "once"
    translation.expect(prompt(1))
    assert list(translation.read(last)) == [Idle(), Skipped(prompt(1))]


def test_a_skipped_prompt_is_answered_from_the_record() -> None:
    translation = make_translation()
    translation.expect(prompt(1))
    events = list(translation.answered_before(prompt(1), Answer(("a", "b"), finished=True)))
    assert [event.text for event in events if isinstance(event, TextFinal)] == ["a", "b"]
    assert done([*events], 1).text == "a\n\nb"
    assert translation.ours is None


def test_a_skipped_prompt_with_half_an_answer_says_so() -> None:
    translation = make_translation()
    translation.expect(prompt(1))
    (failed,) = translation.answered_before(prompt(1), Answer(("a",), finished=False))
    assert isinstance(failed, TurnDone)
    assert (failed.status, failed.problem) == ("failed", "no_result")


def test_limits_of_the_login_are_reported() -> None:
    (limit, *_) = [event for event in play("limited") if isinstance(event, RateLimit)]
    assert limit == RateLimit(
        status="warning", resets_at=datetime(2030, 1, 1, tzinfo=UTC), kind="five_hour", turn=TurnId(1)
    )


@pytest.mark.parametrize(
    "translation",
    [make_translation(memory_dir=Path("/room/memory/of/another")), make_translation(workdir=Path("/other"))],
)
def test_a_process_in_the_wrong_place_is_unfit(translation: Translation) -> None:
    unfit = [event for event in play("answer", translation) if isinstance(event, Unfit)]
    assert unfit
    assert "/room/" in unfit[0].cause


def test_the_agent_may_move_within_its_process() -> None:
    """`cd` moves the working directory that a later turn reports (2.1.327)."""
    translation = make_translation()
    init = next(message for message in messages("answer") if isinstance(message, SystemMessage))
    recorded = [message for message in messages("answer") if isinstance(message, SystemMessage)]
    init = next(message for message in recorded if message.subtype == "init")
    moved = replace(init, data=init.data | {"cwd": "/room/work/sub"})
    events = [*translation.read(init), *translation.read(moved)]
    assert not [event for event in events if isinstance(event, Unfit)]


def test_tools_that_reach_other_sessions_make_it_unfit() -> None:
    recorded = [message for message in messages("answer") if isinstance(message, SystemMessage)]
    init = next(message for message in recorded if message.subtype == "init")
    armed = replace(init, data=init.data | {"tools": [*init.data["tools"], "SendMessage"]})
    (unfit,) = make_translation().read(armed)
    assert isinstance(unfit, Unfit)


def test_what_it_does_not_know_it_passes_over() -> None:
    translation = make_translation()
    assert list(translation.read(SystemMessage(subtype="brand_new", data={"odd": [1]}))) == []
    assert list(translation.read(SystemMessage(subtype="api_retry", data={}))) == [
        Retry(attempt=0, limit=0, wait_s=0)
    ]
    assert done(play("answer"), 1).usage != Usage()


def test_an_edit_comes_with_what_it_changed() -> None:
    wrote, edited = [event for event in play("edits") if isinstance(event, ToolEnd)]
    assert wrote.diff == "--- /dev/null\n+++ a.txt\n+one\n+two\n+three"
    assert edited.diff == "--- a.txt\n+++ a.txt\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three"


def test_the_task_list_is_followed_and_a_finished_one_is_gone_at_the_next_turn() -> None:
    lists = [event.tasks for event in play("tasks") if isinstance(event, TaskList)]
    one, two = "First thing", "Second thing"
    assert lists == [
        (Task(text=one, state="pending"),),
        (Task(text=one, state="pending"), Task(text=two, state="pending")),
        (Task(text=one, state="active"), Task(text=two, state="pending")),
        (Task(text=one, state="done"), Task(text=two, state="pending")),
        (Task(text=one, state="done"),),
    ]


def test_the_tools_of_a_sub_agent_name_their_parent_and_its_words_are_no_answer() -> None:
    events = play("busy_subagent")
    agent, inner = [event for event in events if isinstance(event, ToolStart)]
    assert (agent.name, agent.title, agent.parent) == ("Agent", "Look around", None)
    assert (inner.name, inner.title, inner.parent) == ("Bash", "ls", agent.id)
    ends = [event for event in events if isinstance(event, ToolEnd)]
    assert [event.id for event in ends] == [inner.id, agent.id]
    assert ends[1].output == "words of the subagent"
    assert done(events, 1).text == "done"


def test_a_compaction_is_reported() -> None:
    translation = make_translation()
    boundary = {"compact_metadata": {"trigger": "auto", "pre_tokens": 182_000, "post_tokens": 12_000}}
    [event] = translation.read(SystemMessage(subtype="compact_boundary", data=boundary))
    assert event == Compacted(before=182_000, after=12_000)
