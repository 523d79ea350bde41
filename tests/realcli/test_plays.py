"""The offline model's scenes against the real Claude Code: it offers the tools and takes the calls."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.demo.model import OfflineModel
from sessions.agents.base import SessionSpec
from sessions.agents.claude import ADAPTER
from tests.support.agents import claude_spec, talk

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def spec(tmp_path: Path, model: OfflineModel) -> SessionSpec:
    return replace(claude_spec(tmp_path, model), permission_mode="acceptEdits")


async def test_scenes_use_tools_that_are_there_and_end_in_their_words(
    spec: SessionSpec, model: OfflineModel
) -> None:
    async with talk(ADAPTER, spec) as agent:
        assert (await agent.ask("tasks:0")).text == "All three tasks are done."
        assert (await agent.ask("agent:0")).text == "My helper says: the workdir was looked at."
        assert (await agent.ask("edit")).text == "`greet.py` greets politely now."
        assert (await agent.ask("think")).text == "I have thought about it: the second way is shorter."
        # By the numbers of this list, not of the one before.
        assert (await agent.ask("tasks:0")).text == "All three tasks are done."
    assert "Hello, {name}!" in (spec.workdir / "greet.py").read_text()
    updated = [result for heard in model.requests for result in heard.results if "Updated task" in result]
    assert {result.split()[2] for result in updated} == {f"#{number}" for number in range(1, 7)}
