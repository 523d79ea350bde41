"""Holds back the turns of all rooms while the agent is not logged in; now and then one turn tries.

A turn costs a process, seconds and a request that is bound to fail. So the first that fails for want
of a login opens the breaker: what waits stays in its queue, and after a pause, which doubles, one
turn is let through to see whether the login works again.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Final

from sessions.clock import Clock
from sessions.events import Problem
from sessions.keys import SessionKey
from sessions.turn import Outcome

WAITING: Final = (
    "The agent is not logged in, so this waits and runs by itself when it is."
    " Nothing here is lost; there is nothing to send again."
)

_PROVES_LOGIN: Final[frozenset[Problem]] = frozenset(
    {"rate_limit", "overloaded", "context", "limit", "refusal"}
)
"""Problems that a turn without a login does not get as far as."""


class Breaker:
    """Whether turns may start, for all rooms that use one login.

    Each room's worker, with at most one turn at a time, awaits `ready` while it holds nothing that
    others need, asks `admits` again when it has its place to run, and gives `note` what came of each
    turn. `first_pause_s` and `longest_pause_s` are how long nothing is tried.
    """

    def __init__(self, clock: Clock, *, first_pause_s: float = 30.0, longest_pause_s: float = 600.0) -> None:
        self._clock = clock
        self._first_pause_s = first_pause_s
        self._longest_pause_s = longest_pause_s
        self._pause_s = 0.0  # 0: closed
        self._try_again_s = 0.0
        self._trying: SessionKey | None = None
        self._told: set[SessionKey] = set()
        self._is_over = False
        self._changed = asyncio.Event()

    @property
    def is_open(self) -> bool:
        """Whether turns are held back."""
        return self._pause_s > 0 and not self._is_over

    def admits(self, key: SessionKey) -> bool:
        """Whether a turn of this room may start now."""
        return not self.is_open or self._trying == key

    async def ready(self, key: SessionKey, tell: Callable[[str], Awaitable[None]]) -> None:
        """Wait until a turn of this room may start.

        If it has to wait, `tell` is given a sentence for the room, once until the login works again.
        Every return is followed by a `note`, whatever happens, or no turn would ever be tried again.
        """
        while not self._admit(key):
            if key not in self._told:
                self._told.add(key)
                await tell(WAITING)
                continue
            changed, pause_s = self._changed, self._try_again_s - self._clock.monotonic_s()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if self._trying is not None else max(0.0, pause_s)):
                    await changed.wait()

    def works(self, key: SessionKey) -> None:
        """The agent of this room has said something: if it was a try, the login works.

        Not left to the turn's end, which may be hours away.
        """
        if self._trying == key:
            self._close()

    def note(self, key: SessionKey, outcome: Outcome | None) -> None:
        """Take what came of what was let through; None if no agent was asked for anything."""
        if outcome is not None and outcome.problem == "login":
            self._told.add(key)  # the turn's own last word says it
            if not self.is_open:
                self._hold(self._first_pause_s)
            elif self._trying == key:
                self._hold(min(2 * self._pause_s, self._longest_pause_s))
        elif self._trying == key:
            self._trying = None
            if outcome is None:
                self._ring()  # the next in line may try at once
            elif outcome.status == "ok" or outcome.problem in _PROVES_LOGIN:
                self._close()
            else:
                self._hold(self._pause_s)

    def end(self) -> None:
        """Let everybody go: Roomkey stops, and whoever was held back starts nothing any more."""
        self._is_over = True
        self._ring()

    def _admit(self, key: SessionKey) -> bool:
        if self.admits(key):
            return True
        if self._trying is None and self._clock.monotonic_s() >= self._try_again_s:
            self._trying = key
            return True
        return False

    def _close(self) -> None:
        self._pause_s, self._trying = 0.0, None
        self._told.clear()
        self._ring()

    def _hold(self, pause_s: float) -> None:
        self._pause_s = pause_s
        self._try_again_s = self._clock.monotonic_s() + pause_s
        self._trying = None
        self._ring()

    def _ring(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
