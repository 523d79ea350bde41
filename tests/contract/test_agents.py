"""What every agent vendor must do, over `AGENTS`: Claude is the real CLI on the offline model."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from uuid import uuid4

import pytest

from sessions.agents import AGENTS
from sessions.agents.base import AgentAdapter, SessionSpec
from sessions.errors import SessionBusy, SessionNotFound
from sessions.events import (
    Started,
    TextDelta,
    TextFinal,
    Thinking,
    TurnDone,
)
from sessions.process import is_locked
from tests.support.agent_plays import SAY, THINK
from tests.support.agents import talk


async def test_a_turn_ends_once_with_the_whole_text(adapter: AgentAdapter, spec: SessionSpec) -> None:
    async with talk(adapter, spec) as agent:
        done = await agent.ask(SAY)
        assert (done.status, done.text) == ("ok", "one two three, and four")
        await agent.ask(THINK)
    assert [event.turn for event in agent.events if isinstance(event, TurnDone)] == [1, 2]


async def test_deltas_join_to_the_final_text(adapter: AgentAdapter, spec: SessionSpec) -> None:
    async with talk(adapter, spec) as agent:
        turn = await agent.send(SAY)
        done = await agent.done(turn)
    deltas = [event.text for event in agent.of(TextDelta, turn)]
    assert len(deltas) > 1
    assert "".join(deltas) == "".join(event.text for event in agent.of(TextFinal, turn)) == done.text


async def test_thinking_is_no_part_of_the_answer(adapter: AgentAdapter, spec: SessionSpec) -> None:
    async with talk(adapter, spec) as agent:
        turn = await agent.send(THINK)
        done = await agent.done(turn)
    assert "".join(event.text for event in agent.of(Thinking, turn)) == "let me see"
    assert done.text == "seen"


async def test_a_turn_says_where_it_works(adapter: AgentAdapter, spec: SessionSpec) -> None:
    async with talk(adapter, spec) as agent:
        turn = await agent.send(SAY)
        await agent.done(turn)
    (started,) = agent.of(Started, turn)
    assert started.workdir == str(spec.workdir)
    assert started.memory_dir == str(spec.memory_dir)
    assert started.agent_session_id == spec.agent_session_id == agent.session.agent_session_id


async def test_a_failure_names_its_problem_and_the_next_prompt_works(
    adapter: AgentAdapter, spec: SessionSpec
) -> None:
    async with talk(adapter, spec) as agent:
        done = await agent.ask("fail:529")
        assert (done.status, done.problem) == ("failed", "overloaded")
        assert "overloaded" in done.text
        assert (await agent.ask(SAY)).status == "ok"


async def test_a_prompt_that_was_answered_may_have_had_effects(
    adapter: AgentAdapter, spec: SessionSpec
) -> None:
    """A scripted agent has none, ever; it lives in our process."""
    uuid = uuid4()
    assert not await asyncio.to_thread(adapter.may_have_acted, spec, uuid)
    async with talk(adapter, spec) as agent:
        await agent.ask(SAY, uuid)
    acted = await asyncio.to_thread(adapter.may_have_acted, replace(spec, expect_history=True), uuid)
    assert acted == (adapter.vendor == "claude")
    assert not await asyncio.to_thread(adapter.may_have_acted, spec, uuid4())


async def test_a_session_goes_on_where_it_was(adapter: AgentAdapter, spec: SessionSpec) -> None:
    async with talk(adapter, spec) as agent:
        await agent.ask("say:one, with a canary in the coal mine")
    async with talk(adapter, replace(spec, expect_history=True)) as agent:
        done = await agent.ask("recall")
        assert "canary in the coal mine" in done.text
        assert done.agent_session_id == spec.agent_session_id


async def test_another_session_knows_nothing_of_it(adapter: AgentAdapter, spec: SessionSpec) -> None:
    async with talk(adapter, spec) as agent:
        await agent.ask("say:one, with a canary in the coal mine")
    other = replace(spec, agent_session_id=adapter.new_session_id())
    async with talk(adapter, other) as agent:
        assert "canary" not in (await agent.ask("recall")).text


async def test_missing_history_is_said_and_nothing_is_started(
    adapter: AgentAdapter, spec: SessionSpec
) -> None:
    with pytest.raises(SessionNotFound) as caught:
        await adapter.open(replace(spec, expect_history=True))
    assert spec.agent_session_id in str(caught.value)
    assert not await asyncio.to_thread(is_locked, spec.lock)


async def test_a_session_that_was_never_prompted_starts_again(
    adapter: AgentAdapter, spec: SessionSpec
) -> None:
    async with talk(adapter, spec):
        pass
    async with talk(adapter, spec) as agent:
        assert (await agent.ask(SAY)).status == "ok"


async def test_a_second_process_on_a_session_is_refused_and_the_first_goes_on(
    adapter: AgentAdapter, spec: SessionSpec
) -> None:
    async with talk(adapter, spec) as agent:
        with pytest.raises(SessionBusy) as caught:
            await adapter.open(spec)
        assert caught.value.retryable
        assert (await agent.ask(SAY)).status == "ok"


async def test_a_cancelled_start_leaves_nothing(adapter: AgentAdapter, spec: SessionSpec) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(0):
            await adapter.open(spec)
    async with talk(adapter, spec) as agent:
        assert (await agent.ask(SAY)).status == "ok"


def test_new_ids_differ(adapter: AgentAdapter) -> None:
    assert len({adapter.new_session_id() for _ in range(100)}) == 100


def test_the_vendor_is_listed_under_its_name() -> None:
    assert all(name == adapter.vendor for name, adapter in AGENTS.items())
