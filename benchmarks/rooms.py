"""1,000 rooms x 10 prompts through manager and store, with an agent that does nothing."""

import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Self
from uuid import UUID, uuid4

from benchmarks import floor
from benchmarks.figures import Figure
from sessions.agents.base import Decision, SessionSpec, TurnInput
from sessions.agents.conversations import Ability
from sessions.agents.scripted import ADAPTER as SCRIPTED
from sessions.breaker import Breaker
from sessions.clock import SystemClock
from sessions.engine import Engine
from sessions.events import Event, Exited, TurnDone
from sessions.interpreter import tune
from sessions.keys import session_key
from sessions.manager import SessionManager
from sessions.paths import Paths
from sessions.pool import Pool
from sessions.prompts import Fetched
from sessions.room_words import RoomWords
from sessions.settings import AgentSettings
from sessions.store import Store, open_store
from sessions.store.values import ChatAddress, Inbound, Piece, Prompt, Turn
from sessions.turn import Note, Outcome

ROOMS = 1000
PROMPTS = 10
PRODUCERS = 64


class NoOpSession:
    """Answers every prompt at once with nothing."""

    def __init__(self, agent_session_id: str) -> None:
        self.agent_session_id = agent_session_id
        self._events: asyncio.Queue[Event] = asyncio.Queue()

    async def send(self, turn: TurnInput) -> None:
        done = TurnDone(status="ok", agent_session_id=self.agent_session_id, turn=turn.turn)
        self._events.put_nowait(done)

    async def events(self) -> AsyncGenerator[Event, None]:
        while not isinstance(event := await self._events.get(), Exited):
            yield event
        yield event

    async def answer(self, ask: str, decision: Decision) -> bool:
        return False

    async def context(self) -> None:
        return

    async def steer(self, turn: TurnInput) -> bool:
        return False

    def decide(self, tool: str, decision: Decision) -> None:
        pass

    async def interrupt(self) -> None:
        pass

    async def close(self, grace_s: float) -> None:
        self._events.put_nowait(Exited(exit_code=0))


class NoOpAdapter:
    """Starts nothing."""

    vendor = "scripted"
    models = ()
    can: frozenset[Ability] = frozenset()
    conversations = SCRIPTED.conversations

    def new_session_id(self) -> str:
        return str(uuid4())

    async def open(self, spec: SessionSpec) -> NoOpSession:
        return NoOpSession(spec.agent_session_id)

    def model_url(self, env: Mapping[str, str]) -> str | None:
        return None

    def may_have_acted(self, spec: SessionSpec, prompt: UUID) -> bool:
        return False

    def terminal_command(self, spec: SessionSpec) -> str | None:
        return None


@dataclass(slots=True)
class Checker:
    """Sees every turn: how many there were, and whether each room kept its order."""

    wanted: int = 0
    seen: dict[str, int] = field(default_factory=dict[str, int])
    count: int = 0
    violations: int = 0
    done: asyncio.Event = field(default_factory=asyncio.Event)

    def open(self, turn: Turn, _note: Note) -> "Sink":
        number = int(turn.prompt.text)
        self.violations += number != self.seen.get(turn.key, -1) + 1
        self.seen[turn.key] = number
        return Sink(self)


class Sink:
    """A reply that shows nothing and says nothing."""

    def __init__(self, checker: Checker) -> None:
        self._checker = checker

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        pass

    def emit(self, event: Event) -> None:
        pass

    def waiting(self, count: int) -> None:
        pass

    async def pieces(self, outcome: Outcome) -> Sequence[Piece]:
        self._checker.count += 1
        if self._checker.count == self._checker.wanted:
            self._checker.done.set()
        return ()


@dataclass(frozen=True, slots=True)
class Rooms:
    """What came of it, beside what the bare store did just before and after.

    The first prompt of a room makes its directories and its session.
    """

    first_turns_per_s: float
    turns_per_s: float
    floor_per_s: float
    violations: int
    peak_rss_mib: float


def run() -> list[Figure]:
    """Measure in a process of its own, so that its memory is its own."""
    done = subprocess.run([sys.executable, "-m", "benchmarks.rooms"], stdout=subprocess.PIPE, check=True)
    rooms = Rooms(**json.loads(done.stdout))
    what = f"rooms: {ROOMS:,} rooms x {PROMPTS}"
    return [
        Figure(
            name=f"{what}, turns",
            value=rooms.turns_per_s,
            unit="turns/s",
            floor=rooms.floor_per_s,
            bound=0.05,
            more_is_better=True,
        ),
        Figure(name=f"{what}, first turns", value=rooms.first_turns_per_s, unit="turns/s"),
        Figure(name=f"{what}, out of order", value=rooms.violations, unit="turns"),
        Figure(name=f"{what}, peak memory", value=rooms.peak_rss_mib, unit="MiB"),
    ]


async def _everybody_may(_turn: Turn) -> None:
    pass


async def _no_files(_turn: Turn, _inbox: Path) -> Sequence[Fetched]:
    return ()


@asynccontextmanager
async def open_rooms(
    root: Path, checker: Checker, *, max_live: int, queue_limit: int
) -> AsyncGenerator[tuple[SessionManager, Store]]:
    """Open manager and store below `root`, with an agent that does nothing."""
    paths, clock = Paths(root), SystemClock()
    await asyncio.to_thread(paths.create)
    store = await open_store(paths.root, clock)
    settings = AgentSettings(max_running=32, max_live=max_live, queue_limit=queue_limit)
    engine = Engine(
        store=store,
        adapter=NoOpAdapter(),
        settings=settings,
        paths=paths,
        clock=clock,
        pool=Pool(max_running=32, max_live=max_live),
        breaker=Breaker(clock),
        owner=uuid4(),
        open_reply=checker.open,
        fetch_files=_no_files,
        outbox_filled=lambda: None,
        receipts_due=lambda: None,
        words=RoomWords(store),
        may_run=_everybody_may,
        isolation="none",
    )
    async with SessionManager(engine) as manager:
        yield manager, store
    await store.close()


def message(number: int, room: int, rooms: int) -> Inbound:
    """Return the prompt of that number in a room."""
    key = session_key(f"room{room}")
    return Inbound(
        source="bench",
        msg_id=number * rooms + room + 1,
        key=key,
        address=ChatAddress(platform="bench", channel_id=key),
        prompt=Prompt(text=str(number)),
    )


async def measure(rooms: int = ROOMS, prompts: int = PROMPTS) -> Rooms:
    """Accept everything from several producers and stop the clock when the last turn has ended."""
    checker = Checker()
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as root:
        opened = open_rooms(Path(root), checker, max_live=rooms, queue_limit=prompts + 1)
        async with opened as (manager, _):
            first = await _timed(manager, checker, rooms, range(1))
            rest = await _timed(manager, checker, rooms, range(1, prompts + 1))
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Rooms(first, rest, 0.0, checker.violations, peak_mib)


async def _timed(manager: SessionManager, checker: Checker, rooms: int, numbers: range) -> float:
    """Return how many turns a second it took from the first accept to the end of the last turn."""
    checker.wanted += rooms * len(numbers)
    checker.done.clear()
    start = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for producer in range(PRODUCERS):
            tasks.create_task(_produce(manager, range(producer, rooms, PRODUCERS), numbers))
    await checker.done.wait()
    return rooms * len(numbers) / (time.perf_counter() - start)


async def _produce(manager: SessionManager, rooms: range, numbers: range) -> None:
    for number in numbers:
        for room in rooms:
            await manager.accept(message(number, room, ROOMS))


if __name__ == "__main__":
    tune()
    before = floor.group_commit_rate()
    measured = asyncio.run(measure())
    floor_per_s = (before + floor.group_commit_rate()) / 2
    print(json.dumps(asdict(replace(measured, floor_per_s=floor_per_s))))
