"""Tells the service manager how the bot does; a sign of life is given only for a bot that works.

"Works" means: the event loop is quick, the chat's task lives, and the store answers a write. A store that
answers with an error answers: a restart would free no disk space.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from bot.service_manager import ServiceManager
from sessions.clock import Clock
from sessions.errors import StateError
from sessions.keys import SessionKey

log = logging.getLogger(__name__)

_STATUS_S: Final = 2.0
_SIGN_S: Final = 30.0
"""How often the store is tried where nobody waits for signs of life."""
_LOOK_S: Final = 0.05
_SLOW_S: Final = 1.0
_BEAT: Final = ("roomkey", "alive at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What is looked at. `connected_as` says where the chat is heard, None for nowhere."""

    connected_as: Callable[[], str | None]
    chat_lives: Callable[[], bool]
    running: Callable[[], int]


class Storage(Protocol):
    """What is tried of the store."""

    def set_fact(self, scope: str, name: str, text: str) -> Awaitable[None]:
        """Store a small text. Raises StateError."""
        ...

    async def waiting(self) -> Sequence[SessionKey]:
        """Return the rooms in which something waits. Raises StateError."""
        ...


class Vitals:
    """Looks at the running bot until `run` is cancelled."""

    def __init__(self, service: ServiceManager, store: Storage, clock: Clock, watched: Watched) -> None:
        self._service = service
        self._store = store
        self._clock = clock
        self._watched = watched
        self._was_connected = False
        self._since_s = clock.monotonic_s()  # the last time that the chat was heard
        self._trouble: str | None = None
        self._drain_ends_s: float | None = None
        self._told = ""

    def drain(self, grace_s: float) -> None:
        """Say from now on that turns are given that long to end."""
        self._drain_ends_s = self._clock.monotonic_s() + grace_s

    async def run(self) -> None:
        """Tell how the bot does, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._tell_status(), name="status")
            tasks.create_task(self._give_signs(), name="signs of life")

    async def _tell_status(self) -> None:
        while True:
            status = await self._status()
            if status != self._told:
                self._told = status
                self._service.tell(f"STATUS={status}")
            await self._clock.sleep(_STATUS_S)

    async def _status(self) -> str:
        now_s = self._clock.monotonic_s()
        if self._drain_ends_s is not None:
            return draining_line(self._watched.running(), self._drain_ends_s - now_s)
        where = self._watched.connected_as()
        if where is not None:
            self._was_connected, self._since_s = True, now_s
        try:
            waiting = len(await self._store.waiting())
        except StateError as error:
            self._note_trouble(str(error))
            waiting = 0
        return status_line(
            connected_as=where,
            lost_for_s=now_s - self._since_s,
            was_connected=self._was_connected,
            running=self._watched.running(),
            waiting=waiting,
            trouble=self._trouble,
        )

    async def _give_signs(self) -> None:
        # Twice as often as the manager wants to hear, as sd_watchdog_enabled(3) says.
        every_s = (self._service.watchdog_s or 2 * _SIGN_S) / 2
        while True:
            began_s = self._clock.monotonic_s()
            await self._loop_is_quick()
            works = await self._store_answers(every_s) and self._watched.chat_lives()
            if works and self._service.watchdog_s is not None:
                self._service.tell("WATCHDOG=1")
            await self._clock.sleep(max(0.0, began_s + every_s - self._clock.monotonic_s()))

    async def _loop_is_quick(self) -> None:
        """Return as soon as the loop turns without delay; it is looked at again and again."""
        while True:
            began_s = self._clock.monotonic_s()
            await self._clock.sleep(_LOOK_S)
            late_s = self._clock.monotonic_s() - began_s - _LOOK_S
            if late_s < _SLOW_S:
                return
            log.warning("the event loop was blocked", extra={"late_s": round(late_s, 1)})

    async def _store_answers(self, limit_s: float) -> bool:
        try:
            async with asyncio.timeout(limit_s):
                await self._store.set_fact(*_BEAT, self._clock.utc().isoformat(timespec="seconds"))
        except TimeoutError:
            self._note_trouble("the store does not answer")
            return False
        except StateError as error:
            self._note_trouble(str(error))
        else:
            self._note_trouble(None)
        return True

    def _note_trouble(self, trouble: str | None) -> None:
        if trouble != self._trouble:  # one line when it begins, and one when it is over
            self._trouble = trouble
            if trouble is None:
                log.info("storage works again")
            else:
                log.warning("storage trouble", extra={"reason": trouble})


def draining_line(running: int, left_s: float) -> str:
    """Return the line while the bot stops."""
    return f"draining {_counted(running, 'turn')}, {max(0.0, left_s):.0f} s left"


def status_line(
    *,
    connected_as: str | None,
    lost_for_s: float,
    was_connected: bool,
    running: int,
    waiting: int,
    trouble: str | None,
) -> str:
    """Return the one line that `systemctl status` shows. `waiting` counts rooms."""
    parts: list[str] = []
    if trouble is not None:
        parts.append(f"storage trouble: {trouble.rstrip('.')}")
    if connected_as is not None:
        parts.append(f"connected as {connected_as}")
    else:
        parts.append(f"{'reconnecting' if was_connected else 'connecting'} to Discord for {lost_for_s:.0f} s")
    if running or waiting:
        parts.append(f"{_counted(running, 'turn')} running, {_counted(waiting, 'room')} waiting")
    return "; ".join(parts)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
