"""What happens in channels that are not caught up with: held back, and let go in the order it came in."""

from collections.abc import Awaitable, Callable, Collection
from typing import Final

Act = Callable[[], Awaitable[None]]
"""Something that happened. The call takes its place in the order of things; awaiting it does the rest."""

KEPT: Final = 200
"""How many acts of one channel are kept; what comes then is found in the channel itself."""


class Held:
    """Channels are open, and what happens there goes its way, until they are closed. Nothing here waits.

    Acts that are let go have taken their places when the call returns; the caller awaits them.
    """

    def __init__(self) -> None:
        self._all_closed = False
        self._closed: set[int] = set()
        self._acts: dict[int, list[Act]] = {}
        self._spans: dict[int, tuple[int, int]] = {}
        self._overfull: set[int] = set()

    @property
    def overfull(self) -> Collection[int]:
        """Channels in which more happened than was kept."""
        return self._overfull

    def close_all(self) -> None:
        """Hold back what happens in any channel from now on."""
        self._all_closed = True
        # What was missed lies between what is held already and what comes from now on.
        self._spans.clear()

    def open_all_but(self, closed: Collection[int]) -> list[Awaitable[None]]:
        """Let go what happened elsewhere than in these channels, and hold back in these alone."""
        self._all_closed, self._closed = False, set(closed)
        free = [channel_id for channel_id in self._acts if channel_id not in self._closed]
        return [act for channel_id in free for act in self.let_go(channel_id)]

    def open(self, channel_id: int) -> list[Awaitable[None]]:
        """Let go what is held back in a channel, and hold nothing back there any more."""
        self._closed.discard(channel_id)
        return self.let_go(channel_id)

    def let_go(self, channel_id: int) -> list[Awaitable[None]]:
        """Let go what is held back in a channel; what comes after it is held back as before."""
        self._spans.pop(channel_id, None)
        self._overfull.discard(channel_id)
        return [act() for act in self._acts.pop(channel_id, [])]

    def span(self, channel_id: int) -> tuple[int, int] | None:
        """Return the first and last message held since all were closed; no other lies between them."""
        return self._spans.get(channel_id)

    def admit(self, channel_id: int, act: Act, message_id: int | None = None) -> Awaitable[None] | None:
        """Do an act now and return what is to be awaited; None if it is held back.

        `message_id` is that of a new message.
        """
        if not self._all_closed and channel_id not in self._closed:
            return act()
        acts = self._acts.setdefault(channel_id, [])
        if len(acts) >= KEPT:
            self._overfull.add(channel_id)
            return None
        acts.append(act)
        if message_id is not None:
            first, _ = self._spans.get(channel_id, (message_id, 0))
            self._spans[channel_id] = first, message_id
        return None
