"""Receipts on SQLite: a mark belongs to the state it was made for."""

import sqlite3

import pytest

from sessions.store import sqlite_queue, sqlite_receipts
from sessions.store.values import TurnState
from tests.support.raw_store import NOW, accept, start
from tests.support.store_values import ROOM


@pytest.mark.parametrize("state", TurnState)
def test_only_the_state_that_is_shown_settles_a_receipt(
    connection: sqlite3.Connection, state: TurnState
) -> None:
    accept(connection, 1)
    turn = accept(connection, 2)
    sqlite_queue.cancel(connection, ROOM, turn, NOW)
    sqlite_receipts.done(connection, turn, state, "mark")
    due = sqlite_receipts.due(connection, "chat", 10)
    assert [receipt.shown for receipt in due] == ([] if state is TurnState.CANCELLED else ["mark"])


def test_a_receipt_that_was_not_due_does_not_become_so(connection: sqlite3.Connection) -> None:
    turn = accept(connection, 1)
    start(connection)
    sqlite_receipts.done(connection, turn, TurnState.QUEUED, "late")
    assert sqlite_receipts.due(connection, "chat", 10) == []
