"""What every agent does about tools: it reports them, asks, waits for the decision, and runs ours."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from sessions.agents.base import AgentAdapter, Allow, Deny, SessionSpec
from sessions.agents.tools import HubTool, ToolAnswer
from sessions.events import AskWithdrawn, PermissionAsk, ToolEnd, ToolStart
from tests.support.agent_plays import ASK
from tests.support.agents import talk


async def test_an_allowed_tool_runs(adapter: AgentAdapter, spec: SessionSpec) -> None:
    async with talk(adapter, spec) as agent:
        turn = await agent.send(ASK)
        ask = await agent.first(PermissionAsk)
        assert (ask.turn, ask.tool) == (turn, "Bash")
        assert "echo" in ask.title
        assert await agent.session.answer(ask.id, Allow())
        assert (await agent.done(turn)).status == "ok"
    (end,) = agent.of(ToolEnd, turn)
    assert not end.failed
    assert not agent.of(AskWithdrawn, turn)


async def test_a_denied_tool_does_not_run_and_the_agent_hears_why(
    adapter: AgentAdapter, spec: SessionSpec
) -> None:
    async with talk(adapter, spec) as agent:
        turn = await agent.send(ASK)
        ask = await agent.first(PermissionAsk)
        assert await agent.session.answer(ask.id, Deny(reason="not on a Sunday"))
        assert (await agent.done(turn)).status == "ok"
    (end,) = agent.of(ToolEnd, turn)
    assert end.failed
    assert "not on a Sunday" in end.output
    assert not (spec.workdir / "asked").exists()


async def test_a_tool_is_decided_about_once(adapter: AgentAdapter, spec: SessionSpec) -> None:
    async with talk(adapter, spec) as agent:
        agent.holds_tools = True
        turn = await agent.send(ASK)
        start = await agent.first(ToolStart)
        agent.session.decide("nobody began this", Deny(reason="no"))
        agent.session.decide(start.id, Allow())
        agent.session.decide(start.id, Deny(reason="too late"))
        ask = await agent.first(PermissionAsk)
        await agent.session.answer(ask.id, Allow())
        await agent.done(turn)
    (end,) = agent.of(ToolEnd, turn)
    assert not end.failed


async def test_a_tool_that_may_not_begin_does_not_and_the_agent_hears_why(
    adapter: AgentAdapter, spec: SessionSpec
) -> None:
    async with talk(adapter, spec) as agent:
        agent.holds_tools = True
        turn = await agent.send(ASK)
        start = await agent.first(ToolStart)
        agent.session.decide(start.id, Deny(reason="not written down"))
        assert (await agent.done(turn)).status == "ok"
    (end,) = agent.of(ToolEnd, turn)
    assert end.failed
    assert "not written down" in end.output
    assert not agent.of(PermissionAsk, turn)
    assert not (spec.workdir / "asked").exists()


async def test_a_call_is_reported_before_its_question(adapter: AgentAdapter, spec: SessionSpec) -> None:
    async with talk(adapter, spec) as agent:
        turn = await agent.send(f"words:900\n{ASK}")
        ask = await agent.first(PermissionAsk)
        (start,) = agent.of(ToolStart, turn)
        assert start.id == ask.id
        assert agent.events.index(start) < agent.events.index(ask)
        await agent.session.answer(ask.id, Deny(reason="no"))
        await agent.done(turn)


async def test_a_question_is_answered_once(adapter: AgentAdapter, spec: SessionSpec) -> None:
    async with talk(adapter, spec) as agent:
        turn = await agent.send(ASK)
        ask = await agent.first(PermissionAsk)
        assert await agent.session.answer(ask.id, Deny(reason="no"))
        assert not await agent.session.answer(ask.id, Allow())
        await agent.done(turn)
        assert not await agent.session.answer("nobody asked this", Allow())


async def test_an_interrupt_withdraws_the_open_question(adapter: AgentAdapter, spec: SessionSpec) -> None:
    async with talk(adapter, spec) as agent:
        turn = await agent.send(ASK)
        ask = await agent.first(PermissionAsk)
        await agent.session.interrupt()
        withdrawn = await agent.first(AskWithdrawn)
        assert (withdrawn.id, withdrawn.reason) == (ask.id, "agent")
        assert (await agent.done(turn)).status == "stopped"
        assert not await agent.session.answer(ask.id, Allow())


async def test_closing_withdraws_the_open_question(adapter: AgentAdapter, spec: SessionSpec) -> None:
    async with talk(adapter, spec) as agent:
        await agent.send(ASK)
        ask = await agent.first(PermissionAsk)
        await agent.session.close(0.1)
        assert (await agent.first(AskWithdrawn)).id == ask.id


@pytest.mark.parametrize("failed", [False, True])
async def test_a_tool_of_ours_is_run_unasked_and_its_answer_told(
    adapter: AgentAdapter, spec: SessionSpec, failed: bool
) -> None:
    calls: list[Mapping[str, object]] = []

    async def call(arguments: Mapping[str, object]) -> ToolAnswer:
        calls.append(arguments)
        return ToolAnswer(text="plot.png was looked at.", failed=failed)

    schema = {"type": "object", "properties": {"path": {"type": "string"}}}
    tool = HubTool(name="send_file", description="Send a file.", schema=schema, call=call)
    async with talk(adapter, replace(spec, tools=(tool,))) as agent:
        done = await agent.ask('tool:mcp__roomkey__send_file:{"path": "plot.png"}\nsay:there')
        end = await agent.first(ToolEnd)
    assert (done.status, calls) == ("ok", [{"path": "plot.png"}])
    assert (end.failed, end.output) == (failed, "plot.png was looked at.")
    assert not [event for event in agent.events if isinstance(event, PermissionAsk)]
