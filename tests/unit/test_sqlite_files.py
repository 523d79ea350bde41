"""The connections: how strict the writing one is, and that the reading one cannot write."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sessions.clock import SystemClock
from sessions.paths import Paths
from sessions.store.sqlite_files import connect_reader, connect_writer, newest_backup, prepare
from sessions.store.values import STORE_ID


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    made = Paths(tmp_path / "data")
    prepare(made, SystemClock().utc())
    return made


@pytest.fixture
def writer(paths: Paths) -> Iterator[sqlite3.Connection]:
    with closing(connect_writer(paths)) as connection:
        yield connection


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),  # FULL: a commit survives a power cut
        ("foreign_keys", 1),
        ("busy_timeout", 5000),
        ("journal_size_limit", 33554432),
    ],
)
def test_the_writer_is_strict(writer: sqlite3.Connection, pragma: str, value: object) -> None:
    assert writer.execute(f"PRAGMA {pragma}").fetchone()[0] == value


def test_a_store_keeps_its_id(paths: Paths) -> None:
    ids: set[str] = set()
    for _ in range(2):
        with closing(connect_writer(paths)) as connection:
            (found,) = connection.execute(
                "SELECT text FROM fact WHERE scope = ? AND name = ?", STORE_ID
            ).fetchone()
            ids.add(found)
    assert len(ids) == 1


def test_the_reader_sees_everything_and_writes_nothing(paths: Paths, writer: sqlite3.Connection) -> None:
    with closing(connect_reader(paths)) as reader:
        writer.execute("INSERT INTO fact VALUES ('a', 'b', 'c')")
        assert reader.execute("SELECT text FROM fact WHERE scope = 'a'").fetchone()["text"] == "c"
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader.execute("INSERT INTO fact VALUES ('d', 'e', 'f')")
        reader.execute("PRAGMA query_only = OFF")
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader.execute("INSERT INTO fact VALUES ('d', 'e', 'f')")


def test_the_newest_backup_is_found_by_its_name(paths: Paths) -> None:
    assert newest_backup(paths) is None
    for name in ("roomkey-2030-v1.sqlite3", "roomkey-2031-v1.sqlite3", "roomkey-2032-v1.part"):
        (paths.backups / name).touch()
    assert newest_backup(paths) == paths.backups / "roomkey-2031-v1.sqlite3"
