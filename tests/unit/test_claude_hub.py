"""Roomkey's own tools in the SDK's form; with the real program: tests/realcli/test_hub_tools.py."""

from collections.abc import Mapping
from typing import Any, cast

from sessions.agents.claude_hub import ALLOWED, hub_servers
from sessions.agents.tools import HubTool, ToolAnswer


async def call(_arguments: Mapping[str, object]) -> ToolAnswer:
    return ToolAnswer(text="done")


def test_without_tools_there_is_no_server() -> None:
    assert hub_servers(()) == {}


def test_tools_are_served_in_this_process_and_always_known_to_the_model() -> None:
    tool = HubTool(name="send_file", description="Send.", schema={"type": "object"}, call=call)
    [(name, server)] = hub_servers([tool]).items()
    config = cast("dict[str, Any]", server)
    assert name == "roomkey"
    assert (config["type"], config["alwaysLoad"]) == ("sdk", True)
    assert f"mcp__{name}" == ALLOWED
