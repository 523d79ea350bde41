"""What Claude Code asks of people: told as events, answered by people, withdrawn when it goes."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, assert_never
from uuid import uuid4

from claude_agent_sdk import (
    PermissionResultAllow,
    PermissionResultDeny,
    PermissionUpdate,
    ToolPermissionContext,
)

from sessions.agents.base import Allow, Answers, Decision, Deny
from sessions.agents.claude_events import Translation
from sessions.agents.claude_questions import PLAN_TOOL, answered, ask_of
from sessions.events import Ask, AskWithdrawn

_EMPTY: Final = "No question came with this. Ask it in your answer instead."


class Asks:
    """The requests of one process.

    `emit` takes the events. `reported` waits until the call with an id has been reported: the SDK
    hands a request over past the messages, and people must see the call first.
    """

    def __init__(
        self,
        translation: Translation,
        emit: Callable[[Ask | AskWithdrawn], None],
        reported: Callable[[str], Awaitable[object]],
        workdir: str = "",
    ) -> None:
        self._translation = translation
        self._emit = emit
        self._reported = reported
        self._open: dict[str, asyncio.Future[Decision]] = {}
        self._workdir = workdir
        self._is_ending = False
        self._has_changed_mode = False

    def takes_mode_back(self) -> bool:
        """Whether an approved plan has changed the permission mode since this was last asked."""
        changed, self._has_changed_mode = self._has_changed_mode, False
        return changed

    def answer(self, ask: str, decision: Decision) -> bool:
        """Answer a request; False if it is not open any more."""
        waiting = self._open.pop(ask, None)
        if waiting is None or waiting.done():
            return False
        waiting.set_result(decision)
        return True

    def ending(self) -> None:
        """Note that whatever is withdrawn from now on is so because the process ends."""
        self._is_ending = True

    def withdraw(self) -> None:
        """Close all that are open; there is no process any more that could be answered."""
        for ask, waiting in self._open.items():
            waiting.cancel()
            turn = self._translation.turn_of_tool(ask)
            self._emit(AskWithdrawn(id=ask, reason="ended", turn=turn))
        self._open.clear()

    async def ask(
        self, tool: str, arguments: dict[str, object], context: ToolPermissionContext
    ) -> PermissionResultAllow | PermissionResultDeny:
        """Ask, and wait for the answer: the SDK's `can_use_tool`. Cancelled when Claude takes it back."""
        ask = context.tool_use_id or str(uuid4())
        decision: asyncio.Future[Decision] = asyncio.get_running_loop().create_future()
        await self._reported(ask)
        turn = self._translation.turn_of_tool(ask)
        is_planning = self._translation.mode == "plan"
        event = ask_of(ask, tool, arguments, turn, self._workdir, is_planning=is_planning)
        if event is None:
            return PermissionResultDeny(message=_EMPTY)
        self._open[ask] = decision
        self._emit(event)
        try:
            return self._result(tool, arguments, await decision)
        finally:
            if self._open.pop(ask, None) is not None:  # not answered: Claude Code took it back
                reason = "ended" if self._is_ending else "agent"
                self._emit(AskWithdrawn(id=ask, reason=reason, turn=turn))

    def _result(
        self, tool: str, arguments: dict[str, object], decision: Decision
    ) -> PermissionResultAllow | PermissionResultDeny:
        match decision:
            case Allow(accept_edits=accept_edits):
                self._has_changed_mode |= tool == PLAN_TOOL
                if not accept_edits:
                    return PermissionResultAllow()
                mode = PermissionUpdate(type="setMode", mode="acceptEdits", destination="session")
                self._has_changed_mode = True
                return PermissionResultAllow(updated_permissions=[mode])
            case Answers(texts=texts):
                return PermissionResultAllow(updated_input=answered(arguments, texts))
            case Deny(reason=reason):
                return PermissionResultDeny(message=reason)
            case _:
                assert_never(decision)
