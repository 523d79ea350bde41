"""10,000 prompts queued, kill -9 in the middle, and how long the next start takes to work them off."""

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TextIO

from benchmarks.figures import Figure
from benchmarks.rooms import Checker, Sink, message, open_rooms
from sessions.paths import Paths
from sessions.store.values import Turn
from sessions.turn import Note

QUEUED = 10_000
ROOMS = 1000
HANDLED = 2000
PRODUCERS = 64


@dataclass(slots=True)
class Starts(Checker):
    """Notes each start, in a file that survives the kill, and when the first came."""

    log: TextIO | None = None
    kill_after: int = 0
    first_s: float = 0.0
    unmarked: int = 0
    known: Counter[str] = field(default_factory=Counter[str])

    def open(self, turn: Turn, _note: Note) -> Sink:
        self.first_s = self.first_s or time.perf_counter()
        name = f"{turn.key} {turn.prompt.text}"
        self.known[name] += 1
        self.unmarked += self.known[name] > 1 and turn.attempt == 1
        if self.log is not None:
            print(name, file=self.log, flush=True)
        if self.kill_after and len(self.known) >= self.kill_after:
            os.kill(os.getpid(), signal.SIGKILL)
        return Sink(self)


@dataclass(frozen=True, slots=True)
class Recovery:
    """Seconds after the store was asked to open, and what went wrong."""

    first_s: float
    all_s: float
    never_started: int
    unmarked: int


def run() -> list[Figure]:
    """Fill, kill and start again, each in a process of its own."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as root:
        command = [sys.executable, "-m", "benchmarks.recovery", root]
        killed = subprocess.run([*command, "fill"], check=False)
        assert killed.returncode == -signal.SIGKILL
        done = subprocess.run([*command, "recover"], stdout=subprocess.PIPE, check=True)
    found = Recovery(**json.loads(done.stdout))
    what = f"recovery of {QUEUED:,} queued"
    return [
        Figure(name=f"{what}, first turn", value=found.first_s, unit="s", bound=0.1),
        Figure(name=f"{what}, all", value=found.all_s, unit="s", bound=2.0),
        Figure(name=f"{what}, never started", value=found.never_started, unit="turns", bound=0),
        Figure(name=f"{what}, started twice unmarked", value=found.unmarked, unit="turns", bound=0),
    ]


async def fill(root: Path) -> None:
    """Queue everything, then work until killed."""
    log = await asyncio.to_thread((root / "starts").open, "a")
    checker = Starts(log=log, kill_after=HANDLED, wanted=QUEUED)
    per_room = QUEUED // ROOMS
    opened = open_rooms(root / "data", checker, max_live=ROOMS, queue_limit=per_room + 1)
    async with opened as (manager, store):

        async def produce(first: int) -> None:
            for number in range(per_room):
                for room in range(first, ROOMS, PRODUCERS):
                    await store.accept(message(number, room, ROOMS))

        async with asyncio.TaskGroup() as tasks:
            for first in range(PRODUCERS):
                tasks.create_task(produce(first))
        await manager.resume()
        await checker.done.wait()


async def recover(root: Path) -> Recovery:
    """Start where the killed process ended, and stop the clock when nothing waits any more."""
    known = Counter((root / "starts").read_text().splitlines())
    with closing(sqlite3.connect(Paths(root / "data").database)) as connection:
        # What was interrupted while it ran had shown nothing, so it runs again by itself.
        (wanted,) = connection.execute("SELECT count(*) FROM turn WHERE state != 'done'").fetchone()
    checker = Starts(known=known, wanted=wanted)
    opened_s = time.perf_counter()
    opened = open_rooms(root / "data", checker, max_live=ROOMS, queue_limit=QUEUED)
    async with opened as (manager, _):
        await manager.resume()
        await checker.done.wait()
        all_s = time.perf_counter() - opened_s
    never = QUEUED - len(checker.known)
    return Recovery(checker.first_s - opened_s, all_s, never, checker.unmarked)


if __name__ == "__main__":
    where = Path(sys.argv[1])
    if sys.argv[2] == "fill":
        asyncio.run(fill(where))
    else:
        print(json.dumps(asdict(asyncio.run(recover(where)))))
