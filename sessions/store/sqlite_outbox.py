"""The outbox on SQLite: pieces that were stored with a turn and are on their way into a chat."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sessions.keys import TurnId
from sessions.store.rows import outbox_of, piece_text, plain_text
from sessions.store.values import OutboxRow, Piece, piece_nonce

NEXT_PART: Final = "SELECT coalesce(max(part) + 1, 0) FROM outbox WHERE turn = :turn"
ADD_PIECE: Final = """
    INSERT INTO outbox (turn, part, platform, channel_id, nonce, piece)
    VALUES (:turn, :part, (SELECT platform FROM turn WHERE seq = :turn), :channel_id, :nonce, :piece)"""
# Held means: now lies between the failure and the time of the next try. A clock that was set back
# behind the failure ends the wait, so no clock can make a row wait for days.
# What a row that was tried may have left in its channel stands behind the row that was sent before it.
LIST_DUE: Final = """
    SELECT outbox.*, coalesce(
        CASE WHEN first_try IS NOT NULL THEN (
            SELECT before.sent_id FROM outbox AS before
            WHERE before.channel_id = outbox.channel_id AND before.platform = outbox.platform
              AND before.id < outbox.id AND before.sent_id IS NOT NULL
            ORDER BY before.id DESC LIMIT 1) END,
        turn.message_id) AS after_id
    FROM outbox JOIN turn ON turn.seq = outbox.turn
    WHERE id IN (
        SELECT min(id) FROM outbox WHERE state = 'due' AND platform = :platform GROUP BY channel_id)
      AND (held_until IS NULL OR :now NOT BETWEEN held_from AND held_until)
    ORDER BY id LIMIT :limit"""
LIST_HEADS: Final = """
    SELECT held_from, held_until FROM outbox
    WHERE id IN (
        SELECT min(id) FROM outbox WHERE state = 'due' AND platform = :platform GROUP BY channel_id)"""
TRY: Final = """
    UPDATE outbox SET first_try = :now WHERE id = :id AND state = 'due' AND first_try IS NULL"""
DONE: Final = "UPDATE outbox SET state = 'sent', sent_id = :sent_id WHERE id = :id AND state = 'due'"
RETRY: Final = """
    UPDATE outbox SET tries = tries + 1, held_from = :now, held_until = :until,
                      first_try = iif(:untaken, NULL, first_try)
    WHERE id = :id AND state = 'due'"""
DROP: Final = "UPDATE outbox SET state = 'dropped', reason = :reason WHERE id = :id AND state = 'due'"


def add(connection: sqlite3.Connection, turn: TurnId, pieces: Sequence[Piece], store_id: str) -> None:
    """Store a turn's pieces behind those it has already: an interrupted turn may have said something."""
    if not pieces:
        return
    (first,) = connection.execute(NEXT_PART, {"turn": turn}).fetchone()
    connection.executemany(
        ADD_PIECE,
        [
            {
                "turn": turn,
                "part": part,
                "channel_id": piece.channel_id,
                "nonce": piece_nonce(store_id, turn, part),
                "piece": piece_text(piece),
            }
            for part, piece in enumerate(pieces, first)
        ],
    )


def due(connection: sqlite3.Connection, platform: str, limit: int, now: str) -> Sequence[OutboxRow]:
    """See `Store.outbox_due`."""
    rows = connection.execute(LIST_DUE, {"platform": platform, "limit": limit, "now": now})
    return [outbox_of(row) for row in rows]


def attempt(connection: sqlite3.Connection, row: int, now: str) -> None:
    """See `Store.outbox_try`."""
    connection.execute(TRY, {"id": row, "now": now})


def done(connection: sqlite3.Connection, row: int, sent_id: str | None) -> None:
    """See `Store.outbox_done`."""
    connection.execute(DONE, {"id": row, "sent_id": sent_id})


def retry(connection: sqlite3.Connection, row: int, now: str, until: str, *, untaken: bool) -> None:
    """See `Store.outbox_retry`."""
    connection.execute(RETRY, {"id": row, "now": now, "until": until, "untaken": untaken})


def drop(connection: sqlite3.Connection, row: int, reason: str) -> None:
    """See `Store.outbox_drop`."""
    connection.execute(DROP, {"id": row, "reason": plain_text(reason)})


def wait_s(connection: sqlite3.Connection, platform: str, now: datetime) -> float | None:
    """See `Store.outbox_wait_s`."""
    waits = [
        _held_s(row["held_from"], row["held_until"], now)
        for row in connection.execute(LIST_HEADS, {"platform": platform})
    ]
    return min(waits, default=None)


def _held_s(held_from: str | None, held_until: str | None, now: datetime) -> float:
    if held_from is None or held_until is None or now < datetime.fromisoformat(held_from):
        return 0.0
    return max(0.0, (datetime.fromisoformat(held_until) - now).total_seconds())
