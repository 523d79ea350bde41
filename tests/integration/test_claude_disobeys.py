"""A Claude Code that does not do as it is told: each call still ends, and each turn in a sentence."""

import asyncio
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from sessions.agents.base import SessionSpec
from sessions.agents.claude import ADAPTER
from sessions.events import TextDelta
from tests.support.agents import make_spec, talk
from tests.support.bad_agent import write_program

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def spec(tmp_path: Path) -> SessionSpec:
    bad = make_spec(tmp_path, str(uuid4()))
    return replace(bad, options={"program": write_program(tmp_path)})


async def test_an_interrupt_that_is_refused_raises_nothing(
    spec: SessionSpec, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    async with talk(ADAPTER, spec) as agent:
        await agent.send("fault disobeys")
        await agent.first(TextDelta)
        async with asyncio.timeout(60):
            await agent.session.interrupt()
        assert "claude was not interrupted" in caplog.text


async def test_a_prompt_that_is_skipped_with_no_answer_on_record_ends_its_turn(spec: SessionSpec) -> None:
    async with talk(ADAPTER, spec) as agent, asyncio.timeout(60):
        done = await agent.ask("fault skips")
        assert (done.status, done.problem) == ("failed", "no_result")
        assert "Say “continue”" in done.text
        assert (await agent.ask("hello")).text == "You said: hello"
