"""Permission requests of Claude: in order with what it reports, answered once, withdrawn for a reason."""

import asyncio
from pathlib import Path

import pytest
from claude_agent_sdk import PermissionResultAllow, PermissionResultDeny, ToolPermissionContext

from sessions.agents.base import Allow, Answers, Deny
from sessions.agents.claude_asks import Asks
from sessions.agents.claude_events import Translation
from sessions.events import Ask, AskWithdrawn, PermissionAsk
from sessions.permission_rules import fingerprint

CONTEXT = ToolPermissionContext(tool_use_id="toolu_1")
LS: dict[str, object] = {"command": "ls"}


class Desk:
    """Requests of a process that a test speaks for."""

    def __init__(self) -> None:
        self.said: list[Ask | AskWithdrawn] = []
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
    asked = PermissionAsk(
        id="toolu_1",
        tool="Bash",
        title="ls",
        arguments=LS,
        fingerprint=fingerprint("Bash", LS),
        rule="Bash(ls *)",
    )
    assert desk.said == [asked]
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


WHICH: dict[str, object] = {
    "questions": [{"question": "Which?", "options": [{"label": "A"}, {"label": "B"}]}]
}


async def test_questions_are_answered_with_the_arguments_they_came_with(desk: Desk) -> None:
    async with asyncio.TaskGroup() as tasks:
        asking = tasks.create_task(desk.asks.ask("AskUserQuestion", WHICH, CONTEXT))
        await desk.is_open()
        assert desk.asks.answer("toolu_1", Answers(texts=("B",)))
    assert asking.result() == PermissionResultAllow(updated_input={**WHICH, "answers": {"Which?": "B"}})
    assert not desk.asks.takes_mode_back()


async def test_a_question_without_a_question_bothers_nobody(desk: Desk) -> None:
    answer = await desk.asks.ask("AskUserQuestion", {"questions": [{}]}, CONTEXT)
    assert isinstance(answer, PermissionResultDeny)
    assert desk.said == []


@pytest.mark.parametrize("accept_edits", [False, True])
async def test_an_approved_plan_changes_the_mode_until_it_is_taken_back(
    desk: Desk, accept_edits: bool
) -> None:
    async with asyncio.TaskGroup() as tasks:
        asking = tasks.create_task(desk.asks.ask("ExitPlanMode", {"plan": "x"}, CONTEXT))
        await desk.is_open()
        assert desk.asks.answer("toolu_1", Allow(accept_edits=accept_edits))
    answer = asking.result()
    assert isinstance(answer, PermissionResultAllow)
    modes = [update.mode for update in answer.updated_permissions or ()]
    assert modes == (["acceptEdits"] if accept_edits else [])
    assert desk.asks.takes_mode_back()
    assert not desk.asks.takes_mode_back()
