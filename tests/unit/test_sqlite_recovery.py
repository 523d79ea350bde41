"""Interrupted turns on SQLite: what is remembered about a lane whose turn was cut off."""

import sqlite3
from uuid import UUID

import pytest

from sessions.store import sqlite_recovery, sqlite_turns
from sessions.store.values import Settle, Take, TurnState
from tests.support.raw_store import NOW, STORE, accept, start
from tests.support.store_values import OTHER, ROOM, result

ANOTHER = UUID(int=2)


def cuts(connection: sqlite3.Connection) -> dict[str, int | None]:
    return {row["key"]: row["cut_off"] for row in connection.execute("SELECT key, cut_off FROM lane")}


def test_each_lane_remembers_what_was_cut_off_in_it(connection: sqlite3.Connection) -> None:
    turn = accept(connection, 1)
    start(connection)
    accept(connection, 2, OTHER)
    assert len(sqlite_recovery.recover(connection, ANOTHER, NOW)) == 1
    assert cuts(connection) == {ROOM: turn, OTHER: None}


@pytest.mark.parametrize("state", [TurnState.DONE, TurnState.FAILED, TurnState.CANCELLED])
def test_a_turn_that_ends_was_not_cut_off(connection: sqlite3.Connection, state: TurnState) -> None:
    turn = accept(connection, 1)
    lease = start(connection)
    sqlite_turns.advance(connection, lease, result(turn, state=state), Take.NONE, STORE, NOW)
    assert cuts(connection) == {ROOM: None}


def test_a_cut_is_forgotten_by_the_turn_that_tells_of_it(connection: sqlite3.Connection) -> None:
    first, second = accept(connection, 1), accept(connection, 2)
    lease = start(connection)
    cut = result(first, state=TurnState.INTERRUPTED)
    assert sqlite_turns.advance(connection, lease, cut, Take.NONE, STORE, NOW) is None
    assert cuts(connection) == {ROOM: first}
    assert sqlite_turns.advance(connection, lease, None, Take.ONE, STORE, NOW)
    assert cuts(connection) == {ROOM: None}
    back = result(second, state=TurnState.QUEUED)
    sqlite_turns.advance(connection, lease, back, Take.NONE, STORE, NOW)
    assert cuts(connection) == {ROOM: first}


def test_the_times_of_an_earlier_attempt_are_forgotten(connection: sqlite3.Connection) -> None:
    turn = accept(connection, 1)
    start(connection)
    sqlite_recovery.recover(connection, ANOTHER, NOW)
    assert sqlite_recovery.decide(connection, turn, Settle.CONTINUE, NOW)
    row = connection.execute("SELECT started, ended, decided FROM turn").fetchone()
    assert tuple(row) == (None, None, 0)
