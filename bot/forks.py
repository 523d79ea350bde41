"""Opens the thread that a fork goes on in: a `StartThread` over the platforms' ports."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from bot.chat import ChatError, ChatPort
from sessions.errors import UserError
from sessions.keys import SessionKey, session_key
from sessions.store.values import Turn

log = logging.getLogger(__name__)

_NAME_CHARS: Final = 90


@dataclass(frozen=True, slots=True)
class ForkThreads:
    """Opens threads in the channel in which a turn was asked for."""

    ports: Mapping[str, ChatPort]
    untitled: Callable[[str, str], Awaitable[None]] | None = None
    """Hears of a thread that has no title yet, and what it is called until then."""

    async def __call__(self, turn: Turn, name: str) -> tuple[SessionKey, str]:
        """Open a thread of that name; return its key and its channel. Raises UserError."""
        port = self.ports.get(turn.address.platform)
        if port is None:
            raise UserError("There are no threads here.")
        try:
            thread = await port.open_thread(turn.address.channel_id, _name(name))
        except ChatError as error:
            log.warning("no thread for a fork", extra={"reason": str(error)})
            raise UserError(
                "I could not open a thread here: I may not, or there can be none. Let me create public"
                " threads in this channel, then try again."
            ) from error
        if self.untitled is not None and name == "fork":
            await self.untitled(thread, name)
        return session_key(thread), thread


def _name(name: str) -> str:
    return " ".join(name.split())[:_NAME_CHARS].strip() or "fork"


def place_name(key: SessionKey) -> str:
    """Return how people call a room: its channel as a mention, which pings nobody."""
    return f"<#{key}>" if key.isdigit() else f"the room `{key}`"
