"""Claude Code's open permission requests: asked as events, answered by people, withdrawn when it goes."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import uuid4

from claude_agent_sdk import PermissionResultAllow, PermissionResultDeny, ToolPermissionContext

from sessions.agents.base import Allow, Decision, Deny
from sessions.agents.claude_events import Translation
from sessions.agents.claude_tools import tool_title
from sessions.events import AskWithdrawn, PermissionAsk


class Asks:
    """The requests of one process.

    `emit` takes the events. `reported` waits until the call with an id has been reported: the SDK
    hands a request over past the messages, and people must see the call first.
    """

    def __init__(
        self,
        translation: Translation,
        emit: Callable[[PermissionAsk | AskWithdrawn], None],
        reported: Callable[[str], Awaitable[object]],
    ) -> None:
        self._translation = translation
        self._emit = emit
        self._reported = reported
        self._open: dict[str, asyncio.Future[Decision]] = {}
        self._is_ending = False

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
        title = tool_title(tool, arguments)
        self._open[ask] = decision
        self._emit(PermissionAsk(id=ask, tool=tool, title=title, arguments=arguments, turn=turn))
        try:
            match await decision:
                case Allow():
                    return PermissionResultAllow()
                case Deny(reason=reason):
                    return PermissionResultDeny(message=reason)
        finally:
            if self._open.pop(ask, None) is not None:  # not answered: Claude Code took it back
                reason = "ended" if self._is_ending else "agent"
                self._emit(AskWithdrawn(id=ask, reason=reason, turn=turn))
