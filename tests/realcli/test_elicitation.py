"""An MCP server that asks for something: the SDK refuses to carry it, so Claude Code cancels, and goes on."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest
from claude_agent_sdk import (
    ClaudeAgentOptions,
    ClaudeSDKClient,
    HookMatcher,
    PermissionResultAllow,
    ResultMessage,
)

from bot.demo.model import OfflineModel
from sessions.agents.base import SessionSpec
from sessions.agents.claude_transcript import config_dir

pytestmark = pytest.mark.timeout(120)

SERVER = """
import json, sys

def tell(**frame):
    print(json.dumps({"jsonrpc": "2.0", **frame}), flush=True)

schema = {"type": "object", "properties": {"day": {"type": "string"}}}
tools = [{"name": "book", "description": "Book.", "inputSchema": {"type": "object", "properties": {}}}]
for line in sys.stdin:
    frame = json.loads(line)
    match frame.get("method"):
        case "initialize":
            version = frame["params"]["protocolVersion"]
            info = {"name": "desk", "version": "1"}
            result = {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": info}
            tell(id=frame["id"], result=result)
        case "tools/list":
            tell(id=frame["id"], result={"tools": tools})
        case "tools/call":
            called = frame["id"]
            params = {"message": "Which day?", "requestedSchema": schema}
            tell(id="asks", method="elicitation/create", params=params)
        case None if frame["id"] == "asks":
            answer = json.dumps(frame.get("result"), sort_keys=True)
            tell(id=called, result={"content": [{"type": "text", "text": f"I was told {answer}"}]})
        case str() if "id" in frame:
            tell(id=frame["id"], error={"code": -32601, "message": "unknown"})
"""


async def test_what_an_mcp_server_asks_of_people_is_cancelled_whatever_a_hook_says(
    spec: SessionSpec, model: OfflineModel, tmp_path: Path
) -> None:
    """Fails once the SDK carries it: then it can become a modal, for rooms that have such a server."""
    hooked: list[str] = []

    async def allowed(*_: object) -> PermissionResultAllow:
        return PermissionResultAllow()

    async def accepting(asked: Any, *_: object) -> Any:
        hooked.append(asked["message"])
        return {
            "hookSpecificOutput": {
                "hookEventName": "Elicitation",
                "action": "accept",
                "content": {"day": "today"},
            }
        }

    server = tmp_path / "server.py"
    server.write_text(SERVER)
    options = ClaudeAgentOptions(
        cwd=spec.workdir,
        env={**spec.env, "CLAUDE_CONFIG_DIR": str(config_dir(spec.home))},
        setting_sources=[],
        mcp_servers={"desk": {"type": "stdio", "command": sys.executable, "args": [str(server)]}},
        can_use_tool=allowed,
        hooks={"Elicitation": [HookMatcher(hooks=[accepting])]},  # type: ignore[dict-item]
    )
    async with ClaudeSDKClient(options) as client, asyncio.timeout(100):
        while (await client.get_mcp_status())["mcpServers"][0]["status"] == "pending":
            await asyncio.sleep(0.05)
        await client.query("tool:mcp__desk__book:{}\nsay:done")
        async for message in client.receive_messages():
            if isinstance(message, ResultMessage):
                assert not message.is_error
                break
    assert hooked == ["Which day?"]
    assert 'I was told {"action": "cancel"}' in str(model.requests[-1].results)
