"""Opens the thread that a fork goes on in: a `StartThread` over the platforms' ports."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from bot.chat import ChatError, ChatPort, ChatRefused, NotPermitted, TooManyThreads
from sessions.errors import StateError, UserError
from sessions.keys import SessionKey, session_key
from sessions.store.values import Turn

log = logging.getLogger(__name__)

_NAME_CHARS: Final = 90

IsFree = Callable[[SessionKey], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class ForkThreads:
    """Opens threads in the channel in which a turn was asked for; one for each turn, run it twice."""

    ports: Mapping[str, ChatPort]
    untitled: Callable[[str, str], Awaitable[None]] | None = None
    """Hears of a thread that has no title yet, and what it is called until then."""

    async def __call__(self, turn: Turn, name: str, is_free: IsFree, again: bool) -> tuple[SessionKey, str]:
        """Open a thread of that name; return its key and its channel. Raises UserError, StateError.

        With `again`, or if the chat does not say whether it took the request, the newest thread of that name
        that `is_free` is taken, if there is one.
        """
        port = self.ports.get(turn.address.platform)
        if port is None:
            raise UserError("There are no threads here.")
        channel_id, called = turn.address.channel_id, _name(name)
        thread = await _found(port, channel_id, called, is_free) if again else None
        if thread is None:
            thread = await _opened(port, channel_id, called, is_free)
        if self.untitled is not None and name == "fork":
            await self._entitle_later(thread, name)
        return session_key(thread), thread

    async def _entitle_later(self, thread: str, name: str) -> None:
        assert self.untitled is not None
        try:
            await self.untitled(thread, name)
        except StateError as error:  # it costs a title
            log.info("a title is not remembered", extra={"thread_id": thread, "reason": str(error)})


async def _opened(port: ChatPort, channel_id: str, name: str, is_free: IsFree) -> str:
    try:
        return await port.open_thread(channel_id, name)
    except ChatError as error:
        # What is refused was not opened; of all else, nobody knows.
        if not isinstance(error, ChatRefused):
            thread = await _found(port, channel_id, name, is_free)
            if thread is not None:
                return thread
        log.warning("no thread for a fork", extra={"reason": str(error)})
        raise UserError(_why_not(error)) from error


def _why_not(error: ChatError) -> str:
    match error:
        case NotPermitted():
            return (
                "I may not open a thread here. Give me the permission **Create Public Threads** in this"
                " channel, then try again."
            )
        case TooManyThreads():
            return (
                "This server has as many open threads as Discord allows (1,000). Close or delete some that"
                " are done with, then try again."
            )
        case ChatRefused():
            return "Discord opens no thread in this channel. Try it in an ordinary text channel."
        case _:
            return "Discord is in trouble, so I could not open a thread. Try again in a minute."


async def _found(port: ChatPort, channel_id: str, name: str, is_free: IsFree) -> str | None:
    """Return a thread that was left by an earlier try; None if there is none, or nobody may look.

    Raises UserError: the chat is in trouble, so nobody knows.
    """
    try:
        threads = await port.find_threads(channel_id, name)
    except ChatError as error:
        log.info("threads cannot be looked up", extra={"channel": channel_id, "reason": str(error)})
        if isinstance(error, ChatRefused):
            return None
        raise UserError(_why_not(error)) from error
    for thread in threads:
        if await is_free(session_key(thread)):
            return thread
    return None


def _name(name: str) -> str:
    return " ".join(name.split())[:_NAME_CHARS].strip() or "fork"


def place_name(key: SessionKey) -> str:
    """Return how people call a room: its channel as a mention, which pings nobody."""
    return f"<#{key}>" if key.isdigit() else f"the room `{key}`"
