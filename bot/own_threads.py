"""The threads that the bot opens: one for a message that is answered in its own, and what they are called."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Final

from tenacity import wait_exponential

from bot.chat import ChatError, ChatPort, ChatRefused, NotPermitted, TooManyThreads
from bot.degraded import Degraded
from bot.pauses import pause_s
from bot.titles import UNTITLED, title_of
from sessions.clock import Clock
from sessions.errors import StateError
from sessions.store import Store
from sessions.store.values import Turn

log = logging.getLogger(__name__)

SCOPE: Final = "untitled"
"""Facts of this scope are named after threads of ours that wait for a title; each is what it is called."""

_OPEN_S: Final = 60.0
"""For how long the chat is asked for a thread."""
_RENAME_S: Final = 5.0
_WAIT: Final = wait_exponential(min=1, max=10)
_FORBIDDEN: Final = (
    "I may not open a thread for this. Give me the permission **Create Public Threads** here, or switch"
    " threads off with `/config`; then send this again."
)
_FULL: Final = (
    "This server has as many open threads as Discord allows (1,000), so I could not open one for this."
    " Send it again: for now I answer here in the channel. Close or delete threads that are done with, and"
    " new ones open again."
)
_REFUSED: Final = (
    "Discord did not take the thread that I wanted to open for this, so it was not worked on."
    " Send it again, or switch threads off with `/config`."
)


class OwnThreads:
    """Asked for each prompt before it runs. A thread is opened as often as asked for, and is one."""

    def __init__(
        self,
        store: Store,
        port: ChatPort,
        clock: Clock,
        name_of: Callable[[str], str | None],
        lacks: Degraded | None = None,
    ) -> None:
        """Open threads through `port`; `name_of` says from memory what a thread is called now.

        `lacks` hears of a channel that can have no more of them.
        """
        self._store = store
        self._port = port
        self._clock = clock
        self._name_of = name_of
        self._lacks = lacks
        self._untitled: dict[str, str] = {}

    async def load(self) -> None:
        """Take over which threads wait for a title. Raises StateError."""
        self._untitled = {thread: name for thread, name in (await self._store.facts(SCOPE)).items() if name}

    def untitled(self, thread_id: str, name: str) -> Awaitable[None]:
        """Remember that a thread of ours gets a title by its next prompt, if `name` is still its name then.

        Raises StateError (on awaiting).
        """
        self._untitled[thread_id] = name
        return self._store.set_fact(SCOPE, thread_id, name)

    async def __call__(self, turn: Turn) -> str | None:
        """Make sure that the place exists where a turn is answered; return why it does not."""
        if turn.said_in:
            return await self._opened(turn)
        thread_id = turn.address.channel_id
        if thread_id in self._untitled and (title := title_of(turn.prompt.text)):
            await self._entitle(thread_id, title)
        return None

    async def _opened(self, turn: Turn) -> str | None:
        thread_id, title = turn.address.channel_id, title_of(turn.prompt.text)
        if not title and thread_id not in self._untitled:
            await self._remember(thread_id, UNTITLED)
        until_s = self._clock.monotonic_s() + _OPEN_S
        for tries in count(1):
            try:
                await self._port.open_thread(turn.said_in, title or UNTITLED, message_id=thread_id)
            except NotPermitted:
                return _FORBIDDEN
            except TooManyThreads:
                if self._lacks is not None:
                    self._lacks.remember(turn.said_in, "full")
                return _FULL
            except ChatRefused as error:
                log.info("a thread is refused", extra={"thread_id": thread_id, "reason": str(error)})
                return _REFUSED
            except ChatError as error:
                wait_s = max(pause_s(_WAIT, tries), error.retry_after_s or 0.0)
                log.info("a thread waits for the chat", extra={"thread_id": thread_id, "reason": str(error)})
                if self._clock.monotonic_s() + wait_s > until_s:
                    return _REFUSED
                await self._clock.sleep(wait_s)
            else:
                break
        return None

    async def _entitle(self, thread_id: str, title: str) -> None:
        """Give a thread its title, once, unless somebody gave it another name."""
        if self._name_of(thread_id) == self._untitled.pop(thread_id):
            try:
                async with asyncio.timeout(_RENAME_S):
                    await self._port.rename(thread_id, title)
            except (ChatError, TimeoutError) as error:
                log.info("a thread keeps its name", extra={"thread_id": thread_id, "reason": str(error)})
        await self._remember(thread_id, "")

    async def _remember(self, thread_id: str, name: str) -> None:
        try:
            if name:
                await self.untitled(thread_id, name)
            else:
                await self._store.set_fact(SCOPE, thread_id, "")
        except StateError as error:  # it costs a title
            log.info("a title is not remembered", extra={"thread_id": thread_id, "reason": str(error)})
