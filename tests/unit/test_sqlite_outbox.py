"""The outbox on SQLite: what the interface cannot show."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sessions.store import sqlite_intake, sqlite_outbox
from tests.support.raw_store import LATER, NOW, STORE, raw_store
from tests.support.store_values import notice, piece


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with raw_store(tmp_path) as opened:
        sqlite_intake.post(opened, notice(1), [piece("a")], STORE, NOW)
        yield opened


def row(connection: sqlite3.Connection) -> tuple[object, ...]:
    return tuple(
        connection.execute("SELECT state, sent_id, tries, held_until, reason FROM outbox").fetchone()
    )


def done(connection: sqlite3.Connection) -> None:
    sqlite_outbox.done(connection, 1, "m1")


def retry(connection: sqlite3.Connection) -> None:
    sqlite_outbox.retry(connection, 1, NOW, LATER, untaken=False)


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


@pytest.mark.parametrize(("untaken", "first_try"), [(True, None), (False, NOW)])
def test_a_try_that_was_not_taken_was_not_the_first(
    connection: sqlite3.Connection, untaken: bool, first_try: str | None
) -> None:
    sqlite_outbox.attempt(connection, 1, NOW)
    sqlite_outbox.retry(connection, 1, NOW, LATER, untaken=untaken)
    assert connection.execute("SELECT first_try FROM outbox").fetchone()["first_try"] == first_try


def test_what_was_tried_is_looked_for_behind_what_was_sent_before_it(connection: sqlite3.Connection) -> None:
    sqlite_outbox.done(connection, 1, "m1")
    pieces = [piece("b"), piece("x", "c-other")]
    sqlite_intake.post(connection, notice(2), pieces, STORE, NOW)

    def behind() -> list[str | None]:
        return [row.after_id for row in sqlite_outbox.due(connection, "chat", 10, LATER)]

    assert behind() == ["2", "2"]
    for number in (2, 3):
        sqlite_outbox.attempt(connection, number, NOW)
    assert behind() == ["m1", "2"]
