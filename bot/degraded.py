"""What the bot may not do in a channel: it goes on without, and says so in that channel."""

import logging
from collections.abc import Callable
from typing import Final, Literal

from bot.chat import ChatError, ChatPort, Place
from sessions.clock import Clock

log = logging.getLogger(__name__)

Lack = Literal["threads", "full", "reactions", "history"]
"""What is missing somewhere: a permission, by what it is for, or room for one more thread."""

_AGAIN_S: Final = 600.0
"""For how long a lack counts before it is tried again: Discord bans whoever is refused too often."""
_SAID: Final[dict[Lack, str]] = {
    "threads": "Messages here should open threads, but I may not open any, so I answer in the channel."
    " Give me the permissions **Create Public Threads** and **Send Messages in Threads** here, or switch"
    " it off with `/config`.",
    "full": "This server has as many open threads as Discord allows (1,000), so I answer in the channel."
    " Close or delete threads that are done with, or switch threads off here with `/config`.",
    "reactions": "I may not react to messages here, so the marks under them stay away. Give me the permission"
    " **Add Reactions** here to see what becomes of each message.",
    "history": "I may not read what was said here before, so I know only what is said to me. Give me the"
    " permission **Read Message History** here.",
}
_LOCKED: Final = (
    "I cannot write in <#{thread}>: it is locked, so what I had to say there is lost. Unlock it and ask"
    " again there, or ask here."
)


class Degraded:
    """What was found to be missing, by channel: said once in each run of the bot. Saying so never raises.

    Of a locked thread each loss is told, but not again within a short while.
    """

    def __init__(self, port: ChatPort, clock: Clock, place_of: Callable[[str], Place | None]) -> None:
        """Speak through `port`; `place_of` knows where a thread lies."""
        self._port = port
        self._clock = clock
        self._place_of = place_of
        self._since_s: dict[tuple[str, Lack], float] = {}
        self._locked_since_s: dict[str, float] = {}

    def lacks(self, channel_id: str, lack: Lack) -> bool:
        """Whether that was refused there a short while ago, so that asking again is no use."""
        since_s = self._since_s.get((channel_id, lack))
        return since_s is not None and self._clock.monotonic_s() - since_s < _AGAIN_S

    def remember(self, channel_id: str, lack: Lack) -> None:
        """Remember that something is missing there, of which somebody was told already."""
        self._since_s[channel_id, lack] = self._clock.monotonic_s()

    async def note(self, channel_id: str, lack: Lack) -> None:
        """Remember that something is missing there, and say it if nobody was told yet.

        While it counts, this does not prolong it: else it would never be tried again where much is said.
        """
        is_told = (channel_id, lack) in self._since_s
        if not self.lacks(channel_id, lack):
            self.remember(channel_id, lack)
        if not is_told:
            await self._say(channel_id, f"-# {_SAID[lack]}")

    async def note_locked(self, channel_id: str) -> None:
        """Say in the channel around a locked thread that nothing can be said in it."""
        place, now_s = self._place_of(channel_id), self._clock.monotonic_s()
        if place is None or place.parent_id is None:
            return
        since_s = self._locked_since_s.get(channel_id)
        if since_s is not None and now_s - since_s < _AGAIN_S:
            return
        self._locked_since_s[channel_id] = now_s
        await self._say(place.parent_id, _LOCKED.format(thread=channel_id))

    async def _say(self, channel_id: str, text: str) -> None:
        try:
            await self._port.send(channel_id, text)
        except ChatError as error:
            facts = {"channel": channel_id, "reason": str(error)}
            log.warning("what the bot may not do there could not be said", extra=facts)
