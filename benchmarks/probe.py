"""The bot with a probe in it: `python -m benchmarks.probe FILE` is `roomkey run` that takes its own pulse.

A thread beside the event loop asks it again and again to answer; how long that takes is the loop's lag.
How long the processor worked for the loop meanwhile is what the bot itself has to do with it.
"""

import asyncio
import json
import os
import sys
import threading
import time
from collections.abc import Awaitable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bot.app import run_bot
from bot.live_reply import LiveReply
from bot.service_manager import ServiceManager
from bot.settings import load_settings
from sessions.events import Event, TurnDone
from sessions.manager import SessionManager
from sessions.store.values import Accepted, Inbound

EVERY_S = 0.01
SAMPLE_EVERY = 50
"""So many looks at the loop make one look at the process."""

_PAGE_MIB = os.sysconf("SC_PAGE_SIZE") / 2**20


@dataclass(frozen=True, slots=True)
class Sample:
    """What the process holds. `accepted` counts the messages so far."""

    accepted: int
    rss_mib: float
    descriptors: int
    tasks: int


@dataclass(slots=True)
class Pulse:
    """What was seen from the first message to the end. Seconds and MiB.

    `worked_s` is the processor's part of each lag. `ended_at` is when the last turn of a channel ended,
    as its agent says: Unix time.
    """

    lags_s: list[float] = field(default_factory=list[float])
    worked_s: list[float] = field(default_factory=list[float])
    ended_at: dict[str, float] = field(default_factory=dict[str, float])
    accepts_s: list[float] = field(default_factory=list[float])
    samples: list[Sample] = field(default_factory=list[Sample])

    @classmethod
    def read(cls, file: Path) -> "Pulse":
        """Read what a probe wrote."""
        found = json.loads(file.read_text())
        return cls(**{**found, "samples": [Sample(**one) for one in found["samples"]]})


class Probe:
    """Times every accept, and watches the loop from the first one on."""

    def __init__(self) -> None:
        self.pulse = Pulse()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def attach(self) -> None:
        """Stand between everybody and the manager, and between an agent and what is shown of it."""
        accept, emit = SessionManager.accept, LiveReply.emit

        def seen(reply: LiveReply, event: Event) -> None:
            if isinstance(event, TurnDone):
                self.pulse.ended_at[reply._channel_id] = time.time()  # noqa: SLF001
            emit(reply, event)

        def timed(manager: SessionManager, row: Inbound) -> Awaitable[Accepted]:
            started_s = time.perf_counter()
            self._watch(asyncio.get_running_loop())
            return self._until_stored(accept(manager, row), started_s)

        setattr(SessionManager, "accept", timed)  # noqa: B010 - that is what a probe does
        setattr(LiveReply, "emit", seen)  # noqa: B010

    def end(self) -> Pulse:
        """Watch no more and return what was seen."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()
        return self.pulse

    async def _until_stored(self, accepted: Awaitable[Accepted], started_s: float) -> Accepted:
        found = await accepted
        self.pulse.accepts_s.append(time.perf_counter() - started_s)
        return found

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._thread is None:
            worked = time.pthread_getcpuclockid(threading.get_ident())
            self._thread = threading.Thread(target=self._look, args=(loop, worked), daemon=True)
            self._thread.start()

    def _look(self, loop: asyncio.AbstractEventLoop, worked: int) -> None:
        answered = threading.Event()
        looks = 0
        while not self._over.wait(EVERY_S) and not loop.is_closed():
            answered.clear()
            asked_s, asked_worked_s = time.perf_counter(), time.clock_gettime(worked)
            loop.call_soon_threadsafe(answered.set)
            if not answered.wait(60):
                return
            self.pulse.lags_s.append(time.perf_counter() - asked_s)
            self.pulse.worked_s.append(time.clock_gettime(worked) - asked_worked_s)
            if looks % SAMPLE_EVERY == 0:
                self._sample(loop)
            looks += 1

    def _sample(self, loop: asyncio.AbstractEventLoop) -> None:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        descriptors = sum(1 for _ in Path("/proc/self/fd").iterdir())
        tasks = len(asyncio.all_tasks(loop))
        self.pulse.samples.append(
            Sample(len(self.pulse.accepts_s), round(pages * _PAGE_MIB, 2), descriptors, tasks)
        )


def main(file: Path) -> None:
    probe = Probe()
    probe.attach()
    try:
        run_bot(load_settings(None, os.environ), ServiceManager())
    finally:
        seen: dict[str, Any] = asdict(probe.end())
        file.write_text(json.dumps(seen))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
