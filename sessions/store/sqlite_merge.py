"""Prompts that a running turn took along, on SQLite: they end as it ends.

Each change runs inside the writer's transaction. `now` is a time as `rows.time_text` writes it.
"""

import sqlite3
from collections.abc import Sequence
from typing import Final

from sessions.errors import Fenced
from sessions.keys import TurnId
from sessions.store.rows import plain_text, turn_of
from sessions.store.values import Lease, Turn, TurnState

MERGE: Final = """
    UPDATE turn SET state = 'merged', merged_into = :into, started = :now,
                    receipt_due = message_id IS NOT NULL
    WHERE seq = :turn AND key = :key AND state = 'queued'
      AND NOT (SELECT paused FROM lane WHERE key = :key)"""
FIND_HOLDER: Final = """
    SELECT 1 FROM turn JOIN lane ON lane.key = turn.key
    WHERE seq = :into AND turn.key = :key AND state = 'running' AND lane.epoch = :epoch"""
PUT_BACK: Final = """
    UPDATE turn SET state = 'queued', merged_into = NULL, started = NULL,
                    rank = (SELECT min(coalesce(min(rank), 0), 0) - 1 FROM turn AS other
                            WHERE other.key = turn.key AND other.state = 'queued'),
                    receipt_due = message_id IS NOT NULL
    WHERE seq = :turn AND merged_into = :into AND state = 'merged'"""
LIST_MERGED: Final = """
    SELECT * FROM turn WHERE merged_into = :into AND state = 'merged' ORDER BY started, seq"""
END_MERGED: Final = """
    UPDATE turn SET state = ?2, summary = ?3, ended = ?4, receipt_due = message_id IS NOT NULL
    WHERE merged_into = ?1 AND state = 'merged'"""


def merge(connection: sqlite3.Connection, lease: Lease, turn: TurnId, into: TurnId, now: str) -> Turn | None:
    """See `Store.merge`."""
    name = {"turn": turn, "into": into, "key": lease.key, "epoch": lease.epoch, "now": now}
    if connection.execute(FIND_HOLDER, name).fetchone() is None:
        raise Fenced
    if connection.execute(MERGE, name).rowcount == 0:
        return None
    return turn_of(connection.execute("SELECT * FROM turn WHERE seq = ?", (turn,)).fetchone())


def merged(connection: sqlite3.Connection, into: TurnId) -> Sequence[Turn]:
    """See `Store.merged`."""
    return [turn_of(row) for row in connection.execute(LIST_MERGED, {"into": into})]


def unmerge(connection: sqlite3.Connection, turn: TurnId, into: TurnId) -> None:
    """See `Store.unmerge`."""
    connection.execute(PUT_BACK, {"turn": turn, "into": into})


def put_back(connection: sqlite3.Connection, into: TurnId) -> None:
    """Queue again, before all that waits and in order, what a turn took along."""
    for turn in reversed(merged(connection, into)):
        unmerge(connection, turn.id, into)


def end(connection: sqlite3.Connection, into: TurnId, state: TurnState, summary: str, now: str) -> None:
    """End what a turn took along as the turn itself ended."""
    connection.execute(END_MERGED, (into, state.value, plain_text(summary), now))
