"""Permission requests of Claude: in order with what it reports, answered once, withdrawn for a reason."""

import asyncio
from pathlib import Path

import pytest
from claude_agent_sdk import PermissionResultAllow, PermissionResultDeny, ToolPermissionContext

from sessions.agents.base import Allow, Deny
from sessions.agents.claude_asks import Asks
from sessions.agents.claude_events import Translation
from sessions.events import AskWithdrawn, PermissionAsk

CONTEXT = ToolPermissionContext(tool_use_id="toolu_1")
LS: dict[str, object] = {"command": "ls"}


class Desk:
    """Requests of a process that a test speaks for."""

    def __init__(self) -> None:
        self.said: list[PermissionAsk | AskWithdrawn] = []
        self.is_reported = asyncio.Event()
        self.is_reported.set()
        translation = Translation("s", Path("/work"), Path("/memory"))
        self.asks = Asks(translation, self.said.append, self._reported)

    async def _reported(self, tool_use_id: str) -> None:
        assert tool_use_id == "toolu_1"
        await self.is_reported.wait()

    async def is_open(self) -> None:
        while not self.said:
            await asyncio.sleep(0)


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_a_request_waits_until_its_call_is_reported(desk: Desk) -> None:
    """The SDK hands a request over at once, but messages only when the reader comes to them."""
    desk.is_reported.clear()
    async with asyncio.TaskGroup() as tasks:
        asking = tasks.create_task(desk.asks.ask("Bash", LS, CONTEXT))
        await asyncio.sleep(0)
        assert desk.said == []
        desk.is_reported.set()
        await desk.is_open()
        assert desk.asks.answer("toolu_1", Allow())
    assert desk.said == [PermissionAsk(id="toolu_1", tool="Bash", title="ls", arguments=LS)]
    assert asking.result() == PermissionResultAllow()


async def test_a_no_carries_its_reason_and_the_first_answer_counts(desk: Desk) -> None:
    async with asyncio.TaskGroup() as tasks:
        asking = tasks.create_task(desk.asks.ask("Bash", LS, CONTEXT))
        await desk.is_open()
        assert desk.asks.answer("toolu_1", Deny(reason="not now"))
        assert not desk.asks.answer("toolu_1", Allow())
    assert asking.result() == PermissionResultDeny(message="not now")


async def test_an_unknown_request_cannot_be_answered(desk: Desk) -> None:
    assert not desk.asks.answer("nobody asked this", Allow())


@pytest.mark.parametrize("is_ending", [False, True])
async def test_a_request_that_claude_takes_back_is_withdrawn(desk: Desk, is_ending: bool) -> None:
    async with asyncio.TaskGroup() as tasks:
        asking = tasks.create_task(desk.asks.ask("Bash", LS, CONTEXT))
        await desk.is_open()
        if is_ending:
            desk.asks.ending()
        asking.cancel()
    assert desk.said[1:] == [AskWithdrawn(id="toolu_1", reason="ended" if is_ending else "agent")]
    assert not desk.asks.answer("toolu_1", Allow())


async def test_when_the_process_is_gone_all_requests_are_withdrawn_once(desk: Desk) -> None:
    async with asyncio.TaskGroup() as tasks:
        asking = tasks.create_task(desk.asks.ask("Bash", LS, CONTEXT))
        await desk.is_open()
        desk.asks.withdraw()
        await asyncio.wait([asking])
    assert desk.said[1:] == [AskWithdrawn(id="toolu_1", reason="ended")]
