"""What an error of SQLite means to the operator: sqlite3's errors as `StateError` and its kinds. Pure."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from sessions.errors import Corrupt, Locked, ReadOnly, StateError

OnFinal = Callable[[Corrupt], object]
"""Hears, on the event loop, of damage that no retry mends; what was asked of the store fails as well."""


def state_error(error: sqlite3.Error, database: Path, newest_backup: Path | None) -> StateError:
    """Return the error to raise instead; a new one at each call, so that two waiters share none."""
    # The low byte is the kind, the rest says more exactly where it happened.
    match getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF:
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return corrupt(str(error), database, newest_backup)
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return Locked(f"The database {database} is held by another program. Close that program.")
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return ReadOnly(f"The database {database} cannot be written: {error}. Check owner and mount.")
        case sqlite3.SQLITE_FULL | sqlite3.SQLITE_IOERR:
            return StateError(f"Nothing could be saved to {database}: {error}. Free some disk space.")
        case _:
            return StateError(f"The database {database} refused a change: {error}.")


def gone(database: Path, newest_backup: Path | None) -> Corrupt:
    """Return the error for a database that somebody moved or deleted while it was in use."""
    way_out = f" or a copy of the newest backup, {newest_backup}," if newest_backup else ""
    return Corrupt(
        f"The database {database} was moved or deleted while Roomkey ran. Put it back{way_out} and start"
        " Roomkey again. Without it Roomkey starts empty."
    )


def corrupt(detail: str, database: Path, newest_backup: Path | None) -> Corrupt:
    """Return the error for a damaged database, naming what a person can go back to."""
    way_out = (
        f"The newest backup is {newest_backup}: put it in its place yourself, while Roomkey is stopped."
        if newest_backup
        else "There is no backup. Move it away to start with an empty one."
    )
    return Corrupt(f"The database {database} is damaged ({detail}). It was left untouched. {way_out}")
