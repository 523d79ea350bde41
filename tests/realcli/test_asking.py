"""What the real Claude Code asks of people, and what it makes of their answers."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from bot.demo.model import OfflineModel
from sessions.agents.base import Allow, Answers, Deny, SessionSpec
from sessions.agents.claude import ADAPTER
from sessions.agents.claude_transcript import Row, config_dir, find_transcript, rows
from sessions.events import AskWithdrawn, Idle, PermissionAsk, PlanAsk, QuestionAsk, ToolEnd
from sessions.keys import TurnId
from tests.support.agents import Talk, talk
from tests.support.claude import BACKGROUND, enough, is_recorded
from tests.support.questions import QUESTIONS

pytestmark = pytest.mark.timeout(120)

ASKS = f"tool:AskUserQuestion:{json.dumps(QUESTIONS)}\nsay:thanks"
ENTERED = ("Plan mode is active", "Entered plan mode")
"""What Claude Code 2.1.327 tells its model, as a note and as the result of the tool."""
PLAN = "# Plan\n\n1. Look\n2. Mend"


def writes(path: Path) -> str:
    return f"tool:Write:{json.dumps({'file_path': str(path), 'content': 'x'})}"


def is_told_to_plan(model: OfflineModel) -> bool:
    """Whether the last request says that plan mode is on, or was entered, and not that it is over since."""
    said = "\n".join(model.requests[-1].texts)
    return max(map(said.rfind, ENTERED)) > said.rfind("Exited Plan Mode")


def notified(spec: SessionSpec) -> list[Row]:
    """Return what Claude Code wrote to itself about ended tasks, from its own record."""
    transcript = find_transcript(config_dir(spec.home), spec.agent_session_id)
    assert transcript is not None
    return [row for row in rows(transcript, b"task-notification") if row.get("type") == "user"]


async def planned(agent: Talk, then: str) -> tuple[TurnId, PlanAsk]:
    """Have a plan proposed; `then` is what comes after its approval."""
    turn = await agent.send(f"tool:ExitPlanMode:{json.dumps({'plan': PLAN})}\n{then}")
    return turn, await agent.first(PlanAsk, lambda ask: ask.turn == turn)


async def test_questions_are_asked_and_the_answers_are_what_the_model_reads(
    spec: SessionSpec, model: OfflineModel
) -> None:
    async with talk(ADAPTER, spec) as agent:
        turn = await agent.send(ASKS)
        ask = await agent.first(QuestionAsk)
        assert [question.text for question in ask.questions] == ["Which database?", "Which parts?"]
        assert [option.label for option in ask.questions[0].options] == ["Postgres", "SQLite"]
        assert [question.is_multiple for question in ask.questions] == [False, True]
        await agent.session.answer(ask.id, Answers(texts=("something of my own", "API, Page")))
        assert (await agent.done(turn)).status == "ok"
    told = json.dumps(model.requests[-1].results)
    assert "something of my own" in told
    assert "API, Page" in told


async def test_questions_nobody_answers_are_told_to_the_model_as_such(
    spec: SessionSpec, model: OfflineModel
) -> None:
    async with talk(ADAPTER, spec) as agent:
        turn = await agent.send(ASKS)
        ask = await agent.first(QuestionAsk)
        await agent.session.answer(ask.id, Deny(reason="Nobody answered within 24 h."))
        assert (await agent.done(turn)).status == "ok"
    assert "Nobody answered within 24 h." in json.dumps(model.requests[-1].results)


async def test_a_question_is_withdrawn_when_its_turn_is_stopped(spec: SessionSpec) -> None:
    async with talk(ADAPTER, spec) as agent:
        turn = await agent.send(ASKS)
        ask = await agent.first(QuestionAsk)
        await agent.session.interrupt()
        withdrawn = await agent.first(AskWithdrawn)
        assert (withdrawn.id, withdrawn.reason) == (ask.id, "agent")
        assert (await agent.done(turn)).status == "stopped"


async def test_an_approved_plan_goes_on_and_asks_for_each_edit(spec: SessionSpec) -> None:
    async with talk(ADAPTER, replace(spec, permission_mode="plan")) as agent:
        turn, plan = await planned(agent, f"{writes(spec.workdir / 'a')}\nsay:done")
        await agent.session.answer(plan.id, Allow())
        ask = await agent.first(PermissionAsk)
        assert ask.tool == "Write"
        await agent.session.answer(ask.id, Allow())
        assert (await agent.done(turn)).status == "ok"
    assert (spec.workdir / "a").exists()


async def test_while_it_plans_no_rule_is_offered_or_counts_also_if_it_began_to_plan_by_itself(
    spec: SessionSpec,
) -> None:
    write = writes(spec.workdir / "a")
    for mode, prompt, is_planning in (
        ("plan", write, True),
        ("default", f"tool:EnterPlanMode:{{}}\n{write}", True),
        ("default", write, False),
    ):
        once = replace(spec, permission_mode=mode, agent_session_id=str(uuid4()))
        async with talk(ADAPTER, once) as agent:
            turn = await agent.send(f"{prompt}\nsay:done")
            ask = await agent.first(PermissionAsk, lambda ask: ask.tool == "Write")
            assert (ask.is_planning, ask.rule == "") == (is_planning, is_planning)
            await agent.session.answer(ask.id, Deny(reason="no"))
            assert (await agent.done(turn)).status == "ok"


async def test_edits_accepted_with_a_plan_are_accepted_in_its_turn_alone(spec: SessionSpec) -> None:
    async with talk(ADAPTER, replace(spec, permission_mode="plan")) as agent:
        turn, plan = await planned(agent, f"{writes(spec.workdir / 'a')}\nsay:done")
        await agent.session.answer(plan.id, Allow(accept_edits=True))
        assert (await agent.done(turn)).status == "ok"
        assert (spec.workdir / "a").exists()
        assert not agent.of(PermissionAsk, turn)
        # The next turn plans again, as the room says: nothing is approved, so nothing is written.
        turn, plan = await planned(agent, "say:done")
        await agent.session.answer(plan.id, Deny(reason="not yet"))
        assert (await agent.done(turn)).status == "ok"


async def test_plan_mode_that_the_agent_entered_by_itself_ends_with_its_turn(
    spec: SessionSpec, model: OfflineModel
) -> None:
    """Issue 5: after a turn that was stopped while it planned, the room could do nothing but plan."""
    async with talk(ADAPTER, spec) as agent:
        for prompt, end in (("hang", "stopped"), ("say:I would begin with a look", "ok")):
            turn = await agent.send(f"tool:EnterPlanMode:{{}}\n{prompt}")
            await agent.first(ToolEnd, lambda tool, turn=turn: tool.turn == turn)
            if prompt == "hang":
                await agent.session.interrupt()
            assert (await agent.done(turn)).status == end
            turn = await agent.send(f"{writes(spec.workdir / 'a')}\nsay:done")
            ask = await agent.first(PermissionAsk, lambda ask, turn=turn: ask.turn == turn)
            assert not ask.is_planning
            assert not is_told_to_plan(model)
            await agent.session.answer(ask.id, Deny(reason="no"))
            assert (await agent.done(turn)).status == "ok"


async def test_plan_mode_that_the_agent_entered_by_itself_ends_with_its_process(
    spec: SessionSpec, model: OfflineModel
) -> None:
    async with talk(ADAPTER, spec) as agent:
        turn = await agent.send("tool:EnterPlanMode:{}\nhang")
        await agent.first(ToolEnd, lambda tool: tool.turn == turn)
    async with talk(ADAPTER, replace(spec, expect_history=True)) as agent:
        turn = await agent.send(f"{writes(spec.workdir / 'a')}\nsay:done")
        ask = await agent.first(PermissionAsk)
        assert not ask.is_planning
        await agent.session.answer(ask.id, Deny(reason="no"))
        assert (await agent.done(turn)).status == "ok"
    assert not is_told_to_plan(model)


async def test_what_is_done_unasked_after_a_plan_has_the_mode_of_its_room_again(spec: SessionSpec) -> None:
    async with talk(ADAPTER, replace(spec, permission_mode="plan")) as agent:
        turn, plan = await planned(agent, f"tool:Bash:{BACKGROUND}\n{writes(spec.workdir / 'a')}\nsay:done")
        await agent.session.answer(plan.id, Allow(accept_edits=True))
        assert (await agent.done(turn)).status == "ok"
        assert (spec.workdir / "a").exists()
        await agent.first(Idle)
        await enough(spec)
        assert (await agent.done(None)).status == "ok"
        await is_recorded(spec, "task-notification")
    said = await asyncio.to_thread(notified, spec)
    assert [row.get("permissionMode") for row in said] == ["plan"]


async def test_a_plan_that_is_sent_back_is_told_why(spec: SessionSpec, model: OfflineModel) -> None:
    async with talk(ADAPTER, replace(spec, permission_mode="plan")) as agent:
        turn, plan = await planned(agent, "say:done")
        await agent.session.answer(plan.id, Deny(reason="cover the tests, too"))
        assert (await agent.done(turn)).status == "ok"
    assert "cover the tests, too" in json.dumps(model.requests[-1].results)
