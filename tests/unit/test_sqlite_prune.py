"""What SQLite may forget: it takes no longer the more there is to keep."""

import sqlite3

import pytest

from sessions.store import sqlite_outbox, sqlite_prune, sqlite_turns
from sessions.store.values import Take, TurnState
from tests.support.raw_store import LATER, NOW, STORE, accept, start
from tests.support.store_values import result


def count(connection: sqlite3.Connection, table: str) -> int:
    (number,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return number


@pytest.mark.parametrize("state", TurnState)
def test_only_what_has_ended_is_forgotten(connection: sqlite3.Connection, state: TurnState) -> None:
    turn = accept(connection, 1)
    lease = start(connection)
    accept(connection, 2)
    if state is not TurnState.RUNNING:
        sqlite_turns.advance(connection, lease, result(turn, state=state), Take.NONE, STORE, NOW)
    is_over = state in (TurnState.DONE, TurnState.FAILED, TurnState.CANCELLED)
    assert sqlite_prune.prune(connection, NOW) == 0
    assert sqlite_prune.prune(connection, LATER) == (1 if is_over else 0)


def test_a_turn_stays_until_its_last_piece_is_sent(connection: sqlite3.Connection) -> None:
    turn = accept(connection, 1)
    lease = start(connection)
    accept(connection, 2)
    sqlite_turns.advance(connection, lease, result(turn, "a", "b"), Take.NONE, STORE, NOW)
    sqlite_outbox.done(connection, 1, "m1")
    assert sqlite_prune.prune(connection, LATER) == 1
    assert (count(connection, "turn"), count(connection, "outbox")) == (2, 1)
    sqlite_outbox.drop(connection, 2, "gone")
    assert sqlite_prune.prune(connection, LATER) == 2
