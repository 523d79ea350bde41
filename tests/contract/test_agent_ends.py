"""How every agent is stopped and closed, whatever it does just then: nothing of it stays."""

import asyncio

import pytest

from sessions.agents.base import AgentAdapter, SessionSpec
from sessions.errors import AgentGone
from sessions.events import (
    Exited,
    PermissionAsk,
    ToolStart,
)
from sessions.process import is_locked
from tests.support.agent_plays import ASK, SAY, IsRunning
from tests.support.agents import talk


async def test_an_interrupt_stops_the_turn_and_the_next_prompt_works(
    adapter: AgentAdapter, spec: SessionSpec, is_running: IsRunning
) -> None:
    async with talk(adapter, spec) as agent:
        turn = await agent.send("hang")
        await is_running("hang")
        await agent.session.interrupt()
        done = await agent.done(turn)
        assert (done.status, done.text, done.problem) == ("stopped", "", None)
        assert (await agent.ask(SAY)).status == "ok"


async def test_an_interrupt_straight_after_the_prompt_stops_it(
    adapter: AgentAdapter, spec: SessionSpec
) -> None:
    async with talk(adapter, spec) as agent:
        turn = await agent.send("hang")
        await agent.session.interrupt()
        assert (await agent.done(turn)).status == "stopped"


async def test_an_interrupt_without_a_turn_harms_nothing(adapter: AgentAdapter, spec: SessionSpec) -> None:
    async with talk(adapter, spec) as agent:
        await agent.session.interrupt()
        assert (await agent.ask(SAY)).status == "ok"


async def test_an_interrupt_ends_a_turn_whose_tool_waits(adapter: AgentAdapter, spec: SessionSpec) -> None:
    async with talk(adapter, spec) as agent:
        agent.holds_tools = True
        turn = await agent.send(ASK)
        await agent.first(ToolStart)
        await agent.session.interrupt()
        assert (await agent.done(turn)).status == "stopped"
        assert not agent.of(PermissionAsk, turn)
        assert (await agent.ask(SAY)).status == "ok"


async def test_closing_ends_a_process_whose_tool_waits(adapter: AgentAdapter, spec: SessionSpec) -> None:
    async with talk(adapter, spec) as agent:
        agent.holds_tools = True
        await agent.send(ASK)
        await agent.first(ToolStart)
        await agent.session.close(0.1)
        assert not await asyncio.to_thread(is_locked, spec.lock)


async def test_the_last_event_is_the_end_of_the_process(adapter: AgentAdapter, spec: SessionSpec) -> None:
    async with talk(adapter, spec) as agent:
        await agent.ask(SAY)
    assert isinstance(agent.events[-1], Exited)
    assert len([event for event in agent.events if isinstance(event, Exited)]) == 1


async def test_a_closed_session_takes_no_prompt(adapter: AgentAdapter, spec: SessionSpec) -> None:
    async with talk(adapter, spec) as agent:
        await agent.session.close(5)
        with pytest.raises(AgentGone):
            await agent.send(SAY)


async def test_a_session_may_be_closed_twice_and_at_once(adapter: AgentAdapter, spec: SessionSpec) -> None:
    async with talk(adapter, spec) as agent, asyncio.TaskGroup() as tasks:
        tasks.create_task(agent.session.close(5))
        tasks.create_task(agent.session.close(5))


async def test_closing_in_the_middle_of_a_turn_ends_the_process(
    adapter: AgentAdapter, spec: SessionSpec, is_running: IsRunning
) -> None:
    async with talk(adapter, spec) as agent:
        await agent.send("hang")
        await is_running("hang")
        await agent.session.close(0.1)
        assert not await asyncio.to_thread(is_locked, spec.lock)


async def test_a_close_that_is_cancelled_again_and_again_still_ends_the_process(
    adapter: AgentAdapter, spec: SessionSpec, is_running: IsRunning
) -> None:
    async with talk(adapter, spec) as agent:
        await agent.send("hang")
        await is_running("hang")
        async with asyncio.TaskGroup() as tasks:
            closing = tasks.create_task(agent.session.close(0.1))
            while not closing.done():
                await asyncio.sleep(0)
                closing.cancel()
        assert not await asyncio.to_thread(is_locked, spec.lock)
