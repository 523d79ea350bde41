"""A turn whose agent asks: tools noted before they run, questions answered once, and no limit meanwhile."""

import asyncio
from typing import Literal

import pytest

from sessions.agents.base import Allow, Answers, Decision, Deny
from sessions.events import (
    Ask,
    AskWithdrawn,
    PermissionAsk,
    Question,
    QuestionAsk,
    ToolStart,
    TurnDone,
)
from sessions.turn import Halt, Limits
from tests.support.turn_stage import PROMPT, TURN, Stage, done, now_s


async def test_a_tool_is_noted_before_the_next_event() -> None:
    stage = Stage()
    await stage.play(ToolStart(id="t", name="Bash", title="Bash: ls", turn=TURN), done())
    assert stage.tools == ["Bash: ls"]


async def test_a_tool_runs_once_the_store_knows_that_it_begins() -> None:
    stage = Stage()
    await stage.play(
        ToolStart(id="1", name="Bash", title="ls", turn=TURN),
        ToolStart(id="2", name="Bash", title="make", turn=TURN),
        done(),
    )
    assert stage.agent.log == ["ls stored", "1: runs", "make stored", "2: runs"]


async def test_no_tool_runs_before_one_is_stored_and_then_all_do() -> None:
    """One that is stored is enough for a turn not to be run again in silence."""
    stage = Stage()
    stage.stores = [False, True, False]
    await stage.play(*(ToolStart(id=name, name="Bash", title="ls", turn=TURN) for name in "123"), done())
    assert stage.agent.log[1::2] == ["1: does not run", "2: runs", "3: runs"]


async def test_an_open_question_is_no_silence() -> None:
    stage = Stage(Limits(silence_s=0.01, turn_s=60, ask_s=0.1))
    stage.turn.feed(PermissionAsk(id="a", tool="Bash", title="ls", turn=TURN))
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(stage.turn.run(PROMPT, now_s()))
        await stage.agent.answered.wait()
        stage.turn.feed(done())
    assert running.result().status == "ok"
    [(ask, decision)] = stage.agent.answers
    assert ask == "a"
    assert isinstance(decision, Deny)
    assert AskWithdrawn(id="a", reason="expired") in stage.sink.events


async def test_the_first_answer_to_a_question_wins() -> None:
    stage = Stage()
    stage.turn.feed(PermissionAsk(id="a", tool="Bash", title="ls", turn=TURN))
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(stage.turn.run(PROMPT, now_s()))
        await stage.sink.heard.wait()
        assert stage.turn.is_asking
        assert await stage.turn.answer("a", Allow())
        assert not await stage.turn.answer("a", Deny(reason="no"))
        stage.turn.feed(done())
    assert running.result().status == "ok"
    assert stage.agent.answers == [("a", Allow())]


@pytest.mark.parametrize(("takes", "reason"), [(True, "answered"), (False, "agent")])
async def test_a_question_counts_as_answered_once_the_agent_took_the_answer(
    takes: bool, reason: Literal["answered", "agent"]
) -> None:
    stage = Stage()
    stage.agent.takes, stage.agent.sink = takes, stage.sink
    stage.turn.feed(PermissionAsk(id="a", tool="Bash", title="ls", turn=TURN))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(stage.turn.run(PROMPT, now_s()))
        await stage.sink.heard.wait()
        assert await stage.turn.answer("a", Allow()) is takes
        stage.turn.feed(done())
    assert not stage.agent.withdrawn_before_it_answered
    withdrawn = [event for event in stage.sink.events if isinstance(event, AskWithdrawn)]
    assert withdrawn == [AskWithdrawn(id="a", reason=reason)]


async def test_a_question_that_the_agent_withdrew_cannot_be_answered() -> None:
    stage = Stage()
    outcome = await stage.play(
        PermissionAsk(id="a", tool="Bash", title="ls", turn=TURN),
        AskWithdrawn(id="a", reason="agent", turn=TURN),
        done(),
    )
    assert outcome.status == "ok"
    assert not await stage.turn.answer("a", Allow())


async def test_it_is_told_once_when_people_are_waited_for_and_once_when_not() -> None:
    stage = Stage()
    await stage.play(
        PermissionAsk(id="a", tool="Bash", title="ls", turn=TURN),
        PermissionAsk(id="b", tool="Bash", title="rm", turn=TURN),
        AskWithdrawn(id="a", reason="agent", turn=TURN),
        done(),
    )
    assert stage.asking == [True, False]


async def test_a_question_keeps_a_turn_open_longer_than_it_may_take_itself() -> None:
    stage = Stage(Limits(silence_s=0.01, turn_s=0.5, ask_s=0.6, question_s=60))
    stage.turn.feed(QuestionAsk(id="q", questions=(Question(text="Which?"),), turn=TURN))
    stage.turn.feed(PermissionAsk(id="p", tool="Bash", title="ls", turn=TURN))
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(stage.turn.run(PROMPT, now_s()))
        await stage.agent.answered.wait()  # the permission has expired, long after the turn's own time
        assert stage.turn.is_asking
        assert await stage.turn.answer("q", Answers(texts=("this",)))
        stage.turn.feed(done())
    assert running.result().status == "ok"
    assert [ask for ask, _ in stage.agent.answers] == ["p", "q"]


async def test_what_is_decided_before_is_answered_and_never_shown() -> None:
    stage = Stage()

    async def judge(_ask: Ask) -> Decision:
        return Allow()

    stage.turn._judge = judge
    outcome = await stage.play(PermissionAsk(id="a", tool="Bash", title="ls", turn=TURN), done())
    assert outcome.status == "ok"
    assert stage.agent.answers == [("a", Allow())]
    assert not any(isinstance(event, PermissionAsk) for event in stage.sink.events)
    assert stage.asking == []


@pytest.mark.parametrize(("halt", "shown"), [("interrupted", 0), ("stopped", 1)])
async def test_a_card_stays_open_when_its_turn_is_cut_off_by_a_restart(halt: Halt, shown: int) -> None:
    stage = Stage()
    stage.turn.feed(PermissionAsk(id="a", tool="Bash", title="ls", turn=TURN))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(stage.turn.run(PROMPT, now_s()))
        await stage.sink.heard.wait()
        stage.turn.halt(halt)
        stage.turn.feed(AskWithdrawn(id="a", reason="agent", turn=TURN))
        stage.turn.feed(TurnDone(status="stopped", agent_session_id="s2", turn=TURN))
    withdrawn = [event for event in stage.sink.events if isinstance(event, AskWithdrawn)]
    assert len(withdrawn) == shown
