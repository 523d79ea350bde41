"""The permission mode of one Claude Code process: what a turn has made of it is over with that turn."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

log = logging.getLogger(__name__)

_LIMIT_S: Final = 8.0


class ModeBack:
    """Takes the room's own mode back as soon as a turn is over: what Claude does unasked has that one too.

    `take_back` says it to the process, which `give_up` ends if that fails. `close` waits for its task.
    """

    def __init__(
        self, take_back: Callable[[], Awaitable[None]], give_up: Callable[[], Awaitable[object]]
    ) -> None:
        self._take_back = take_back
        self._give_up = give_up
        self._task: asyncio.Task[bool] | None = None

    def begin(self) -> None:
        """Begin to take it back. A plain call: the reader has to read the answer."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def is_back(self) -> bool:
        """Wait until it is back; False if that failed, and the process gets no prompt any more."""
        if self._task is None:
            return True
        await asyncio.wait([self._task])  # a caller who goes away cuts nothing short
        return not self._task.cancelled() and self._task.result()

    async def close(self) -> None:
        """End the wait for it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> bool:
        try:
            async with asyncio.timeout(_LIMIT_S):
                await self._take_back()
        except Exception as error:  # noqa: BLE001 -- the SDK's refusals have no common class
            log.warning("a permission mode could not be taken back", extra={"error": repr(error)[:200]})
            await self._give_up()
            return False
        return True
