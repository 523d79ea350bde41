"""Interrupted turns on SQLite: what a start finds running, and what is decided about it.

Each change runs inside the writer's transaction. `now` is a time as `rows.time_text` writes it.
"""

import sqlite3
from collections.abc import Sequence
from typing import Final, assert_never
from uuid import UUID

from sessions.keys import SessionKey, TurnId
from sessions.store import sqlite_merge, sqlite_outbox
from sessions.store.rows import interrupted_of
from sessions.store.values import Interrupted, Piece, Settle, TurnState

# A running turn is another owner's if its lane is, or if the lane was claimed again since it began.
INTERRUPT: Final = """
    UPDATE turn SET state = 'interrupted', ended = :now, receipt_due = message_id IS NOT NULL
    WHERE state = 'running' AND EXISTS (
        SELECT 1 FROM lane
        WHERE lane.key = turn.key AND (lane.owner IS NOT :owner OR lane.epoch > turn.epoch))
    RETURNING seq, key"""
CUT_OFF: Final = "UPDATE lane SET cut_off = :turn WHERE key = :key"
FREE_LANES: Final = "UPDATE lane SET owner = NULL, epoch = epoch + 1 WHERE owner != :owner"
LIST_UNDECIDED: Final = """
    SELECT * FROM turn INDEXED BY turn_interrupted WHERE state = 'interrupted' AND NOT decided
    ORDER BY seq"""
ASK: Final = "UPDATE turn SET decided = TRUE WHERE seq = :turn AND state = 'interrupted' AND NOT decided"
# What it had come to is forgotten: from here on, its next attempt is what can be cut off.
RESUME: Final = """
    UPDATE turn SET state = 'queued', resumption = :resumption, decided = FALSE, started = NULL, ended = NULL,
                    rank = (SELECT min(coalesce(min(rank), 0), 0) - 1 FROM turn AS other
                            WHERE other.key = turn.key AND other.state = 'queued'),
                    shown = FALSE, tools = 0, last_tool = NULL, live_nonce = NULL, live_message_id = NULL,
                    receipt_due = message_id IS NOT NULL
    WHERE seq = :turn AND state = 'interrupted'"""
DROP: Final = """
    UPDATE turn SET state = 'cancelled', ended = :now, receipt_due = message_id IS NOT NULL
    WHERE seq = :turn AND state = 'interrupted'"""


def recover(connection: sqlite3.Connection, owner: UUID, now: str) -> Sequence[Interrupted]:
    """See `Store.recover`."""
    for row in connection.execute(INTERRUPT, {"owner": str(owner), "now": now}).fetchall():
        cut_off(connection, row["key"], row["seq"])
    connection.execute(FREE_LANES, {"owner": str(owner)})
    return [interrupted_of(row) for row in connection.execute(LIST_UNDECIDED)]


def settle(
    connection: sqlite3.Connection,
    turn: TurnId,
    how: Settle,
    pieces: Sequence[Piece],
    store_id: str,
    now: str,
) -> bool:
    """See `Store.settle`."""
    settled = decide(connection, turn, how, now)
    if settled:
        sqlite_outbox.add(connection, turn, pieces, store_id)
    return settled


def decide(connection: sqlite3.Connection, turn: TurnId, how: Settle, now: str) -> bool:
    """Decide about an interrupted turn; False if it is not interrupted any more, or asked about already."""
    match how:
        case Settle.ASK:
            decided = connection.execute(ASK, {"turn": turn})
        case Settle.CONTINUE | Settle.RETRY:
            decided = connection.execute(RESUME, {"turn": turn, "resumption": how.value})
        case Settle.DROP:
            decided = connection.execute(DROP, {"turn": turn, "now": now})
            if decided.rowcount == 1:
                sqlite_merge.end(connection, turn, TurnState.CANCELLED, "", now)
        case _:
            assert_never(how)
    return decided.rowcount == 1


def cut_off(connection: sqlite3.Connection, key: SessionKey, turn: TurnId) -> None:
    """Remember that the agent does not know yet what happened to this turn; the room's next one tells it."""
    connection.execute(CUT_OFF, {"key": key, "turn": turn})
