"""Messages accepted at once leave what they leave one by one, and get the same answers."""

import shutil
import sqlite3
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sessions.clock import SystemClock
from sessions.errors import Fenced, QueueFull, StateError
from sessions.keys import TurnId, session_key
from sessions.paths import Paths
from sessions.records import Renewed, SessionChange, SessionRecord, Used
from sessions.store import sqlite_crowd, sqlite_files, sqlite_intake, sqlite_sessions, sqlite_turns
from sessions.store.values import (
    Accepted,
    ChatAddress,
    Inbound,
    Lease,
    Piece,
    Prompt,
    Take,
    Turn,
    TurnResult,
    TurnState,
)

NOW = "2026-01-02T03:04:05.000000+00:00"
SAID = Inbound(
    source="discord",
    msg_id=1,
    key=session_key("one"),
    address=ChatAddress(platform="discord", channel_id="1"),
    prompt=Prompt(text="hello", author_id="1", author_name="ann"),
)
ROOMS = ("one", "two", "three")
TEXTS = st.text(max_size=20) | st.sampled_from(["\0", "\ud800", '"]}', "😀", "\\u0000", "null"])


@dataclass(frozen=True)
class Planned:
    """What a room does in one round."""

    room: str
    is_fenced: bool
    state: TurnState
    take: Take
    said: list[str]
    change: str | None

    def result(self, turn: TurnId | None) -> TurnResult | None:
        if turn is None:
            return None
        changes: dict[str, SessionChange] = {
            "used": Used(agent_session_id="next", cost_usd=0.25, context_tokens=10**6),
            "titled": Used(agent_session_id="next", title="".join(self.said) or "a name"),
            "renewed": Renewed(agent_session_id="new", reason="lost"),
        }
        return TurnResult(
            turn=turn,
            state=self.state,
            summary="".join(self.said),
            pieces=tuple(Piece(channel_id="1", body=body) for body in self.said),
            change=changes.get(self.change or ""),
        )


@st.composite
def messages(draw: st.DrawFn) -> list[tuple[Inbound, str]]:
    count = draw(st.integers(2, 12))
    ids = draw(st.lists(st.integers(1, 2**62), min_size=count, max_size=count, unique=draw(st.booleans())))
    return [
        (
            Inbound(
                source=draw(st.sampled_from(["discord", "other"])),
                msg_id=msg_id,
                key=session_key(draw(st.sampled_from(["one", "two", "three"]))),
                address=ChatAddress(
                    platform="discord",
                    channel_id=draw(st.sampled_from(["1", "2"])),
                    message_id=draw(st.none() | st.just("7")),
                ),
                prompt=Prompt(text=draw(TEXTS), author_id="1", author_name=draw(TEXTS)),
                cursor=draw(st.none() | st.sampled_from(["1", "2"])),
                queue_limit=draw(st.none() | st.integers(0, 6)),
                held=draw(st.booleans()),
                head=draw(st.integers(0, 30)) == 0,
            ),
            NOW,
        )
        for msg_id in ids
    ]


def one_by_one(connection: sqlite3.Connection, asked: Sequence[tuple[Inbound, str]]) -> list[object]:
    results: list[object] = []
    for row, now in asked:
        try:
            results.append(sqlite_intake.accept(connection, row, now))
        except QueueFull:
            results.append(QueueFull)
    return results


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory in which so many wait in the room `three` that they are not counted any more."""
    directory = tmp_path_factory.mktemp("begun")
    connection = opened(directory)
    for number in range(sqlite_intake.MANY - 1):
        sqlite_intake.accept(connection, replace(SAID, msg_id=-1 - number, key=session_key("three")), NOW)
    connection.close()
    return directory


def opened(directory: Path, copied: Path | None = None) -> sqlite3.Connection:
    paths = Paths.at(directory)
    if copied is None:
        sqlite_files.prepare(paths, SystemClock().utc())
    else:
        shutil.copytree(copied, directory, dirs_exist_ok=True)
    connection = sqlite_files.connect_writer(paths)
    connection.execute("PRAGMA synchronous = OFF")  # nothing here outlives a test
    return connection


def stored(connection: sqlite3.Connection) -> list[list[tuple[object, ...]]]:
    tables = ("turn", "lane", "cursor", "session", "former_session", "outbox", "fact")
    return [sorted(map(tuple, connection.execute(f"SELECT * FROM {table}")), key=repr) for table in tables]


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(messages(), min_size=1, max_size=3), st.booleans())
def test_all_at_once_is_one_by_one(
    begun: Path, batches: list[list[tuple[Inbound, str]]], paused: bool
) -> None:
    with tempfile.TemporaryDirectory() as here, tempfile.TemporaryDirectory() as there:
        crowd, single = opened(Path(here), begun), opened(Path(there), begun)
        for connection in (crowd, single):
            connection.execute("INSERT INTO lane (key, paused) VALUES ('two', ?)", (paused,))
        for batch in batches:
            expected = one_by_one(single, batch)
            got = sqlite_crowd.accept(crowd, batch)
            results = one_by_one(crowd, batch) if got is None else got
            assert [QueueFull if isinstance(one, QueueFull) else one for one in results] == expected
            assert stored(crowd) == stored(single)
        crowd.close()
        single.close()


@st.composite
def rounds(draw: st.DrawFn) -> list[list[Planned]]:
    """What each of some rooms does in a round: which lease it has, and how its turn ends."""
    plans = st.builds(
        Planned,
        room=st.sampled_from(ROOMS),
        is_fenced=st.integers(0, 15).map(lambda one: one == 0),
        state=st.sampled_from([TurnState.DONE, TurnState.DONE, TurnState.FAILED, TurnState.INTERRUPTED]),
        take=st.sampled_from([Take.ONE, Take.ONE, Take.ONE, Take.NONE]),
        said=st.lists(TEXTS, max_size=2),
        change=st.sampled_from([None, "used", "used", "titled", "titled", "renewed"]),
    )
    return draw(st.lists(st.lists(plans, min_size=2, max_size=5), min_size=1, max_size=5))


@pytest.fixture(scope="module")
def at_work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with rooms that have a session each, and much to do."""
    directory = tmp_path_factory.mktemp("at_work")
    connection = opened(directory)
    for number in range(24):
        room = session_key(ROOMS[number % len(ROOMS)])
        sqlite_intake.accept(connection, replace(SAID, msg_id=number, key=room), NOW)
    for room in map(session_key, ROOMS):
        record = SessionRecord(
            key=room,
            vendor="scripted",
            agent_session_id=room,
            workdir=directory,
            memory_dir=directory,
            created=datetime(2026, 1, 2, tzinfo=UTC),
            last_used=datetime(2026, 1, 2, tzinfo=UTC),
        )
        sqlite_sessions.ensure(connection, record)
    connection.close()
    return directory


class Lanes:
    """Rooms at work in a database of their own, driven one by one or all at once."""

    def __init__(self, directory: Path, at_work: Path) -> None:
        self.connection = opened(directory, at_work)
        rooms = map(session_key, ROOMS)
        self._leases: dict[str, Lease] = {
            room: sqlite_turns.claim(self.connection, room, UUID(int=1)) for room in rooms
        }
        self._running: dict[str, TurnId] = {}

    def steps(self, plans: Sequence[Planned]) -> list[sqlite_crowd.Step]:
        return [self._step(plan) for plan in plans]

    def one_by_one(self, steps: Sequence[sqlite_crowd.Step]) -> list[object]:
        return [self._apart(step) for step in steps]

    def at_once(self, steps: Sequence[sqlite_crowd.Step]) -> list[object]:
        self.connection.execute("SAVEPOINT batch")
        try:
            found = sqlite_crowd.advance(self.connection, steps)
        except (Fenced, sqlite3.IntegrityError):
            self.connection.execute("ROLLBACK TO batch")
            found = None
        self.connection.execute("RELEASE batch")
        if found is None:
            return self.one_by_one(steps)
        for (lease, *_), turn in zip(steps, found, strict=True):
            self._note(lease.key, turn)
        return list(found)

    def _step(self, plan: Planned) -> sqlite_crowd.Step:
        lease = self._leases[plan.room]
        if plan.is_fenced:
            lease = replace(lease, epoch=lease.epoch - 1)
        return lease, plan.result(self._running.get(plan.room)), plan.take, "store", NOW

    def _apart(self, step: sqlite_crowd.Step) -> object:
        self.connection.execute("SAVEPOINT one")
        try:
            turn = sqlite_turns.advance(self.connection, *step)
        except (Fenced, StateError) as error:
            self.connection.execute("ROLLBACK TO one")
            return type(error)
        finally:
            self.connection.execute("RELEASE one")
        self._note(step[0].key, turn)
        return turn

    def _note(self, room: str, turn: Turn | None) -> None:
        self._running.pop(room, None)
        if turn is not None:
            self._running[room] = turn.id


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rounds())
def test_lanes_that_go_on_at_once_go_on_as_they_do_one_by_one(
    at_work: Path, plans: list[list[Planned]]
) -> None:
    with tempfile.TemporaryDirectory() as here, tempfile.TemporaryDirectory() as there:
        crowd, single = Lanes(Path(here), at_work), Lanes(Path(there), at_work)
        for round_ in plans:
            assert crowd.at_once(crowd.steps(round_)) == single.one_by_one(single.steps(round_))
            assert stored(crowd.connection) == stored(single.connection)
        crowd.connection.close()
        single.connection.close()


def test_ordinary_ends_and_starts_are_made_at_once(tmp_path: Path, at_work: Path) -> None:
    lanes = Lanes(tmp_path, at_work)
    plans = [Planned(room, False, TurnState.DONE, Take.ONE, ["bye"], "used") for room in ROOMS]
    for number in range(2):
        begun = sqlite_crowd.advance(lanes.connection, lanes.steps(plans))
        assert begun is not None
        assert [turn and turn.id for turn in begun] == [1 + 3 * number, 2 + 3 * number, 3 + 3 * number]
        for room, turn in zip(ROOMS, begun, strict=True):
            lanes._note(room, turn)


def test_what_is_known_goes_before_others_or_brings_a_fact_is_left_to_the_other_way(tmp_path: Path) -> None:
    connection = opened(tmp_path)

    def said(number: int) -> Inbound:
        return replace(SAID, msg_id=number)

    def at_once(*rows: Inbound) -> object:
        return sqlite_crowd.accept(connection, [(row, NOW) for row in rows])

    assert at_once(said(1), said(2)) == [
        Accepted(turn=TurnId(1), new=True, ahead=0),
        Accepted(turn=TurnId(2), new=True, ahead=1),
    ]
    before = stored(connection)
    for odd in (said(2), replace(said(3), head=True), replace(said(3), fact=("a", "b", "c")), said(4)):
        assert at_once(said(4), odd) is None
    assert stored(connection) == before
