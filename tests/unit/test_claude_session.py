"""What of a live Claude session can be seen without its process; the rest is in contract and realcli."""

import asyncio
from pathlib import Path

import pytest
from claude_agent_sdk import AssistantMessage, PermissionResultAllow, ToolPermissionContext, ToolUseBlock

from sessions.agents.base import Allow, SessionSpec
from sessions.agents.claude_session import ClaudeSession
from sessions.events import PermissionAsk, ToolStart
from tests.support.agents import make_spec


@pytest.fixture
def spec(tmp_path: Path) -> SessionSpec:
    return make_spec(tmp_path, "00000000-0000-4000-8000-000000000000")


async def test_a_question_waits_until_its_call_is_reported(spec: SessionSpec) -> None:
    """The SDK hands a question over at once, but messages only when the reader comes to them."""
    session = ClaudeSession(spec, resume=False)
    call = ToolUseBlock(id="toolu_1", name="Bash", input={"command": "ls"})
    async with asyncio.TaskGroup() as tasks:
        context = ToolPermissionContext(tool_use_id="toolu_1")
        asking = tasks.create_task(session._can_use_tool("Bash", {"command": "ls"}, context))
        await asyncio.sleep(0)
        await session._take(AssistantMessage(content=[call], model="claude-x"))
        await session._tell()
        events = session.events()
        first, second = await anext(events), await anext(events)
        await session.answer("toolu_1", Allow())
    assert isinstance(first, ToolStart)
    assert isinstance(second, PermissionAsk)
    assert (second.id, second.title) == ("toolu_1", "ls")
    assert asking.result() == PermissionResultAllow()
    await events.aclose()


async def test_closing_what_was_never_started_is_fine(spec: SessionSpec) -> None:
    await ClaudeSession(spec, resume=False).close(1)
