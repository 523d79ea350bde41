"""Holds each tool of Claude Code back until it is decided about: the store has to know that it begins.

Claude Code 2.1.327 awaits a PreToolUse hook before it runs a tool, and runs nothing if the hook is
cancelled, runs out of time or loses the process that would answer it. Its own record of a call is
written up to 100 ms later, so that a killed process may leave an effect and no trace.
"""

import asyncio
import logging
from typing import Final

from claude_agent_sdk import HookContext, HookInput, HookJSONOutput

from sessions.agents.base import Allow, Deny, Verdict
from sessions.agents.claude_fields import as_map
from sessions.events import Event, ToolStart, TurnDone

log = logging.getLogger(__name__)

_LIMIT_S: Final = 30.0
"""Well within the 60 s that Claude Code gives a hook."""

_TOO_LATE: Final = Deny(
    reason="Roomkey could not write down in time that this begins, so it did not run. Try it again."
)


class Gate:
    """The tools of one process. What a subagent uses is not held: the call that started it was."""

    def __init__(self, limit_s: float = _LIMIT_S) -> None:
        self._limit_s = limit_s
        self._calls: dict[str, asyncio.Future[Verdict]] = {}
        self._has_let_run = False

    def decide(self, tool: str, decision: Verdict) -> None:
        """Let a tool of our turn run, or not; the first decision counts, also one before its hook."""
        self._has_let_run |= isinstance(decision, Allow)
        self._settle(tool, decision)

    def expect(self) -> None:
        """Note that a turn of ours begins: the store knows of none of its tools."""
        self._has_let_run = False

    def follow(self, event: Event) -> None:
        """Take an event as it is read: what nobody asked for may run, and what is over is forgotten."""
        match event:
            case ToolStart(id=tool, turn=None):  # no turn of ours, so nothing is ever run again for it
                self._settle(tool, Allow())
            case TurnDone():
                self._calls = {call: answer for call, answer in self._calls.items() if not answer.done()}
            case _:
                pass

    async def hook(self, call: HookInput, tool_use_id: str | None, _context: HookContext) -> HookJSONOutput:
        """Wait for the decision about a call: the SDK's PreToolUse hook; Claude may cancel it."""
        if tool_use_id is None or as_map(call).get("agent_id"):
            return {}
        match await self._decided(tool_use_id):
            case Allow():
                return {}
            case Deny(reason=reason):
                return {
                    "hookSpecificOutput": {
                        "hookEventName": "PreToolUse",
                        "permissionDecision": "deny",
                        "permissionDecisionReason": reason,
                    }
                }

    async def _decided(self, tool: str) -> Verdict:
        try:
            async with asyncio.timeout(self._limit_s):
                return await self._call(tool)
        except TimeoutError:
            log.warning("a tool was not decided about", extra={"tool": tool, "runs": self._has_let_run})
            # The store knows of another one, so that this turn is not run again in silence anyway.
            return Allow() if self._has_let_run else _TOO_LATE
        finally:
            self._calls.pop(tool, None)

    def _settle(self, tool: str, decision: Verdict) -> None:
        call = self._call(tool)
        if not call.done():
            call.set_result(decision)

    def _call(self, tool: str) -> asyncio.Future[Verdict]:
        return self._calls.setdefault(tool, asyncio.get_running_loop().create_future())
