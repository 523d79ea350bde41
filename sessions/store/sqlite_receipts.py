"""Receipts on SQLite: which messages do not show yet what became of them.

Each change of a turn's state makes its receipt due, in the statement that makes the change.
"""

import sqlite3
from collections.abc import Sequence
from typing import Final

from sessions.keys import TurnId
from sessions.store.rows import receipt_of
from sessions.store.values import Receipt, TurnState

# One of each channel, so that a flooded one holds up no other.
LIST_DUE: Final = """
    SELECT seq, channel_id, message_id, state, receipt FROM turn
    WHERE seq IN (
        SELECT min(seq) FROM turn WHERE receipt_due AND platform = :platform GROUP BY channel_id)
    ORDER BY seq LIMIT :limit"""
DONE: Final = """
    UPDATE turn SET receipt = :shown, receipt_due = receipt_due AND state != :state
    WHERE seq = :turn"""


def due(connection: sqlite3.Connection, platform: str, limit: int) -> Sequence[Receipt]:
    """See `Store.receipts_due`."""
    rows = connection.execute(LIST_DUE, {"platform": platform, "limit": limit})
    return [receipt_of(row) for row in rows]


def done(connection: sqlite3.Connection, turn: TurnId, state: TurnState, shown: str) -> None:
    """See `Store.receipt_done`."""
    connection.execute(DONE, {"turn": turn, "state": state.value, "shown": shown})
