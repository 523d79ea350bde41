"""Intake on SQLite: the count of what waits, which is kept and not counted."""

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sessions.errors import QueueFull
from sessions.keys import session_key
from sessions.store import sqlite_intake, sqlite_merge, sqlite_queue, sqlite_recovery, sqlite_turns
from sessions.store.values import Settle, Take, TurnState
from tests.support.raw_store import NOW, STORE, accept, raw_store, start
from tests.support.store_values import OTHER, ROOM, inbound, result


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with raw_store(tmp_path) as opened:
        yield opened


def kept(connection: sqlite3.Connection) -> dict[str, int]:
    return {row["key"]: row["turns"] for row in connection.execute("SELECT * FROM waiting WHERE turns")}


def counted(connection: sqlite3.Connection) -> dict[str, int]:
    rows = connection.execute("SELECT key, count(*) FROM turn WHERE state = 'queued' GROUP BY key")
    return {row[0]: row[1] for row in rows}


def test_the_count_of_what_waits_follows_every_change(connection: sqlite3.Connection) -> None:
    turns = [accept(connection, number) for number in range(8)]
    accept(connection, 100, OTHER)
    lease = start(connection)

    def agree(waiting: int) -> None:
        assert kept(connection) == counted(connection) == {ROOM: waiting, OTHER: 1}

    agree(7)
    sqlite_queue.cancel(connection, ROOM, turns[1], NOW)
    sqlite_intake.withdraw(connection, "chat", 2, NOW)
    sqlite_merge.merge(connection, lease, turns[3], turns[0], NOW)
    agree(4)
    back = result(turns[0], state=TurnState.QUEUED)
    sqlite_turns.advance(connection, lease, back, Take.NONE, STORE, NOW)
    agree(6)
    sqlite_turns.advance(connection, lease, None, Take.ONE, STORE, NOW)
    cut = result(turns[0], state=TurnState.INTERRUPTED)
    sqlite_turns.advance(connection, lease, cut, Take.NONE, STORE, NOW)
    agree(5)
    sqlite_recovery.settle(connection, turns[0], Settle.RETRY, (), STORE, NOW)
    agree(6)
    sqlite_queue.clear(connection, ROOM, NOW)
    assert kept(connection) == counted(connection) == {OTHER: 1}


def test_the_count_is_undone_with_its_transaction(connection: sqlite3.Connection) -> None:
    accept(connection, 1)
    connection.execute("BEGIN IMMEDIATE")
    accept(connection, 2)
    connection.execute("SAVEPOINT one")
    accept(connection, 3)
    accept(connection, 4, session_key("new"))
    connection.execute("ROLLBACK TO one")
    assert kept(connection) == counted(connection) == {ROOM: 2}
    connection.execute("ROLLBACK")
    assert kept(connection) == counted(connection) == {ROOM: 1}
    assert accept(connection, 4, session_key("new"))


def test_the_count_is_there_after_a_restart(tmp_path: Path) -> None:
    with raw_store(tmp_path) as connection:
        for number in range(3):
            accept(connection, number)
        start(connection)
    with raw_store(tmp_path) as connection:
        assert kept(connection) == {ROOM: 2}
        assert sqlite_intake.accept(connection, inbound(3), NOW).ahead == 3
        with pytest.raises(QueueFull):
            sqlite_intake.accept(connection, inbound(4, queue_limit=3), NOW)


def test_accepting_takes_no_longer_in_a_crowded_room(connection: sqlite3.Connection) -> None:
    def thousand_s(first: int) -> float:
        start_s = time.thread_time()
        for number in range(first, first + 1000):
            accept(connection, number)
        return time.thread_time() - start_s

    connection.execute("BEGIN")
    thousand_s(0)
    empty_s = min(thousand_s(1000), thousand_s(2000))
    for block in range(3, 12):
        thousand_s(block * 1000)
    # Counting them each time would take about ten times as long by now.
    assert min(thousand_s(12_000), thousand_s(13_000)) < 3 * empty_s


def test_what_was_accepted_is_not_declined_as_well(connection: sqlite3.Connection) -> None:
    accept(connection, 1)
    sqlite_intake.decline(connection, "chat", "c-room", 1, "late", NOW)
    assert connection.execute("SELECT * FROM declined").fetchall() == []
