"""Roomkey's own tools as Claude Code meets them: an MCP server in this process, over the SDK's stdio.

No port and no token, and it works from inside a box without a network. It offers tools alone: a server with
resources and prompts costs three more tool definitions in every request.
"""

import logging
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from claude_agent_sdk import SdkMcpTool, ToolAnnotations, create_sdk_mcp_server
from claude_agent_sdk.types import McpServerConfig

from sessions.agents.tools import HUB, HubTool

log = logging.getLogger(__name__)

ALLOWED: Final = f"mcp__{HUB}"
"""The permission rule that lets all of these tools run unasked: each checks for itself what it may."""


def hub_servers(tools: Sequence[HubTool]) -> dict[str, McpServerConfig]:
    """Return the SDK's `mcp_servers` for these tools; none without any."""
    if not tools:
        return {}
    server = create_sdk_mcp_server(HUB, tools=[_sdk_tool(tool) for tool in tools])
    # Else Claude Code 2.1.327 puts them behind its tool search, and a model finds them late or never.
    return {HUB: cast("McpServerConfig", {**server, "alwaysLoad": True})}


def _sdk_tool(tool: HubTool) -> SdkMcpTool[Any]:
    async def handler(arguments: Mapping[str, object]) -> dict[str, Any]:
        try:
            answer = await tool.call(arguments)
        except Exception:  # it must not reach the SDK: that would tell the agent our error's own words
            reference = secrets.token_hex(3)
            log.exception("a tool of ours broke", extra={"tool": tool.name, "reference": reference})
            return _result(f"{tool.name} broke (reference {reference}). Nothing was done.", failed=True)
        return _result(answer.text, failed=answer.failed)

    return SdkMcpTool(
        name=tool.name,
        description=tool.description,
        input_schema=dict(tool.schema),
        handler=handler,
        # They change nothing that the agent could: so they run in plan mode as well.
        annotations=ToolAnnotations(readOnlyHint=True),
    )


def _result(text: str, *, failed: bool) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": text}], "is_error": failed}
