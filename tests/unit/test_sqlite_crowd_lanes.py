"""Lanes that go on at once leave what they leave one by one, and get the same turns."""

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

from sessions.errors import Fenced, StateError
from sessions.keys import TurnId, session_key
from sessions.records import Renewed, SessionChange, SessionRecord, Used
from sessions.store import (
    sqlite_crowd,
    sqlite_intake,
    sqlite_merge,
    sqlite_queue,
    sqlite_sessions,
    sqlite_turns,
)
from sessions.store.values import Kind, Lease, Piece, Take, Turn, TurnResult, TurnState
from tests.support.crowded import NOW, SAID, TEXTS, opened, stored

ROOMS = ("one", "two", "three")


@dataclass(frozen=True)
class Planned:
    """What a room does in one round."""

    room: str
    is_fenced: bool
    state: TurnState
    take: Take
    said: list[str]
    change: str | None
    takes_along: bool = False
    pauses: bool = False

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
def rounds(draw: st.DrawFn) -> list[list[Planned]]:
    """What each of some rooms does in a round: which lease it has, and how its turn ends.

    Most rounds are ordinary, so that what they ask for is done at once.
    """
    return [draw(_odd_round() if draw(st.integers(0, 3)) == 0 else _round()) for _ in range(5)]


def _round() -> st.SearchStrategy[list[Planned]]:
    return st.lists(
        st.builds(
            Planned,
            room=st.sampled_from(ROOMS),
            is_fenced=st.just(False),
            state=st.sampled_from([TurnState.DONE, TurnState.FAILED, TurnState.CANCELLED]),
            take=st.just(Take.ONE),
            said=st.lists(TEXTS.filter(lambda text: "\0" not in text), max_size=2),
            change=st.sampled_from([None, "used", "titled"]),
            takes_along=st.booleans(),
            pauses=st.integers(0, 3).map(lambda one: one == 0),
        ),
        min_size=2,
        max_size=3,
        unique_by=lambda plan: plan.room,
    )


def _odd_round() -> st.SearchStrategy[list[Planned]]:
    return st.lists(
        st.builds(
            Planned,
            room=st.sampled_from(ROOMS),
            is_fenced=st.integers(0, 7).map(lambda one: one == 0),
            state=st.sampled_from([TurnState.DONE, TurnState.FAILED, TurnState.INTERRUPTED]),
            take=st.sampled_from([Take.ONE, Take.ONE, Take.NONE]),
            said=st.lists(TEXTS, max_size=2),
            change=st.sampled_from([None, "used", "titled", "renewed"]),
            takes_along=st.booleans(),
            pauses=st.booleans(),
        ),
        min_size=2,
        max_size=5,
    )


@pytest.fixture(scope="module")
def at_work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with rooms that have a session each, and much to do."""
    directory = tmp_path_factory.mktemp("at_work")
    connection = opened(directory)
    for number in range(24):
        room = session_key(ROOMS[number % len(ROOMS)])
        kind = Kind.RESET if number % 7 == 5 else Kind.PROMPT
        sqlite_intake.accept(connection, replace(SAID, msg_id=number, key=room, kind=kind), NOW)
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
        except (StateError, sqlite3.IntegrityError):
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
        sqlite_queue.pause(self.connection, lease.key, paused=plan.pauses)
        if plan.takes_along and plan.room in self._running:
            for waiting in sqlite_queue.queued(self.connection, lease.key)[:1]:
                sqlite_merge.merge(self.connection, lease, waiting.id, self._running[plan.room], NOW)
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


@pytest.mark.parametrize("odd", ["\ud800", "nul\0", "a\udcffb"])
def test_an_odd_name_of_a_session_is_left_to_the_other_way(tmp_path: Path, at_work: Path, odd: str) -> None:
    """It comes from the agent; stored by way of JSON it could not be read any more."""
    lanes = Lanes(tmp_path, at_work)
    plans = [Planned(room, False, TurnState.DONE, Take.ONE, ["bye"], "used") for room in ROOMS]
    for room, turn in zip(ROOMS, lanes.at_once(lanes.steps(plans)), strict=True):
        assert isinstance(turn, Turn)
        lanes._note(room, turn)
    before, (first, *others) = stored(lanes.connection), lanes.steps(plans)
    assert first[1] is not None
    made = replace(first[1], change=Used(agent_session_id=odd))
    assert sqlite_crowd.advance(lanes.connection, [(first[0], made, *first[2:]), *others]) is None
    assert stored(lanes.connection) == before
