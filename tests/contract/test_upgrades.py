"""Opening: what is not ours, newer or damaged stays byte for byte; what is older is backed up first."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest

from sessions.clock import SystemClock
from sessions.errors import Corrupt, StateError, TooNew
from sessions.paths import Paths
from sessions.store import open_store
from sessions.store.sqlite_files import APPLICATION_ID, SCHEMA_VERSION
from sessions.store.upgrade import MIGRATIONS, upgrade_sqlite
from tests.support.store_values import ROOM, inbound

SCHEMAS = Path(__file__).parents[1] / "fixtures" / "schemas"
RELEASED = sorted(SCHEMAS.glob("*.sql"))
OPENER = Path(__file__).parents[1] / "support" / "open_store_as_nobody.py"


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path / "data")


@pytest.fixture
async def used(paths: Paths) -> Paths:
    """A store that was closed with a hundred messages in it."""
    store = await open_store(paths.root, SystemClock())
    for ticket in [store.accept(inbound(number, text="x" * 500)) for number in range(100)]:
        await ticket
    await store.close()
    return paths


def contents(root: Path) -> dict[str, bytes]:
    """Everything below a directory; the index of the log is only a picture of the log."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and not path.name.endswith("-shm")
    }


def run(paths: Paths, *statements: str) -> None:
    with closing(sqlite3.connect(paths.database)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def left_by(released: Path, paths: Paths) -> Paths:
    """Make the database that a bot of an older schema left behind."""
    paths.root.mkdir()
    with closing(sqlite3.connect(paths.database)) as connection:
        connection.executescript(released.read_text())
        connection.execute("PRAGMA journal_mode = WAL")
    return paths


def rows_of(paths: Paths, database: Path | None = None) -> dict[str, list[dict[str, object]]]:
    """Everything in every table."""
    with closing(sqlite3.connect(database or paths.database)) as connection:
        connection.row_factory = sqlite3.Row
        tables = connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name != 'sqlite_sequence'"
        )
        return {
            table: [dict(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY 1")]
            for (table,) in tables.fetchall()
        }


def definitions(paths: Paths) -> set[str]:
    """How each table and index was made, however it was spelt."""
    with closing(sqlite3.connect(paths.database)) as connection:
        rows = connection.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")
        return {" ".join(sql.replace('"', "").split()) for (sql,) in rows}


def header(paths: Paths) -> tuple[int, int]:
    with closing(sqlite3.connect(paths.database)) as connection:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    return application, version


async def refused(paths: Paths, kind: type[StateError]) -> StateError:
    """Open the store, expect that error, and that nothing at all was changed."""
    before = contents(paths.root)
    with pytest.raises(kind) as caught:
        await open_store(paths.root, SystemClock())
    assert contents(paths.root) == before
    assert str(paths.root) in str(caught.value)
    return caught.value


async def test_a_new_store_carries_our_mark_and_version(used: Paths) -> None:
    assert header(used) == (APPLICATION_ID, SCHEMA_VERSION)


def test_the_version_is_the_number_of_the_newest_migration() -> None:
    newest = max(path.name for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
    assert int(newest.split("_")[0]) == SCHEMA_VERSION


def test_every_schema_before_this_one_is_kept_for_these_tests() -> None:
    assert [int(path.stem) for path in RELEASED] == list(range(1, SCHEMA_VERSION))


async def test_a_closed_store_is_one_file(used: Paths) -> None:
    assert [path.name for path in used.root.glob("roomkey.sqlite3*")] == ["roomkey.sqlite3"]


async def test_the_files_are_for_nobody_else(used: Paths) -> None:
    assert used.database.stat().st_mode & 0o077 == 0
    assert used.root.stat().st_mode & 0o077 == 0


async def test_a_newer_store_is_left_alone(used: Paths) -> None:
    run(used, f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    error = await refused(used, TooNew)
    assert f"version {SCHEMA_VERSION + 1}" in str(error)


async def test_a_newer_store_whose_writer_was_killed_is_left_alone(used: Paths, tmp_path: Path) -> None:
    with closing(sqlite3.connect(used.database)) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
        shutil.copytree(used.root, tmp_path / "killed")
    killed = Paths(tmp_path / "killed")
    assert killed.database.with_name(killed.database.name + "-wal").stat().st_size > 0
    await refused(killed, TooNew)


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\0" + bytes(100), os.urandom(9000)])
async def test_a_file_that_is_no_database_is_left_alone(paths: Paths, content: bytes) -> None:
    paths.root.mkdir()
    paths.database.write_bytes(content)
    await refused(paths, Corrupt)


async def test_another_programs_database_is_left_alone(paths: Paths) -> None:
    paths.root.mkdir()
    run(paths, "CREATE TABLE theirs (a)")
    await refused(paths, Corrupt)


async def test_a_damaged_page_is_found_and_the_newest_backup_named(used: Paths) -> None:
    for name in ("roomkey-20300101T000000.000000Z-v1.sqlite3", "roomkey-20300102T000000.000000Z-v1.sqlite3"):
        (used.backups / name).write_bytes(b"")
    with closing(sqlite3.connect(used.database)) as connection:
        # A page that nothing reads before the first turn is taken.
        (page,) = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'turn_queued'"
        ).fetchone()
        (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
    with used.database.open("r+b") as file:
        file.seek((page - 1) * page_bytes)
        file.write(os.urandom(64))
    error = await refused(used, Corrupt)
    assert "20300102" in str(error)


async def test_a_cut_file_is_left_alone(used: Paths) -> None:
    os.truncate(used.database, used.database.stat().st_size // 2)
    assert "no backup" in str(await refused(used, Corrupt))


@pytest.mark.parametrize("released", RELEASED, ids=lambda path: path.stem)
async def test_every_released_schema_is_upgraded_with_all_that_is_in_it(paths: Paths, released: Path) -> None:
    before = rows_of(left_by(released, paths))
    store = await open_store(paths.root, SystemClock())
    await store.close()
    assert header(paths) == (APPLICATION_ID, SCHEMA_VERSION)
    after = rows_of(paths)
    assert after["alembic_version"] != before.pop("alembic_version")
    for table, rows in before.items():
        kept = [{column: row[column] for column in rows[0]} for row in after[table]] if rows else []
        assert kept == rows, table
    (backup,) = paths.backups.iterdir()
    assert backup.name.endswith(f"-v{int(released.stem)}.sqlite3")
    before_again = rows_of(Paths(backup.parent), backup)
    del before_again["alembic_version"]
    assert before_again == before


@pytest.mark.parametrize("released", RELEASED, ids=lambda path: path.stem)
async def test_an_upgraded_store_is_made_as_a_new_one(paths: Paths, tmp_path: Path, released: Path) -> None:
    await (await open_store(tmp_path / "new", SystemClock())).close()
    left_by(released, paths)
    await (await open_store(paths.root, SystemClock())).close()
    assert definitions(paths) == definitions(Paths(tmp_path / "new"))


async def test_a_store_of_schema_1_goes_on_where_it_was(paths: Paths) -> None:
    left_by(SCHEMAS / "0001.sql", paths)
    store = await open_store(paths.root, SystemClock())
    assert [turn.prompt.text for turn in await store.queued(ROOM)] == ["message 9", "message 7", "message 8"]
    assert await store.cursors("chat") == {"c-room": 9, "c-other": 10, "": 10}
    # What was interrupted under schema 1 was told to its room at once; what ran at the end was not.
    (found,) = await store.recover(UUID(int=9))
    assert found.turn.prompt.text == "message 6"
    assert not (await store.accept(inbound(8))).new
    assert (await store.accept(inbound(20))).ahead == 3
    lease = await store.claim(ROOM, UUID(int=9))
    following = await store.next(lease)
    assert following is not None
    assert (following.prompt.text, following.follows_cut) == ("message 9", True)
    sent = {row.piece.body for row in await store.outbox_due("chat", 10)}
    assert sent == {"answer 1, part 2", "I was restarted."}
    await store.close()


def test_an_upgrade_killed_at_any_statement_changes_nothing(paths: Paths) -> None:
    left_by(SCHEMAS / "0001.sql", paths)
    before = rows_of(paths)
    with closing(sqlite3.connect(paths.database)) as connection:
        connection.execute("CREATE TABLE audit (in_the_way)")  # made last
        connection.commit()
    with pytest.raises(sqlite3.OperationalError, match="audit already exists"):
        upgrade_sqlite(paths.database)
    run(paths, "DROP TABLE audit")
    assert rows_of(paths) == before
    assert header(paths) == (APPLICATION_ID, 1)


async def test_a_store_of_this_version_is_not_backed_up(used: Paths) -> None:
    await (await open_store(used.root, SystemClock())).close()
    assert list(used.backups.iterdir()) == []


async def test_only_the_newest_backups_are_kept(used: Paths) -> None:
    for _ in range(7):
        run(used, "PRAGMA user_version = -1")  # a number that stands for an older schema
        await (await open_store(used.root, SystemClock())).close()
    assert len(list(used.backups.iterdir())) == 5


def test_an_upgrade_that_fails_half_way_changes_nothing(tmp_path: Path) -> None:
    database = tmp_path / "db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE outbox (in_the_way)")
    with pytest.raises(sqlite3.OperationalError, match="outbox already exists"):
        upgrade_sqlite(database)
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT name FROM sqlite_schema").fetchall() == [("outbox",)]
        assert connection.execute("PRAGMA user_version").fetchone() == (0,)


async def test_a_directory_with_any_name_works(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "ü %20?mode=memory#x")
    for _ in range(2):
        store = await open_store(paths.root, SystemClock())
        await store.close()
    assert header(paths) == (APPLICATION_ID, SCHEMA_VERSION)


async def test_a_data_directory_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(StateError, match="data"):
        await open_store(tmp_path / "data", SystemClock())


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """A directory that another user can reach; pytest's own cannot."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.parametrize("existing", [True, False])
async def test_a_directory_that_cannot_be_written_is_refused(open_to_all: Path, existing: bool) -> None:
    data = open_to_all / "data"
    if existing:
        await (await open_store(data, SystemClock())).close()
        for path in (data, *data.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
    else:
        data.mkdir(mode=0o555)
    before = contents(data)
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, OPENER, data],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    data.chmod(0o755)
    assert done.returncode == 78, done.stderr
    assert done.stdout.startswith("ReadOnly: ")
    assert str(data) in done.stdout
    assert contents(data) == before
