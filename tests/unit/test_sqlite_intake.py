"""Intake on SQLite: the count of what waits, which is kept where it is long to count."""

import itertools
import sqlite3
import time
from pathlib import Path

import pytest

from sessions.errors import QueueFull
from sessions.keys import SessionKey, TurnId
from sessions.store import sqlite_intake, sqlite_merge, sqlite_queue, sqlite_recovery, sqlite_turns
from sessions.store.values import Settle, Take, TurnState
from tests.support.raw_store import NOW, STORE, accept, raw_store, start
from tests.support.store_values import ROOM, inbound, result

MANY = 140
"""So many wait that the count is kept from one accept to the next."""


def kept(connection: sqlite3.Connection, key: SessionKey = ROOM) -> int:
    """Return how many wait by what the next accept would say, and take it back."""
    connection.execute("SAVEPOINT looking")
    ahead = sqlite_intake.accept(connection, inbound(10_000, key, cursor="c"), NOW).ahead
    connection.execute("ROLLBACK TO looking")
    connection.execute("RELEASE looking")
    return ahead - connection.execute("SELECT count(*) FROM turn WHERE state = 'running'").fetchone()[0]


def recalled(connection: sqlite3.Connection) -> int | None:
    found = connection.execute(sqlite_intake.RECALL, (ROOM,)).fetchone()
    return None if found is None else found[0]


def accept_many(connection: sqlite3.Connection) -> list[TurnId]:
    turns = [accept(connection, number) for number in range(MANY)]
    assert recalled(connection) == MANY
    return turns


def counted(connection: sqlite3.Connection) -> int:
    return connection.execute(sqlite_intake.COUNT, (ROOM,)).fetchone()[0]


def test_the_count_of_what_waits_follows_every_change(connection: sqlite3.Connection) -> None:
    turns = accept_many(connection)
    lease = start(connection)
    further = itertools.count(1000)

    def agree(waiting: int) -> None:
        assert kept(connection) == counted(connection) == waiting
        accept(connection, next(further))  # so that there is a count to be recalled, wrongly
        assert recalled(connection) == waiting + 1

    agree(MANY - 1)
    sqlite_queue.cancel(connection, ROOM, turns[1], NOW)
    agree(MANY - 1)
    sqlite_intake.withdraw(connection, "chat", 2, NOW)
    agree(MANY - 1)
    sqlite_merge.merge(connection, lease, turns[3], turns[0], NOW)
    agree(MANY - 1)
    back = result(turns[0], state=TurnState.QUEUED)
    sqlite_turns.advance(connection, lease, back, Take.NONE, STORE, NOW)
    agree(MANY + 2)
    sqlite_turns.advance(connection, lease, None, Take.ONE, STORE, NOW)
    cut = result(turns[0], state=TurnState.INTERRUPTED)
    sqlite_turns.advance(connection, lease, cut, Take.NONE, STORE, NOW)
    agree(MANY + 2)
    sqlite_recovery.settle(connection, turns[0], Settle.RETRY, (), STORE, NOW)
    agree(MANY + 4)
    sqlite_queue.clear(connection, ROOM, NOW)
    assert kept(connection) == counted(connection) == 0


def test_the_count_is_undone_with_its_transaction(connection: sqlite3.Connection) -> None:
    accept_many(connection)
    connection.execute("BEGIN IMMEDIATE")
    accept(connection, 1000)
    connection.execute("SAVEPOINT one")
    accept(connection, 1001)
    accept(connection, 1002)
    connection.execute("ROLLBACK TO one")
    assert kept(connection) == counted(connection) == MANY + 1
    connection.execute("ROLLBACK")
    assert kept(connection) == counted(connection) == MANY


def test_a_full_room_refuses_exactly_at_its_limit(connection: sqlite3.Connection) -> None:
    accept_many(connection)
    for number in range(1000, 1010):
        sqlite_intake.accept(connection, inbound(number, queue_limit=MANY + 10), NOW)
    with pytest.raises(QueueFull):
        sqlite_intake.accept(connection, inbound(1010, queue_limit=MANY + 10), NOW)
    assert sqlite_intake.accept(connection, inbound(1009, queue_limit=MANY + 10), NOW).new is False


def test_the_count_is_there_after_a_restart(tmp_path: Path) -> None:
    with raw_store(tmp_path) as connection:
        for number in range(3):
            accept(connection, number)
        start(connection)
    with raw_store(tmp_path) as connection:
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
