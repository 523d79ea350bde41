"""The outbox on SQLite: what the interface cannot show."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sessions.clock import SystemClock
from sessions.paths import Paths
from sessions.store import sqlite_outbox, sqlite_turns
from sessions.store.sqlite_files import connect_writer, prepare
from tests.support.store_values import notice, piece

NOW = "2030-01-01T00:00:00.000000+00:00"
LATER = "2030-01-01T00:01:00.000000+00:00"


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    paths = Paths(tmp_path)
    prepare(paths, SystemClock().utc())
    with closing(connect_writer(paths)) as connected:
        sqlite_turns.post(connected, notice(1), [piece("a")], "store", NOW)
        yield connected


def row(connection: sqlite3.Connection) -> tuple[object, ...]:
    return tuple(
        connection.execute("SELECT state, sent_id, tries, held_until, reason FROM outbox").fetchone()
    )


def done(connection: sqlite3.Connection) -> None:
    sqlite_outbox.done(connection, 1, "m1")


def retry(connection: sqlite3.Connection) -> None:
    sqlite_outbox.retry(connection, 1, NOW, LATER)


def drop(connection: sqlite3.Connection) -> None:
    sqlite_outbox.drop(connection, 1, "gone")


@pytest.mark.parametrize(
    ("settle", "settled"), [(done, ("sent", "m1", 0, None, "")), (drop, ("dropped", None, 0, None, "gone"))]
)
@pytest.mark.parametrize("late", [done, retry, drop])
def test_a_settled_row_never_changes(
    connection: sqlite3.Connection,
    settle: Callable[[sqlite3.Connection], None],
    settled: tuple[object, ...],
    late: Callable[[sqlite3.Connection], None],
) -> None:
    settle(connection)
    late(connection)
    assert row(connection) == settled


def test_a_retry_is_counted_and_held(connection: sqlite3.Connection) -> None:
    retry(connection)
    retry(connection)
    assert row(connection) == ("due", None, 2, LATER, "")
