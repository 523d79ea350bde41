"""Commands, clicks and forms keep their place behind what is held back in their channel, but not for ever."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, Generic, TypeVar

from bot.chat_discord.held import Act

Admit = Callable[[int, Act], Awaitable[None] | None]
"""Does an act in a channel now, and returns what is to be awaited; or later, and returns None."""

_T = TypeVar("_T")

_HELD_S: Final = 10.0
"""How long somebody waits for what is held back before them; who says `/stop` means it."""


class InOrder(Generic[_T]):
    """Something that a person does, begun once: when its turn comes, or when that takes too long."""

    def __init__(self, run: Callable[[], Awaitable[_T]]) -> None:
        """`run` takes its place in the room's order when it is called, and raises on awaiting alone."""
        self._run = run
        self._begun = asyncio.Event()
        self._done: Awaitable[_T] | None = None

    def begin(self) -> Awaitable[None]:
        """Take the place in the room's order, if it is not taken yet."""
        self._take()
        begun = asyncio.get_running_loop().create_future()
        begun.set_result(None)
        return begun

    async def result(self) -> _T:
        """Return what comes of it. Raises what it raises."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_HELD_S):
                await self._begun.wait()
        return await self._take()

    def _take(self) -> Awaitable[_T]:
        if self._done is None:
            self._done = self._run()
            self._begun.set()
        return self._done
