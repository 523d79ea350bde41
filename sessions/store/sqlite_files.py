"""Opens the database file: looks before touching, backs up before an upgrade, one connection to write."""

import os
import re
import secrets
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from sessions.errors import Corrupt, ReadOnly, TooNew
from sessions.paths import Paths
from sessions.store.sqlite_errors import corrupt, state_error
from sessions.store.values import STORE_ID

APPLICATION_ID: Final = 0x524F4F4D
"""Stands in the file's header, so that Roomkey knows its own ("ROOM")."""

SCHEMA_VERSION: Final = 3
"""The number of the newest migration."""

_MAGIC: Final = b"SQLite format 3\0"
_BUSY_S: Final = 5.0
_COPY_VERSION: Final = re.compile(r"-v(\d+)\.sqlite3$")
_BACKUPS_KEPT: Final = 5
_CHECKED_SIZE_BYTES: Final = 64 * 1024 * 1024
"""Reading every page of a larger file would delay each start; there damage shows at its first use."""

_COUNTED: Final = """
    PRAGMA temp_store = MEMORY;
    CREATE TEMP TABLE counted (key TEXT PRIMARY KEY, turns INTEGER NOT NULL, changes INTEGER NOT NULL)
    WITHOUT ROWID;
"""
"""How many turns waited in a lane where many do, and after how many changes of any row: whoever accepts
the next recalls it, for to count them each time takes longer the more they are. Any other change makes it
worthless, so no statement can forget it. A table in memory, so that it is undone with its transaction.
"""


def prepare(paths: Paths, now: datetime) -> None:
    """Make the database one that this program can work on: create it, upgrade it, or leave it. Blocks.

    Raises:
        Corrupt, TooNew, ReadOnly: nothing was changed.
    """
    with _as_state_errors(paths):
        version = _inspect(paths)
        _check_writable(paths)
        if version == SCHEMA_VERSION:
            return
        if version:
            _back_up(paths, version, now)
        # Loading Alembic costs more than the rest of the engine, and almost no start needs it.
        from sessions.store.upgrade import upgrade_sqlite

        upgrade_sqlite(paths.database)


def connect_writer(paths: Paths) -> sqlite3.Connection:
    """Return the one connection that writes; to be used by one thread at a time. Blocks."""
    with _as_state_errors(paths):
        # `isolation_level=None`: we say BEGIN ourselves. (`autocommit` is another thing since 3.12.)
        connection = sqlite3.connect(
            paths.database, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA journal_size_limit = 33554432")
        connection.execute(
            "INSERT INTO fact (scope, name, text) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (*STORE_ID, secrets.token_hex(16)),
        )
        connection.executescript(_COUNTED)
        return connection


def connect_reader(paths: Paths) -> sqlite3.Connection:
    """Return a connection that cannot write, nor checkpoint; for one thread at a time. Blocks."""
    with _as_state_errors(paths):
        connection = _connect(paths.database, "mode=ro")
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA query_only = ON")
        return connection


def copy_database(paths: Paths, target: Path) -> None:
    """Write the database as it is now into a new file that nobody else can read, also while a bot runs.

    Blocks. Raises StateError, and OSError if there is such a file.
    """
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    with _as_state_errors(paths), closing(_connect(paths.database, "mode=ro")) as connection:
        connection.execute("VACUUM INTO ?", (str(target),))
    _sync(target)


def check_database(database: Path) -> int:
    """Return the schema version of a whole database of ours that nobody uses. Blocks.

    Raises Corrupt, TooNew: the text says which.
    """
    try:
        with closing(_connect(database, "mode=ro&immutable=1")) as connection:
            application = _number(connection, "PRAGMA application_id")
            version = _number(connection, "PRAGMA user_version")
            (finding,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.Error as error:
        raise Corrupt(f"{database.name} is no whole database: {error}.") from error
    if application != APPLICATION_ID or version < 1:
        raise Corrupt(f"{database.name} is no database of Roomkey's.")
    if finding != "ok":
        raise Corrupt(f"{database.name} is damaged: {finding}.")
    if version > SCHEMA_VERSION:
        raise TooNew(
            f"{database.name} has version {version}; this Roomkey knows {SCHEMA_VERSION}."
            " Install the newer Roomkey."
        )
    return version


def newest_backup(paths: Paths) -> Path | None:
    """Return the newest copy of the database, or None. Blocks."""
    return max(paths.backups.glob("*.sqlite3"), default=None)


def _inspect(paths: Paths) -> int:
    """Return the file's schema version, 0 for a file that is not there or empty. Changes nothing."""
    database = paths.database
    try:
        with database.open("rb") as file:
            start = file.read(len(_MAGIC))
    except FileNotFoundError:
        return 0
    if not start:
        return 0
    if start != _MAGIC:
        raise corrupt("it is no SQLite database", database, newest_backup(paths))
    with closing(_connect(database, gentlest_mode(database))) as connection:
        tables, application, version = (
            _number(connection, question)
            for question in (
                "SELECT count(*) FROM sqlite_schema",
                "PRAGMA application_id",
                "PRAGMA user_version",
            )
        )
        if tables and application != APPLICATION_ID:
            raise corrupt("it is another program's", database, newest_backup(paths))
        if version > SCHEMA_VERSION:
            raise TooNew(
                f"The database {database} has version {version}; this Roomkey knows {SCHEMA_VERSION}. "
                f"It was left untouched. Install the newer Roomkey again{_way_back(paths)}."
            )
        if database.stat().st_size <= _CHECKED_SIZE_BYTES:
            (finding,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            if finding != "ok":
                raise corrupt(finding, database, newest_backup(paths))
    return version


def _way_back(paths: Paths) -> str:
    """Return how to go on with this program instead, if a copy from before the upgrade is there."""
    copies = [
        path
        for path in paths.backups.glob("*.sqlite3")
        if (found := _COPY_VERSION.search(path.name)) and int(found[1]) <= SCHEMA_VERSION
    ]
    if not copies:
        return ""
    return (
        f"; or go back to the copy made before the upgrade, without what came after it: "
        f"roomkey restore --force --into {paths.root} {max(copies)}"
    )


def gentlest_mode(database: Path) -> str:
    """Return how to open the file so that looking at it leaves no trace."""
    if _has_content(database, "-journal"):
        return "mode=rw"  # killed while it was made: only a writer may roll that back
    if _has_content(database, "-wal"):
        return "mode=ro"  # killed while it ran: what it committed last is in there
    return "mode=ro&immutable=1"


def _has_content(database: Path, suffix: str) -> bool:
    try:
        return database.with_name(database.name + suffix).stat().st_size > 0
    except FileNotFoundError:
        return False


def _check_writable(paths: Paths) -> None:
    """Make the directories and an empty file, readable by nobody else; or raise ReadOnly."""
    paths.create()
    os.close(os.open(paths.database, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    if not os.access(paths.root, os.W_OK | os.X_OK):
        raise ReadOnly(f"The data directory {paths.root} cannot be written. Check owner and mount.")


def _back_up(paths: Paths, version: int, now: datetime) -> None:
    """Copy the database whole, under a name that sorts by time, and drop the oldest copies."""
    target = paths.backups / f"roomkey-{now:%Y%m%dT%H%M%S.%fZ}-v{version}.sqlite3"
    unfinished = target.with_suffix(".part")
    unfinished.unlink(missing_ok=True)
    copy_database(paths, unfinished)
    unfinished.rename(target)
    _sync(paths.backups)
    for old in sorted(paths.backups.glob("*.sqlite3"))[:-_BACKUPS_KEPT]:
        old.unlink()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _connect(database: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{database.as_uri()}?{mode}",
        uri=True,
        timeout=_BUSY_S,
        isolation_level=None,
        check_same_thread=False,
    )


def _number(connection: sqlite3.Connection, question: str) -> int:
    (number,) = connection.execute(question).fetchone()
    return int(number)


@contextmanager
def _as_state_errors(paths: Paths) -> Generator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise state_error(error, paths.database, newest_backup(paths)) from error
    except OSError as error:
        raise ReadOnly(
            f"The data directory {paths.root} cannot be used: {error.strerror}. Check owner and mount."
        ) from error
