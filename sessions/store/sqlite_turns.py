"""Turns on SQLite: the changes that move one from state to state, and questions about lanes.

Each change runs inside the writer's transaction. `now` is a time as `rows.time_text` writes it.
"""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

from sessions.errors import Fenced, QueueFull, StateError
from sessions.keys import SessionKey, TurnId, session_key
from sessions.store import sqlite_outbox, sqlite_sessions
from sessions.store.rows import inbound_columns, interrupted_of, plain_text, turn_of
from sessions.store.values import (
    Accepted,
    Inbound,
    Interrupted,
    Kind,
    LaneStatus,
    Lease,
    Piece,
    Take,
    Turn,
    TurnResult,
    TurnState,
)

FIND_KNOWN: Final = "SELECT * FROM turn WHERE source = :source AND msg_id = :msg_id"
LOOK: Final = """
    SELECT EXISTS (SELECT 1 FROM turn WHERE source = :source AND msg_id = :msg_id),
           EXISTS (SELECT 1 FROM lane WHERE key = :key),
           (SELECT count(*) FROM turn WHERE key = :key AND state = 'queued'),
           (SELECT count(*) FROM turn WHERE key = :key AND state = 'running')"""
COUNT_LANE: Final = """
    SELECT (SELECT count(*) FROM turn WHERE key = :key AND state = 'queued'),
           (SELECT count(*) FROM turn WHERE key = :key AND state = 'running')"""
COUNT_BEFORE: Final = """
    SELECT count(*) FROM turn
    WHERE key = :key AND state = 'queued' AND (rank, seq) < (:rank, :seq)"""
FIRST_RANK: Final = "SELECT min(rank) FROM turn WHERE key = :key AND state = 'queued'"
ADD_LANE: Final = "INSERT INTO lane (key) VALUES (:key) ON CONFLICT DO NOTHING"
ADD_TURN: Final = """
    INSERT INTO turn (rank, source, msg_id, key, kind, origin, platform, channel_id, message_id, prompt,
                      state, created, ended)
    VALUES (:rank, :source, :msg_id, :key, :kind, :origin, :platform, :channel_id, :message_id, :prompt,
            :state, :now, :ended)"""
MOVE_CURSOR: Final = """
    INSERT INTO cursor (source, channel, msg_id) VALUES (:source, :cursor, :msg_id)
    ON CONFLICT DO UPDATE SET msg_id = max(msg_id, excluded.msg_id)"""
CLAIM: Final = "UPDATE lane SET owner = :owner, epoch = epoch + 1 WHERE key = :key RETURNING epoch"
FIND_EPOCH: Final = "SELECT epoch FROM lane WHERE key = :key"
FINISH: Final = """
    UPDATE turn SET state = :state, summary = :summary, ended = :now
    WHERE seq = :turn AND key = :key AND state = 'running'
      AND EXISTS (SELECT 1 FROM lane WHERE key = :key AND epoch = :epoch)
    RETURNING generation, platform"""
FIND_RUNNING: Final = "SELECT * FROM turn WHERE key = :key AND state = 'running'"
START: Final = """
    UPDATE turn SET state = 'running', attempt = attempt + 1, epoch = :epoch, started = :now,
                    generation = coalesce((SELECT generation FROM session WHERE session.key = turn.key), 0)
    WHERE seq = (SELECT seq FROM turn WHERE key = :key AND state = 'queued' ORDER BY rank, seq LIMIT 1)
      AND EXISTS (SELECT 1 FROM lane WHERE key = :key AND epoch = :epoch)
    RETURNING *"""
NOTE: Final = """
    UPDATE turn SET shown = shown OR :shown, last_tool = coalesce(:last_tool, last_tool),
                    live_message_id = coalesce(:live_message_id, live_message_id)
    WHERE seq = :turn AND key = :key AND state = 'running'"""
CANCEL: Final = """
    UPDATE turn SET state = 'cancelled', ended = :now
    WHERE seq = :turn AND key = :key AND state = 'queued'"""
# A running turn is another owner's if its lane is, or if the lane was claimed again since it began.
INTERRUPT: Final = """
    UPDATE turn SET state = 'interrupted', ended = :now
    WHERE state = 'running' AND EXISTS (
        SELECT 1 FROM lane
        WHERE lane.key = turn.key AND (lane.owner IS NOT :owner OR lane.epoch > turn.epoch))
    RETURNING *"""
FREE_LANES: Final = "UPDATE lane SET owner = NULL, epoch = epoch + 1 WHERE owner != :owner"
LIST_WAITING: Final = "SELECT key FROM turn WHERE state = 'queued' GROUP BY key ORDER BY min(seq)"
LIST_QUEUED: Final = "SELECT * FROM turn WHERE key = :key AND state = 'queued' ORDER BY rank, seq"


def accept(connection: sqlite3.Connection, row: Inbound, now: str) -> Accepted:
    """See `Store.accept`."""
    # One look for everything: each statement costs the thread its turn at the interpreter's lock.
    name = {"source": row.source, "msg_id": row.msg_id, "key": row.key}
    is_known, has_lane, waiting, running = connection.execute(LOOK, name).fetchone()
    if is_known:
        known = connection.execute(FIND_KNOWN, name).fetchone()
        return Accepted(turn=TurnId(known["seq"]), new=False, ahead=_ahead(connection, known))
    if row.queue_limit is not None and waiting >= row.queue_limit:
        raise QueueFull
    if not has_lane:
        connection.execute(ADD_LANE, name)
    turn = _add(connection, row, TurnState.QUEUED, now)
    return Accepted(turn=turn, new=True, ahead=running if row.head else running + waiting)


def post(
    connection: sqlite3.Connection, notice: Inbound, pieces: Sequence[Piece], store_id: str, now: str
) -> Accepted:
    """See `Store.post`."""
    if notice.kind is not Kind.NOTICE:
        raise ValueError(f"only a notice can be posted, not a {notice.kind}")
    known = connection.execute(FIND_KNOWN, {"source": notice.source, "msg_id": notice.msg_id}).fetchone()
    if known is not None:
        return Accepted(turn=TurnId(known["seq"]), new=False, ahead=0)
    connection.execute(ADD_LANE, {"key": notice.key})
    turn = _add(connection, notice, TurnState.DONE, now)
    sqlite_outbox.add(connection, turn, notice.address.platform, pieces, store_id)
    return Accepted(turn=turn, new=True, ahead=0)


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
    if take is Take.NONE:
        if finish is None:
            fence(connection, lease)
        return None
    try:
        row = connection.execute(START, {"key": lease.key, "epoch": lease.epoch, "now": now}).fetchone()
    except sqlite3.IntegrityError as error:  # the index that allows one running turn
        raise _still_runs(lease) from error
    if row is not None:
        return turn_of(row)
    fence(connection, lease)
    if connection.execute(FIND_RUNNING, {"key": lease.key}).fetchone() is not None:
        raise _still_runs(lease)
    return None


def _still_runs(lease: Lease) -> StateError:
    return StateError(f"A turn of the room {lease.key} still runs; it must be ended before the next.")


def note(
    connection: sqlite3.Connection,
    lease: Lease,
    turn: TurnId,
    *,
    shown: bool,
    last_tool: str | None,
    live_message_id: str | None,
) -> None:
    """See `Store.note`."""
    fence(connection, lease)
    changed = connection.execute(
        NOTE,
        {
            "turn": turn,
            "key": lease.key,
            "shown": shown,
            "last_tool": None if last_tool is None else plain_text(last_tool),
            "live_message_id": live_message_id,
        },
    )
    if changed.rowcount == 0:
        raise Fenced


def cancel(connection: sqlite3.Connection, key: SessionKey, turn: TurnId, now: str) -> bool:
    """See `Store.cancel`."""
    return connection.execute(CANCEL, {"key": key, "turn": turn, "now": now}).rowcount == 1


def recover(
    connection: sqlite3.Connection,
    owner: UUID,
    say: Callable[[Interrupted], Sequence[Piece]],
    store_id: str,
    now: str,
) -> Sequence[Interrupted]:
    """See `Store.recover`."""
    rows = connection.execute(INTERRUPT, {"owner": str(owner), "now": now}).fetchall()
    connection.execute(FREE_LANES, {"owner": str(owner)})
    found = [interrupted_of(row) for row in sorted(rows, key=lambda row: int(row["seq"]))]
    for one in found:
        sqlite_outbox.add(connection, one.turn.id, one.turn.address.platform, say(one), store_id)
    return found


def fence(connection: sqlite3.Connection, lease: Lease) -> None:
    """Raise Fenced unless the lease is the newest of its lane."""
    row = connection.execute(FIND_EPOCH, {"key": lease.key}).fetchone()
    if row is None or row["epoch"] != lease.epoch:
        raise Fenced


def waiting(connection: sqlite3.Connection) -> Sequence[SessionKey]:
    """See `Store.waiting`."""
    return [session_key(row["key"]) for row in connection.execute(LIST_WAITING)]


def queued(connection: sqlite3.Connection, key: SessionKey) -> Sequence[Turn]:
    """See `Store.queued`."""
    return [turn_of(row) for row in connection.execute(LIST_QUEUED, {"key": key})]


def lane(connection: sqlite3.Connection, key: SessionKey) -> LaneStatus:
    """See `Store.lane`."""
    running = connection.execute(FIND_RUNNING, {"key": key}).fetchone()
    (count, _) = connection.execute(COUNT_LANE, {"key": key}).fetchone()
    return LaneStatus(running=None if running is None else turn_of(running), waiting=count)


def find(connection: sqlite3.Connection, turn: TurnId) -> Turn | None:
    """See `Store.turn`."""
    row = connection.execute("SELECT * FROM turn WHERE seq = ?", (turn,)).fetchone()
    return None if row is None else turn_of(row)


def _ahead(connection: sqlite3.Connection, row: sqlite3.Row) -> int:
    """Count what runs or waits before a turn that is stored already."""
    if row["state"] != TurnState.QUEUED:
        return 0
    place = {"key": row["key"], "rank": row["rank"], "seq": row["seq"]}
    (before,) = connection.execute(COUNT_BEFORE, place).fetchone()
    _, running = connection.execute(COUNT_LANE, place).fetchone()
    return before + running


def _add(connection: sqlite3.Connection, row: Inbound, state: TurnState, now: str) -> TurnId:
    rank = 0
    if row.head:
        (first,) = connection.execute(FIRST_RANK, {"key": row.key}).fetchone()
        rank = min(first or 0, 0) - 1
    columns = inbound_columns(row)
    added = connection.execute(
        ADD_TURN,
        {
            **columns,
            "rank": rank,
            "state": state,
            "now": now,
            "ended": None if state is TurnState.QUEUED else now,
        },
    )
    if row.cursor is not None:
        connection.execute(MOVE_CURSOR, {"source": row.source, "cursor": row.cursor, "msg_id": row.msg_id})
    assert added.lastrowid is not None
    return TurnId(added.lastrowid)


def _finish(
    connection: sqlite3.Connection, lease: Lease, finish: TurnResult, store_id: str, now: str
) -> None:
    row = connection.execute(
        FINISH,
        {
            "turn": finish.turn,
            "key": lease.key,
            "epoch": lease.epoch,
            "state": finish.state,
            "summary": plain_text(finish.summary),
            "now": now,
        },
    ).fetchone()
    if row is None:
        raise Fenced
    if finish.change is not None:
        sqlite_sessions.change(connection, lease.key, row["generation"], finish.change, now)
    sqlite_outbox.add(connection, finish.turn, row["platform"], finish.pieces, store_id)
