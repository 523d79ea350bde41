"""How long a message waits for its commit, and for its turn to start, in an idle store and in a busy one."""

import asyncio
import itertools
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from benchmarks.figures import Figure, median, percentile
from benchmarks.floor import PRODUCERS, ROW, Commits, floor
from sessions.clock import SystemClock
from sessions.keys import SessionKey, session_key
from sessions.store import Store, open_store
from sessions.store.values import ChatAddress, Inbound, Lease, Prompt, TurnResult, TurnState

BLOCKS = 20
BLOCK = 50
KEYS = [session_key(f"room-{number}") for number in range(100)]
QUICK = session_key("quick")
OWNER = UUID(int=1)


def run() -> list[Figure]:
    """Measure on a disk of the machine, for about five seconds."""
    group_commit_rate = floor().group_commit_rate
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as directory:
        return asyncio.run(_measure(Path(directory), group_commit_rate))


async def _measure(directory: Path, group_commit_rate: float) -> list[Figure]:
    store = await open_store(directory / "data", SystemClock())
    commits = await asyncio.to_thread(Commits, directory / "floor")
    accepts_s: list[float] = []
    starts_s: list[float] = []
    try:
        numbers = itertools.count()
        lease = await store.claim(QUICK, OWNER)
        for _ in range(BLOCKS):
            await asyncio.to_thread(commits.take, BLOCK)
            accepts_s += [await _accept(store, next(numbers)) for _ in range(BLOCK)]
            starts_s += [await _start(store, lease, next(numbers)) for _ in range(BLOCK)]
        rate = await _burst(store, numbers)
    finally:
        commits.close()
        await store.close()
    floor_us = median(commits.samples_s) * 1e6
    floor_99_us = percentile(commits.samples_s, 99) * 1e6

    def figure(name: str, seconds: float, floor: float, bound: float | None = None) -> Figure:
        return Figure(name=f"store: {name}", value=seconds * 1e6, unit="us", floor=floor, bound=bound)

    return [
        figure("accept, p50", median(accepts_s), floor_us, 3),
        figure("accept, p99", percentile(accepts_s, 99), floor_99_us),
        figure("accept to start, p50", median(starts_s), floor_us, 5),
        figure("accept to start, p99", percentile(starts_s, 99), floor_99_us),
        Figure(
            name=f"store: accepts of {PRODUCERS} producers",
            value=rate,
            unit="rows/s",
            floor=group_commit_rate,
            more_is_better=True,
        ),
    ]


def _message(number: int, key: SessionKey) -> Inbound:
    return Inbound(
        source="bench",
        msg_id=number,
        key=key,
        address=ChatAddress(platform="bench", channel_id=key, message_id=str(number)),
        prompt=Prompt(text=ROW, author_id="1", author_name="somebody"),
        cursor=key,
        queue_limit=100_000,
    )


async def _accept(store: Store, number: int) -> float:
    row = _message(number, KEYS[number % len(KEYS)])
    start_s = time.perf_counter()
    await store.accept(row)
    return time.perf_counter() - start_s


async def _start(store: Store, lease: Lease, number: int) -> float:
    row = _message(number, QUICK)
    start_s = time.perf_counter()
    accepted = store.accept(row)
    turn = await store.next(lease)  # a room's worker is woken with the ticket: both share a commit
    took_s = time.perf_counter() - start_s
    assert turn is not None
    assert (await accepted).turn == turn.id
    assert await store.next(lease, TurnResult(turn=turn.id, state=TurnState.DONE)) is None
    return took_s


async def _burst(store: Store, numbers: Iterator[int], count: int = 6400) -> float:
    async def produce() -> None:
        for _ in range(count // PRODUCERS):
            number = next(numbers)
            await store.accept(_message(number, KEYS[number % len(KEYS)]))

    start_s = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(PRODUCERS):
            tasks.create_task(produce())
    return count / (time.perf_counter() - start_s)
