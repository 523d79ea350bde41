"""What the real Claude Code asks of people, and what it makes of their answers."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.demo.model import OfflineModel
from sessions.agents.base import Allow, Answers, Deny, SessionSpec
from sessions.agents.claude import ADAPTER
from sessions.agents.claude_transcript import Row, config_dir, find_transcript, rows
from sessions.events import AskWithdrawn, Idle, PermissionAsk, PlanAsk, QuestionAsk
from sessions.keys import TurnId
from tests.support.agents import Talk, claude_spec, talk
from tests.support.claude import BACKGROUND, enough, is_recorded

pytestmark = pytest.mark.timeout(120)

QUESTIONS = {
    "questions": [
        {
            "question": "Which database?",
            "header": "Database",
            "multiSelect": False,
            "options": [
                {"label": "Postgres", "description": "A server"},
                {"label": "SQLite", "description": "A file"},
            ],
        },
        {
            "question": "Which parts?",
            "header": "Parts",
            "multiSelect": True,
            "options": [{"label": "API", "description": "x"}, {"label": "Page", "description": "y"}],
        },
    ]
}
ASKS = f"tool:AskUserQuestion:{json.dumps(QUESTIONS)}\nsay:thanks"
PLAN = "# Plan\n\n1. Look\n2. Mend"


@pytest.fixture
async def model() -> AsyncIterator[OfflineModel]:
    async with OfflineModel() as model:
        yield model


@pytest.fixture
def spec(tmp_path: Path, model: OfflineModel) -> SessionSpec:
    return claude_spec(tmp_path, model)


def writes(path: Path) -> str:
    return f"tool:Write:{json.dumps({'file_path': str(path), 'content': 'x'})}"


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
