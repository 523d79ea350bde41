"""How processes of the real Claude Code start and end, and that nothing of them is left."""

import asyncio
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from bot.demo.model import OfflineModel
from sessions.agents.base import Allow, Deny, SessionSpec
from sessions.agents.claude import ADAPTER
from sessions.agents.claude_transcript import config_dir, transcript_path
from sessions.errors import AgentError, AgentMissing, SessionNotFound
from sessions.events import Exited, PermissionAsk, TurnDone
from sessions.process import is_locked
from sessions.settings import Isolation
from tests.support.agents import Talk, claude_spec, talk
from tests.support.boxes import need
from tests.support.claude import ENDLESS, allowed, bash, is_recorded, is_running, left_of, process_of


@pytest.fixture
def spec(request: pytest.FixtureRequest, tmp_path: Path, model: OfflineModel) -> SessionSpec:
    isolation: Isolation = getattr(request, "param", "none")
    need(isolation)
    return claude_spec(tmp_path, model, isolation=isolation)


BOXED_TOO = pytest.mark.parametrize("spec", ["none", "bwrap"], indirect=True)


async def test_a_start_that_was_killed_does_not_block_its_id(spec: SessionSpec) -> None:
    leftover = transcript_path(config_dir(spec.home), spec.workdir, spec.agent_session_id)
    leftover.parent.mkdir(parents=True)
    leftover.write_text('{"type":"queue-operation","operation":"enqueue","content":"hi"}\n')
    async with talk(ADAPTER, spec) as agent:
        assert (await agent.ask("say:hi")).text == "hi"


async def test_a_record_that_claude_does_not_understand_is_a_lost_session(spec: SessionSpec) -> None:
    odd = transcript_path(config_dir(spec.home), spec.workdir, spec.agent_session_id)
    odd.parent.mkdir(parents=True)
    odd.write_text('{"type":"user"}\n')
    with pytest.raises(SessionNotFound):
        await ADAPTER.open(replace(spec, expect_history=True))
    assert await asyncio.to_thread(left_of, spec) == []


async def test_a_session_is_found_after_its_directory_moved(spec: SessionSpec, tmp_path: Path) -> None:
    async with talk(ADAPTER, spec) as agent:
        await agent.ask("say:canary-moved")
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    async with talk(ADAPTER, replace(spec, workdir=moved, expect_history=True)) as agent:
        assert "canary-moved" in (await agent.ask("recall")).text


async def test_the_default_mode_works_whoever_runs_it(spec: SessionSpec) -> None:
    async with talk(ADAPTER, spec) as agent:
        done = await allowed(agent, bash("id -u > uid"))
    assert done.status == "ok"
    assert (spec.workdir / "uid").read_text().strip() == str(os.geteuid())


async def test_a_missing_launcher_is_a_missing_agent(spec: SessionSpec, tmp_path: Path) -> None:
    with pytest.raises(AgentMissing):
        await ADAPTER.open(replace(spec, launcher=tmp_path / "nowhere"))


async def test_a_start_that_fails_says_what_claude_said(spec: SessionSpec) -> None:
    with pytest.raises(AgentError, match="UUID") as caught:
        await ADAPTER.open(replace(spec, agent_session_id="no-uuid"))
    assert caught.value.exit_code == 1


@BOXED_TOO
@pytest.mark.parametrize("delay_s", [0.01, 0.03, 0.1, 0.2])
async def test_a_start_cancelled_at_any_moment_leaves_nothing(spec: SessionSpec, delay_s: float) -> None:
    try:
        async with asyncio.timeout(delay_s):
            session = await ADAPTER.open(spec)
    except TimeoutError:
        pass
    else:
        await session.close(1)
    assert await asyncio.to_thread(left_of, spec) == []
    assert not await asyncio.to_thread(is_locked, spec.lock)


@BOXED_TOO
@pytest.mark.parametrize("background", [False, True])
async def test_closing_ends_also_what_a_tool_left_running(spec: SessionSpec, background: bool) -> None:
    async with talk(ADAPTER, spec) as agent:
        await agent.send(bash(f"setsid sleep 1000 & {ENDLESS}", run_in_background=background))
        await agent.session.answer((await agent.first(PermissionAsk)).id, Allow())
        await is_running(spec, "/dev/null")
        await is_running(spec, "sleep 1000")
        await agent.session.close(0.1)
    assert await asyncio.to_thread(left_of, spec) == []


@BOXED_TOO
async def test_a_killed_process_is_reported_and_leaves_nothing(spec: SessionSpec) -> None:
    async with talk(ADAPTER, spec) as agent:
        turn = await agent.send(bash(ENDLESS))
        await agent.session.answer((await agent.first(PermissionAsk)).id, Allow())
        await is_running(spec, "/dev/null")
        os.kill(process_of(spec), signal.SIGKILL)
        assert (await agent.first(Exited)).exit_code == -signal.SIGKILL
        assert await asyncio.to_thread(left_of, spec) == []
        assert not agent.of(TurnDone, turn)


@BOXED_TOO
async def test_a_killed_session_goes_on(spec: SessionSpec, model: OfflineModel) -> None:
    async with talk(ADAPTER, spec) as agent:
        await agent.ask("say:canary-kept")
        await agent.send("hang")
        await model.heard("hang")
        os.kill(process_of(spec), signal.SIGKILL)
        await agent.first(Exited)
    async with talk(ADAPTER, replace(spec, expect_history=True)) as agent:
        assert "canary-kept" in (await agent.ask("recall")).text


async def test_a_slow_consumer_does_not_hold_the_process_up(spec: SessionSpec) -> None:
    """More than the SDK's own buffer of 100 messages is read although nobody takes an event."""
    session = await ADAPTER.open(spec)
    agent = Talk(session)
    try:
        turn = await agent.send(f"words:800\n{bash('echo $((40 + 2)) > sum')}\nsay:end")
        await is_recorded(spec, "tool_use")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(agent.listen())
            await session.answer((await agent.first(PermissionAsk)).id, Deny(reason="no"))
            assert (await agent.done(turn)).text.endswith("end")
            await session.close(5)
    finally:
        await session.close(5)
