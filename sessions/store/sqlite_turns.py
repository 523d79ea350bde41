"""Turns on SQLite: how one is started, followed and ended by the worker that holds its lane.

Each change runs inside the writer's transaction. `now` is a time as `rows.time_text` writes it.
"""

import sqlite3
from typing import Final
from uuid import UUID

from sessions.crash_points import reached
from sessions.errors import Fenced, StateError
from sessions.keys import SessionKey, TurnId
from sessions.store import sqlite_merge, sqlite_outbox, sqlite_recovery, sqlite_sessions
from sessions.store.rows import plain_text, turn_of
from sessions.store.values import Kind, Lease, Take, Turn, TurnResult, TurnState

ADD_LANE: Final = "INSERT INTO lane (key) VALUES (:key) ON CONFLICT DO NOTHING"
CLAIM: Final = "UPDATE lane SET owner = :owner, epoch = epoch + 1 WHERE key = :key RETURNING epoch"
FIND_EPOCH: Final = "SELECT epoch FROM lane WHERE key = :key"
FIND_RUNNING: Final = "SELECT * FROM turn WHERE key = :key AND state = 'running'"
# What the first waiting turn is as soon as it runs. Asked for and then written: an UPDATE that answers
# with its row takes SQLite longer than both.
FIND_NEXT: Final = """
    SELECT seq, turn.key, kind, origin, 'running' AS state, attempt + 1 AS attempt, platform, channel_id,
           message_id, prompt, turn.created, lane.epoch AS epoch, resumption,
           coalesce(session.generation, 0) AS generation,
           CASE WHEN kind = 'prompt' THEN iif(cut_off != seq, cut_off, follows) END AS follows
    FROM lane JOIN turn ON turn.key = lane.key AND state = 'queued'
    LEFT JOIN session ON session.key = lane.key
    WHERE lane.key = ?1 AND lane.epoch = ?2 AND NOT paused
    ORDER BY rank, seq LIMIT 1"""
START: Final = """
    UPDATE turn SET state = 'running', attempt = attempt + 1, epoch = ?2, generation = ?3,
                    follows = ?4, started = ?5, receipt_due = receipt_due OR receipt != ''
    WHERE seq = ?1"""
FINISH: Final = """
    UPDATE turn SET state = ?4, summary = ?5, ended = ?6, receipt_due = message_id IS NOT NULL
    WHERE seq = ?1 AND key = ?2 AND state = 'running'
      AND EXISTS (SELECT 1 FROM lane WHERE key = ?2 AND epoch = ?3)"""
# To the head of the queue, because it was before all that waits there, whatever was moved meanwhile.
GIVE_BACK: Final = """
    UPDATE turn SET state = 'queued', attempt = attempt - 1, started = NULL,
                    rank = (SELECT min(coalesce(min(rank), 0), 0) - 1 FROM turn
                            WHERE key = :key AND state = 'queued'),
                    shown = FALSE, tools = 0, last_tool = NULL, live_nonce = NULL, live_message_id = NULL,
                    receipt_due = message_id IS NOT NULL
    WHERE seq = :turn AND key = :key AND state = 'running'
      AND EXISTS (SELECT 1 FROM lane WHERE key = :key AND epoch = :epoch)"""
CUT_OFF_AGAIN: Final = """
    UPDATE lane SET cut_off = coalesce((SELECT follows FROM turn WHERE seq = :turn), cut_off)
    WHERE key = :key"""
FORGET_CUT: Final = "UPDATE lane SET cut_off = NULL WHERE key = :key"
NOTE: Final = """
    UPDATE turn SET shown = shown OR :shown,
                    tools = tools + (:last_tool IS NOT NULL),
                    last_tool = coalesce(:last_tool, last_tool),
                    live_message_id = CASE WHEN coalesce(:live_nonce, live_nonce) IS live_nonce
                        THEN coalesce(:live_message_id, live_message_id) ELSE :live_message_id END,
                    live_nonce = coalesce(:live_nonce, live_nonce)
    WHERE seq = :turn AND key = :key AND state = 'running'
      AND EXISTS (SELECT 1 FROM lane WHERE key = :key AND epoch = :epoch)"""


def claim(connection: sqlite3.Connection, key: SessionKey, owner: UUID) -> Lease:
    """See `Store.claim`."""
    connection.execute(ADD_LANE, {"key": key})
    (epoch,) = connection.execute(CLAIM, {"key": key, "owner": str(owner)}).fetchone()
    return Lease(key=key, epoch=epoch)


def advance(
    connection: sqlite3.Connection,
    lease: Lease,
    finish: TurnResult | None,
    take: Take,
    store_id: str,
    now: str,
) -> Turn | None:
    """See `Store.next`."""
    if finish is not None:
        _finish(connection, lease, finish, store_id, now)
    elif take is Take.NONE:
        fence(connection, lease)
    if take is Take.NONE:
        return None
    row = connection.execute(FIND_NEXT, (lease.key, lease.epoch)).fetchone()
    if row is not None:
        return _start(connection, lease, row, now)
    if finish is None:  # else the lease is known to be good, and what ran has ended
        fence(connection, lease)
        if connection.execute(FIND_RUNNING, {"key": lease.key}).fetchone() is not None:
            raise _still_runs(lease)
    return None


def note(
    connection: sqlite3.Connection,
    lease: Lease,
    turn: TurnId,
    *,
    shown: bool,
    last_tool: str | None,
    live_nonce: str | None,
    live_message_id: str | None,
) -> None:
    """See `Store.note`."""
    noted = connection.execute(
        NOTE,
        {
            "turn": turn,
            "key": lease.key,
            "epoch": lease.epoch,
            "shown": shown,
            "last_tool": None if last_tool is None else plain_text(last_tool),
            "live_nonce": live_nonce,
            "live_message_id": live_message_id,
        },
    )
    if noted.rowcount == 0:
        raise Fenced


def find(connection: sqlite3.Connection, turn: TurnId) -> Turn | None:
    """See `Store.turn`."""
    row = connection.execute("SELECT * FROM turn WHERE seq = ?", (turn,)).fetchone()
    return None if row is None else turn_of(row)


def fence(connection: sqlite3.Connection, lease: Lease) -> None:
    """Raise Fenced unless the lease is the newest of its lane."""
    row = connection.execute(FIND_EPOCH, {"key": lease.key}).fetchone()
    if row is None or row["epoch"] != lease.epoch:
        raise Fenced


def _start(connection: sqlite3.Connection, lease: Lease, row: sqlite3.Row, now: str) -> Turn:
    turn = turn_of(row)
    try:
        connection.execute(START, (turn.id, lease.epoch, turn.generation, row["follows"], now))
    except sqlite3.IntegrityError as error:  # the index that allows one running turn
        raise _still_runs(lease) from error
    if turn.follows_cut or turn.resumption or turn.kind is Kind.RESET:
        connection.execute(FORGET_CUT, {"key": lease.key})
    reached("take.before_commit")
    return turn


def _still_runs(lease: Lease) -> StateError:
    return StateError(f"A turn of the room {lease.key} still runs; it must be ended before the next.")


def _finish(
    connection: sqlite3.Connection, lease: Lease, finish: TurnResult, store_id: str, now: str
) -> None:
    name = {"turn": finish.turn, "key": lease.key, "epoch": lease.epoch}
    if finish.state is TurnState.QUEUED:
        sqlite_merge.put_back(connection, finish.turn)
        ended = connection.execute(GIVE_BACK, name)
    else:
        outcome = (finish.state.value, plain_text(finish.summary), now)
        ended = connection.execute(FINISH, (finish.turn, lease.key, lease.epoch, *outcome))
    if ended.rowcount == 0:
        raise Fenced
    if finish.state is TurnState.QUEUED:
        connection.execute(CUT_OFF_AGAIN, name)
    elif finish.state is TurnState.INTERRUPTED:
        sqlite_recovery.cut_off(connection, lease.key, finish.turn)
        sqlite_recovery.decide(connection, finish.turn, finish.settle, now)
    else:
        sqlite_merge.end(connection, finish.turn, finish.state, finish.summary, now)
    if finish.change is not None:
        sqlite_sessions.change(connection, lease.key, finish.turn, finish.change, now)
    if finish.pieces:
        sqlite_outbox.add(connection, finish.turn, finish.pieces, store_id)
    reached("finish.before_commit")
