"""Tools that are held back: until they are decided about, and never for ever."""

import asyncio
from pathlib import Path

import pytest
from claude_agent_sdk import HookContext, HookJSONOutput, PreToolUseHookInput

from sessions.agents.base import Allow, Deny
from sessions.agents.claude_gate import Gate
from sessions.events import ToolStart, TurnDone
from sessions.keys import TurnId

CONTEXT: HookContext = {"signal": None}
OURS = TurnId(1)
RUNS: HookJSONOutput = {}


def begun(tool: str, turn: TurnId | None) -> ToolStart:
    return ToolStart(id=tool, name="Bash", title="ls", turn=turn)


def done(turn: TurnId | None) -> TurnDone:
    return TurnDone(status="ok", agent_session_id="s", turn=turn)


def called(tool: str) -> PreToolUseHookInput:
    return {
        "hook_event_name": "PreToolUse",
        "session_id": "s",
        "transcript_path": "",
        "cwd": str(Path("/work")),
        "tool_name": "Bash",
        "tool_input": {"command": "ls"},
        "tool_use_id": tool,
    }


async def hook(gate: Gate, tool: str) -> HookJSONOutput:
    return await gate.hook(called(tool), tool, CONTEXT)


def reason(answer: HookJSONOutput) -> str:
    specific = answer.get("hookSpecificOutput")
    assert specific is not None
    assert specific["hookEventName"] == "PreToolUse"
    assert specific.get("permissionDecision") == "deny"
    return specific.get("permissionDecisionReason", "")


async def test_a_tool_waits_for_its_own_decision() -> None:
    gate = Gate()
    gate.follow(begun("a", OURS))
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(hook(gate, "a"))
        gate.decide("b", Allow())
        for _ in range(5):
            await asyncio.sleep(0)
        assert not waiting.done()
        gate.decide("a", Allow())
    assert waiting.result() == RUNS


async def test_a_decision_may_come_before_the_hook() -> None:
    gate = Gate(limit_s=0)
    gate.decide("a", Allow())
    assert await hook(gate, "a") == RUNS


async def test_a_no_carries_its_reason_and_the_first_decision_counts() -> None:
    gate = Gate()
    gate.decide("a", Deny(reason="not now"))
    gate.decide("a", Allow())
    assert reason(await hook(gate, "a")) == "not now"


async def test_nobody_decides_about_what_nobody_asked_for() -> None:
    gate = Gate(limit_s=0)
    gate.follow(begun("a", None))
    assert await hook(gate, "a") == RUNS


async def test_a_subagent_s_tools_are_not_held() -> None:
    call = called("a")
    call["agent_id"] = "sub"
    assert await Gate(limit_s=0).hook(call, "a", CONTEXT) == RUNS


async def test_what_is_not_decided_in_time_does_not_run(caplog: pytest.LogCaptureFixture) -> None:
    answer = await hook(Gate(limit_s=0), "a")
    assert "could not write down" in reason(answer)
    assert "a tool was not decided about" in caplog.text


async def test_what_is_not_decided_in_time_runs_if_another_tool_of_the_turn_is_stored() -> None:
    gate = Gate(limit_s=0)
    gate.expect()
    gate.decide("a", Allow())
    assert await hook(gate, "b") == RUNS
    gate.expect()
    assert reason(await hook(gate, "c"))


async def test_what_nobody_asked_for_lets_nothing_else_run() -> None:
    gate = Gate(limit_s=0)
    gate.follow(begun("a", None))
    assert reason(await hook(gate, "b"))


async def test_a_tool_that_claude_takes_back_leaves_nothing() -> None:
    gate = Gate(limit_s=0.01)
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(hook(gate, "a"))
        await asyncio.sleep(0)
        waiting.cancel()
    gate.decide("b", Deny(reason="no"))
    assert reason(await hook(gate, "a")).startswith("Roomkey")


async def test_what_is_over_is_forgotten_and_what_waits_is_not() -> None:
    gate = Gate(limit_s=0.05)
    gate.decide("gone", Deny(reason="once"))
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(hook(gate, "waits"))
        await asyncio.sleep(0)
        gate.follow(done(OURS))
        gate.decide("waits", Deny(reason="still here"))
    assert reason(waiting.result()) == "still here"
    assert reason(await hook(gate, "gone")) != "once"
