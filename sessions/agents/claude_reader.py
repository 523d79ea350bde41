"""Reads one Claude Code process to its end: messages in order, odd ones passed over, why it broke off."""

import logging
from collections.abc import Awaitable, Callable

from claude_agent_sdk import ClaudeSDKClient, CLIConnectionError, Message, ProcessError

from sessions.agents.claude_fields import as_map
from sessions.agents.claude_results import unreadable

log = logging.getLogger(__name__)


class Reader:
    """The reading side of one process. `take` is awaited for each message, `tell` after each.

    `unread` is called for a result that could not be read. `cause` says why nothing more can be read, ""
    while that is not so.
    """

    def __init__(
        self,
        client: ClaudeSDKClient,
        take: Callable[[Message], Awaitable[None]],
        tell: Callable[[], Awaitable[None]],
        unread: Callable[[], None],
    ) -> None:
        self._client = client
        self._take = take
        self._tell = tell
        self._unread = unread
        self._odd = 0
        self.cause = ""
        self.is_closing = False

    async def read(self) -> int | None:
        """Read until nothing comes any more; return the exit code, None if the stream broke before."""
        broken: Exception | None = None
        while True:
            try:
                async for message in self._client.receive_messages():
                    broken = None
                    await self._take(message)
                    await self._tell()
            except ProcessError as error:
                return error.exit_code
            except Exception as error:  # noqa: BLE001 -- odd messages break the SDK's parser, or ours, anywhere
                if self.is_closing or isinstance(error, CLIConnectionError):
                    return None
                # One odd message costs itself. If it broke the stream, nothing comes behind it.
                broken = error
                self._note_odd(error)
            else:
                if broken is None:
                    return 0
                self.cause = unreadable(broken)
                return None

    def _note_odd(self, error: Exception) -> None:
        self._odd += 1
        # The first of a process is news; a program that babbles must not fill the journal.
        level = logging.WARNING if self._odd == 1 else logging.DEBUG
        log.log(
            level, "claude message not understood", extra={"error": repr(error)[:200], "so_far": self._odd}
        )
        if as_map(getattr(error, "data", None)).get("type") == "result":
            self._unread()
