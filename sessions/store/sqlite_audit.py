"""The audit log as a command reads it, also while a bot runs: on a connection that cannot write. Blocks."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from typing import Final

from sessions.errors import UserError
from sessions.paths import Paths
from sessions.store.people import AuditEntry
from sessions.store.rows import time_text
from sessions.store.sqlite_files import connect_reader
from sessions.store.sqlite_people import entry_of

FIND: Final = """
    SELECT at, platform, actor, action, target, detail FROM audit
    WHERE at >= :since AND (:actor = '' OR actor = :actor) ORDER BY id"""


def read_audit(paths: Paths, *, since: datetime | None = None, actor: str = "") -> Sequence[AuditEntry]:
    """Return the entries from a time on, of one actor or of all, the oldest first.

    Raises:
        UserError: there is no database, or one of a version that had no audit log.
        StateError: it cannot be read.
    """
    if not paths.database.exists():
        raise UserError(f"There is no database in {paths.root} yet. Start Roomkey once.")
    asked = {"since": "" if since is None else time_text(since), "actor": actor}
    with closing(connect_reader(paths)) as connection:
        if connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'audit'").fetchone() is None:
            raise UserError(f"{paths.database} is older than the audit log. Start Roomkey once.")
        rows: list[sqlite3.Row] = connection.execute(FIND, asked).fetchall()
    return [entry_of(row) for row in rows]
