"""What each error of SQLite becomes, and what a person is told to do."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from sessions.errors import Corrupt, Locked, ReadOnly, StateError
from sessions.store.sqlite_errors import state_error

BACKUP = Path("/data/backups/newest.sqlite3")


def caught(do: Callable[[], object]) -> sqlite3.Error:
    with pytest.raises(sqlite3.Error) as info:
        do()
    return info.value


def not_a_database(directory: Path) -> None:
    (directory / "db").write_bytes(b"no database at all, only words" * 100)
    with closing(sqlite3.connect(directory / "db")) as connection:
        connection.execute("SELECT * FROM sqlite_schema")


def held(directory: Path) -> None:
    with (
        closing(sqlite3.connect(directory / "db", isolation_level=None)) as one,
        closing(sqlite3.connect(directory / "db", isolation_level=None, timeout=0)) as other,
    ):
        one.execute("BEGIN IMMEDIATE")
        other.execute("BEGIN IMMEDIATE")


def read_only(directory: Path) -> None:
    with closing(sqlite3.connect(directory / "db")) as connection:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("CREATE TABLE t (a)")


def missing(directory: Path) -> None:
    sqlite3.connect(directory / "nowhere" / "db").close()


def full(directory: Path) -> None:
    with closing(sqlite3.connect(directory / "db")) as connection:
        connection.execute("PRAGMA max_page_count = 2")
        connection.execute("CREATE TABLE t (a)")
        connection.execute("INSERT INTO t VALUES (zeroblob(100000))")


def wrong(directory: Path) -> None:
    with closing(sqlite3.connect(directory / "db")) as connection:
        connection.execute("SELECT nonsense")


@pytest.mark.parametrize(
    ("fault", "kind", "advice"),
    [
        (not_a_database, Corrupt, f"The newest backup is {BACKUP}"),
        (held, Locked, "Close that program"),
        (read_only, ReadOnly, "Check owner and mount"),
        (missing, ReadOnly, "Check owner and mount"),
        (full, StateError, "Free some disk space"),
        (wrong, StateError, "no such column: nonsense"),
    ],
)
def test_an_error_says_what_to_do(
    fault: Callable[[Path], None], kind: type[StateError], advice: str, tmp_path: Path
) -> None:
    error = caught(lambda: fault(tmp_path))
    explained = state_error(error, tmp_path / "db", BACKUP)
    assert type(explained) is kind
    assert advice in str(explained)
    assert str(tmp_path / "db") in str(explained)


def test_each_call_gives_an_error_of_its_own(tmp_path: Path) -> None:
    error = caught(lambda: wrong(tmp_path))
    assert state_error(error, tmp_path, None) is not state_error(error, tmp_path, None)


def test_without_a_backup_nothing_is_promised(tmp_path: Path) -> None:
    error = caught(lambda: not_a_database(tmp_path))
    assert "There is no backup" in str(state_error(error, tmp_path, None))
