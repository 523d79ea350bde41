"""The least that could do the job on this machine, in this run: what other figures are compared with."""

import asyncio
import os
import queue
import sqlite3
import tempfile
import threading
import time
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmarks.figures import Figure, median

PRODUCERS = 64
BATCH = 256
ROW = "x" * 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """Medians in seconds, and rows in a second."""

    fsync_s: float
    commit_s: float
    group_commit_rate: float
    memory_rate: float


@cache
def floor() -> Floor:
    """Measure once in a process: about two seconds."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        directory = Path(name)
        return Floor(
            fsync_s=_fsync(directory / "fsync"),
            commit_s=asyncio.run(_commit(directory / "commits")),
            group_commit_rate=asyncio.run(_group_commit(directory / "group")),
            memory_rate=asyncio.run(_memory()),
        )


def group_commit_rate() -> float:
    """Measure rows a second by group commit, now: for figures that take long enough for a disk to change."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        return asyncio.run(_group_commit(Path(name) / "group"))


def run() -> list[Figure]:
    """Return the floors themselves."""
    measured = floor()
    return [
        Figure(name="floor: fsync of 4 KiB, p50", value=measured.fsync_s * 1e6, unit="us"),
        Figure(name="floor: one row, one commit, p50", value=measured.commit_s * 1e6, unit="us"),
        Figure(name="floor: rows by group commit", value=measured.group_commit_rate, unit="rows/s"),
        Figure(name="floor: queue in memory", value=measured.memory_rate, unit="rows/s"),
    ]


class Commits:
    """The barest durable write: one row, one commit, one after the other, in a thread.

    To be sampled between the samples of what is compared with it: a disk's speed changes with what
    else uses it, so a floor from another minute proves nothing.
    """

    def __init__(self, file: Path) -> None:
        self._connection = _connect(file)
        self.samples_s: list[float] = []
        # Until the log has its full length each commit also pays for making the file longer.
        self.take(1100)
        self.samples_s.clear()

    def take(self, count: int) -> None:
        """Take so many samples. Blocks."""
        for _ in range(count):
            start_s = time.perf_counter()
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute("INSERT INTO row (body) VALUES (?)", (ROW,))
            self._connection.execute("COMMIT")
            self.samples_s.append(time.perf_counter() - start_s)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def _connect(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE row (id INTEGER PRIMARY KEY, body TEXT)")
    return connection


def _fsync(file: Path, count: int = 500) -> float:
    samples: list[float] = []
    with file.open("wb", buffering=0) as opened:
        for _ in range(count):
            start_s = time.perf_counter()
            os.pwrite(opened.fileno(), bytes(4096), 0)
            os.fsync(opened.fileno())
            samples.append(time.perf_counter() - start_s)
    return median(samples)


async def _commit(file: Path) -> float:
    with closing(await asyncio.to_thread(Commits, file)) as commits:
        await asyncio.to_thread(commits.take, 1000)
        return median(commits.samples_s)


async def _group_commit(file: Path, count: int = 10_000) -> float:
    """The barest group commit: producers that wait for their row, a thread that commits what waits."""
    loop = asyncio.get_running_loop()
    waiting: queue.SimpleQueue[asyncio.Future[None] | None] = queue.SimpleQueue()

    def settle(futures: list[asyncio.Future[None]]) -> None:
        for future in futures:
            future.set_result(None)

    def write() -> None:
        with closing(_connect(file)) as connection:
            while (future := waiting.get()) is not None:
                batch = [future]
                while len(batch) < BATCH and not waiting.empty():
                    if (future := waiting.get()) is not None:
                        batch.append(future)
                connection.execute("BEGIN IMMEDIATE")
                for _ in batch:
                    connection.execute("INSERT INTO row (body) VALUES (?)", (ROW,))
                connection.execute("COMMIT")
                loop.call_soon_threadsafe(settle, batch)

    async def produce() -> None:
        for _ in range(count // PRODUCERS):
            done: asyncio.Future[None] = loop.create_future()
            waiting.put(done)
            await done

    thread = threading.Thread(target=write)
    thread.start()
    start_s = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(PRODUCERS):
            tasks.create_task(produce())
    took_s = time.perf_counter() - start_s
    waiting.put(None)
    thread.join()
    return count / took_s


async def _memory(count: int = 50_000, keys: int = 1000) -> float:
    lanes: list[asyncio.Queue[str]] = [asyncio.Queue() for _ in range(keys)]
    start_s = time.perf_counter()
    for number in range(count):
        lanes[number % keys].put_nowait(ROW)
    for number in range(count):
        await lanes[number % keys].get()
    return count / (time.perf_counter() - start_s)
