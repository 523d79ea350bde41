"""Turns on SQLite: what the interface cannot show."""

import sqlite3
from uuid import UUID

import pytest

from sessions.errors import Fenced
from sessions.store import sqlite_recovery, sqlite_turns
from sessions.store.values import Lease, Settle, Take, TurnState
from tests.support.raw_store import NOW, STORE, accept, start
from tests.support.store_values import ROOM, result

ANOTHER = UUID(int=2)


def test_a_turn_that_runs_again_is_marked_and_goes_on_counting_its_pieces(
    connection: sqlite3.Connection,
) -> None:
    turn = accept(connection, 1)
    start(connection)
    (found,) = sqlite_recovery.recover(connection, ANOTHER, NOW)
    assert found.turn.attempt == 1
    words = result(turn, "interrupted").pieces
    assert sqlite_recovery.settle(connection, turn, Settle.RETRY, words, STORE, NOW)
    lease = sqlite_turns.claim(connection, ROOM, ANOTHER)
    again = sqlite_turns.advance(connection, lease, None, Take.ONE, STORE, NOW)
    assert again is not None
    assert (again.id, again.attempt) == (turn, 2)
    sqlite_turns.advance(connection, lease, result(turn, "answer"), Take.NONE, STORE, NOW)
    pieces = connection.execute("SELECT turn, part, nonce FROM outbox ORDER BY id").fetchall()
    assert [(row["turn"], row["part"]) for row in pieces] == [(turn, 0), (turn, 1)]
    assert pieces[0]["nonce"] != pieces[1]["nonce"]


def test_a_word_changes_the_record_of_a_turn(connection: sqlite3.Connection) -> None:
    turn = accept(connection, 1)
    lease = start(connection)
    sqlite_turns.advance(connection, lease, result(turn, summary="all \ud800 good"), Take.NONE, STORE, NOW)
    row = connection.execute("SELECT state, summary, started, ended, epoch FROM turn").fetchone()
    assert tuple(row) == ("done", "all ? good", NOW, NOW, lease.epoch)


def test_the_end_of_a_turn_is_fenced_by_the_lane_and_by_what_runs(connection: sqlite3.Connection) -> None:
    turn = accept(connection, 1)
    lease = start(connection)
    for wrong in (Lease(key=ROOM, epoch=lease.epoch - 1), Lease(key=ROOM, epoch=lease.epoch + 1)):
        for state in TurnState:
            with pytest.raises(Fenced):
                sqlite_turns.advance(connection, wrong, result(turn, state=state), Take.NONE, STORE, NOW)
    assert connection.execute("SELECT state FROM turn").fetchone()["state"] == "running"
