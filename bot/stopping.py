"""How the bot is told to stop, and how its turns end in the time that is left then."""

import asyncio
import signal
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from typing import Any, Final, Protocol

from sessions.errors import StateError

RESERVE_S: Final = 10.0
"""What stopping takes at most after running turns have had their time, up to the end of the process."""

_LET_GO_S: Final = 3.0
_LAST_WORDS_S: Final = 2.0


class Stop:
    """Whether the bot was told to stop, and told so again; the error that made it stop, if there is one."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.hurried = asyncio.Event()
        self.failure: Exception | None = None

    def tell(self) -> None:
        """Stop: with patience for running turns when told once, without when told again."""
        if self.asked.is_set():
            self.hurried.set()
        self.asked.set()

    def fail(self, error: Exception) -> None:
        """Stop because of an error; the first one counts. Without a store no patience is of use."""
        self.failure = self.failure or error
        self.asked.set()
        if isinstance(error, StateError):
            self.hurried.set()

    @contextmanager
    def by_signals(self) -> Generator[None]:
        """Obey SIGTERM and SIGINT while the block runs."""
        loop = asyncio.get_running_loop()
        signals = (signal.SIGTERM, signal.SIGINT)
        for number in signals:
            loop.add_signal_handler(number, self.tell)
        try:
            yield
        finally:
            for number in signals:
                loop.remove_signal_handler(number)


class Rooms(Protocol):
    """What has turns that run."""

    async def drain(self, grace_s: float) -> None:
        """Start no turn any more, give the running ones that long, then interrupt them."""
        ...


def grace_within(limit_s: float | None, otherwise_s: float) -> float:
    """Return how long running turns may take, if the whole bot has to end within `limit_s`."""
    return otherwise_s if limit_s is None else max(0.0, limit_s - RESERVE_S)


async def end_turns(
    rooms: Rooms, stop: Stop, grace_s: float, kill_agents: Callable[[], Coroutine[Any, Any, object]]
) -> None:
    """Let running turns end within `grace_s`, or until the bot is told again; interrupt what runs then.

    Agents that do not let go are killed. Returns at most 5 s after the grace; what runs even then
    is found interrupted at the next start.
    """
    async with asyncio.TaskGroup() as tasks:
        draining = tasks.create_task(rooms.drain(grace_s), name="drain")
        hurried = tasks.create_task(stop.hurried.wait(), name="told again")
        await asyncio.wait((draining, hurried), timeout=grace_s, return_when=asyncio.FIRST_COMPLETED)
        hurried.cancel()
        if draining.done():
            return
        hurrying = tasks.create_task(rooms.drain(0.0), name="hurry")
        if not await _ends(draining, _LET_GO_S):
            killing = tasks.create_task(kill_agents(), name="kill")
            await asyncio.wait((draining, killing), timeout=_LAST_WORDS_S)
            killing.cancel()
        draining.cancel()
        hurrying.cancel()


async def _ends(task: asyncio.Task[None], limit_s: float) -> bool:
    done, _ = await asyncio.wait((task,), timeout=limit_s)
    return bool(done)
