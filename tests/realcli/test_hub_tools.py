"""Roomkey's own tools with the real Claude Code: offered, called unasked, answered, on the offline model."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from bot.demo.model import OfflineModel
from sessions.agents.base import SessionSpec
from sessions.agents.claude import ADAPTER
from sessions.agents.tools import HubTool, ToolAnswer
from sessions.events import PermissionAsk, ToolEnd, ToolStart
from tests.support.agents import claude_spec, talk

SCHEMA = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}


class Calls:
    """A tool that notes what it is called with."""

    def __init__(self) -> None:
        self.seen: list[Mapping[str, object]] = []

    async def call(self, arguments: Mapping[str, object]) -> ToolAnswer:
        self.seen.append(arguments)
        match arguments["path"]:
            case "none":
                return ToolAnswer(text="There is no file `none`.", failed=True)
            case "bug":
                raise RuntimeError("the words of a bug")
            case path:
                return ToolAnswer(text=f"{path} is on its way.")


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture
def spec(tmp_path: Path, model: OfflineModel, calls: Calls) -> SessionSpec:
    tool = HubTool(name="send_file", description="Send a file.", schema=SCHEMA, call=calls.call)
    return replace(claude_spec(tmp_path, model), tools=(tool,))


def use(path: object) -> str:
    argument = f'"{path}"' if isinstance(path, str) else path
    return f'tool:mcp__roomkey__send_file:{{"path": {argument}}}\nsay:done'


@pytest.mark.parametrize("mode", ["default", "acceptEdits", "plan", "dontAsk"])
async def test_a_tool_of_ours_runs_unasked_in_every_mode(
    spec: SessionSpec, model: OfflineModel, calls: Calls, mode: str
) -> None:
    async with talk(ADAPTER, replace(spec, permission_mode=mode)) as agent:
        done = await agent.ask(use("plot.png"))
        end = await agent.first(ToolEnd)
    assert (done.status, calls.seen) == ("ok", [{"path": "plot.png"}])
    assert (end.failed, end.output) == (False, "plot.png is on its way.")
    assert [event.name for event in agent.events if isinstance(event, ToolStart)] == [
        "mcp__roomkey__send_file"
    ]
    assert not [event for event in agent.events if isinstance(event, PermissionAsk)]
    offered = {name for request in model.requests for name in request.tools}
    assert {name for name in offered if name.startswith("mcp__")} == {"mcp__roomkey__send_file"}
    assert not {name for name in offered if "Resource" in name or "Prompt" in name}


async def test_a_failure_a_bug_and_a_wrong_argument_are_told_and_end_nothing(
    spec: SessionSpec, calls: Calls
) -> None:
    async with talk(ADAPTER, spec) as agent:
        said: list[str] = []
        for path in ("none", "bug", 7, "plot.png"):
            await agent.ask(use(path))
        said = [event.output for event in agent.events if isinstance(event, ToolEnd)]
    assert said[0] == "There is no file `none`."
    assert said[1].startswith("send_file broke (reference ")
    assert "the words of a bug" not in said[1]
    assert "validation error" in said[2]
    assert said[3] == "plot.png is on its way."
    assert [call["path"] for call in calls.seen] == ["none", "bug", "plot.png"]


async def test_no_server_of_a_repository_is_started_beside_ours(
    spec: SessionSpec, model: OfflineModel
) -> None:
    mark = spec.workdir / "started"
    (spec.workdir / ".mcp.json").write_text(
        f'{{"mcpServers": {{"theirs": {{"command": "/bin/touch", "args": ["{mark}"]}},'
        f' "roomkey": {{"command": "/bin/touch", "args": ["{mark}"]}}}}}}'
    )
    async with talk(ADAPTER, spec) as agent:
        await agent.ask(use("plot.png"))
        assert (await agent.first(ToolEnd)).output == "plot.png is on its way."
    assert not mark.exists()
    assert not [name for request in model.requests for name in request.tools if "theirs" in name]
