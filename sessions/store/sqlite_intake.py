"""What comes in, on SQLite: messages accepted, declined, edited and withdrawn, and what became of them.

Each change runs inside the writer's transaction. `now` is a time as `rows.time_text` writes it.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Final

from sessions.crash_points import reached
from sessions.errors import QueueFull
from sessions.keys import SessionKey, TurnId
from sessions.store import sqlite_outbox, sqlite_sessions
from sessions.store.rows import declined_fate, inbound_columns, plain_text, prompt_text, turn_fate, turn_of
from sessions.store.sqlite_turns import ADD_LANE
from sessions.store.values import Accepted, Fate, Inbound, Kind, Piece, Prompt, Touched, TurnState

FIND_KNOWN: Final = "SELECT * FROM turn WHERE source = :source AND msg_id = :msg_id"
# What every message passes has its values bound by place: by name takes longer than some of the statements.
LOOK: Final = """
    SELECT EXISTS (SELECT 1 FROM turn WHERE source = ?2 AND msg_id = ?3),
           (SELECT count(*) FROM (SELECT 1 FROM turn WHERE key = ?1 AND state = 'queued' LIMIT ?4)),
           EXISTS (SELECT 1 FROM turn WHERE key = ?1 AND state = 'running'),
           (SELECT paused FROM lane WHERE key = ?1)"""
COUNT: Final = "SELECT count(*) FROM turn WHERE key = ?1 AND state = 'queued'"
RECALL: Final = "SELECT turns FROM counted WHERE key = ?1 AND changes = total_changes()"
# Remembering is a change, too.
REMEMBER: Final = "REPLACE INTO counted (key, turns, changes) VALUES (?1, ?2, total_changes() + 1)"
COUNT_BEFORE: Final = """
    SELECT count(*) + EXISTS (SELECT 1 FROM turn WHERE key = :key AND state = 'running') FROM turn
    WHERE key = :key AND state = 'queued' AND (rank, seq) < (:rank, :seq)"""
FIRST_RANK: Final = "SELECT min(rank) FROM turn WHERE key = :key AND state = 'queued'"
ADD_TURN: Final = """
    INSERT INTO turn (source, msg_id, key, kind, origin, platform, channel_id, message_id, prompt,
                      rank, state, created, ended, receipt_due)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
MOVE_CURSOR: Final = """
    INSERT INTO cursor (source, channel, msg_id) VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET msg_id = max(msg_id, excluded.msg_id)"""
HAS_CURSOR: Final = "SELECT 1 FROM cursor WHERE source = :source AND channel = :channel"
DECLINE: Final = """
    INSERT INTO declined (source, msg_id, channel, reason, at)
    SELECT :source, :msg_id, :channel, :reason, :now
    WHERE NOT EXISTS (SELECT 1 FROM turn WHERE source = :source AND msg_id = :msg_id)
    ON CONFLICT DO NOTHING"""
FIND_DECLINED: Final = "SELECT * FROM declined WHERE source = :source AND msg_id = :msg_id"
EDIT: Final = """
    UPDATE turn SET prompt = :prompt
    WHERE source = :source AND msg_id = :msg_id AND state = 'queued' AND kind = 'prompt'
      AND prompt != :prompt"""
WITHDRAW: Final = """
    UPDATE turn SET state = 'cancelled', ended = :now, receipt_due = message_id IS NOT NULL
    WHERE source = :source AND msg_id = :msg_id AND state = 'queued'"""
LIST_CURSORS: Final = "SELECT channel, msg_id FROM cursor WHERE source = :source"
LIST_QUEUED_MESSAGES: Final = """
    SELECT channel_id, msg_id FROM turn INDEXED BY turn_queued WHERE state = 'queued' AND source = :source
    ORDER BY channel_id, msg_id"""

_ELSEWHERE: Final = ""
"""The row for all channels that have no position of their own."""
MANY: Final = 128
"""So many that wait are counted at each accept; of more, the count is kept from one accept to the next."""


def accept(connection: sqlite3.Connection, row: Inbound, now: str) -> Accepted:
    """See `Store.accept`."""
    # One look for everything: each statement costs the thread its turn at the interpreter's lock.
    look = connection.execute(LOOK, (row.key, row.source, row.msg_id, MANY))
    is_known, waiting, running, paused = look.fetchone()
    if is_known:
        known = connection.execute(FIND_KNOWN, {"source": row.source, "msg_id": row.msg_id}).fetchone()
        return Accepted(turn=TurnId(known["seq"]), new=False, ahead=_ahead(connection, known))
    if paused is None:
        connection.execute(ADD_LANE, {"key": row.key})
    is_long = waiting == MANY
    if is_long:
        waiting = count_many(connection, row.key)
    if row.queue_limit is not None and waiting >= row.queue_limit:
        raise QueueFull
    ahead = running if row.head else running + waiting
    waits = bool(ahead or row.held or paused)
    turn = _add(connection, row, TurnState.QUEUED, now, waits=waits)
    if row.cursor is not None:
        _move_cursor(connection, row.source, row.cursor, row.msg_id)
    if row.fact is not None:
        sqlite_sessions.set_fact(connection, *row.fact)
    if is_long:  # the last change of them all, or it would not be recalled
        connection.execute(REMEMBER, (row.key, waiting + 1))
    reached("accept.before_commit")
    return Accepted(turn=turn, new=True, ahead=ahead)


def decline(
    connection: sqlite3.Connection,
    source: str,
    channel: str,
    msg_id: int,
    reason: str | None,
    now: str,
    *,
    addressed: bool = False,
) -> None:
    """See `Store.decline`."""
    message = {"source": source, "channel": channel, "msg_id": msg_id}
    if reason is not None:
        connection.execute(DECLINE, {**message, "reason": plain_text(reason), "now": now})
    if not addressed and connection.execute(HAS_CURSOR, message).fetchone() is None:
        channel = _ELSEWHERE
    _move_cursor(connection, source, channel, msg_id)


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
    turn = _add(connection, notice, TurnState.DONE, now, waits=False)
    sqlite_outbox.add(connection, turn, pieces, store_id)
    return Accepted(turn=turn, new=True, ahead=0)


def edit(connection: sqlite3.Connection, source: str, msg_id: int, prompt: Prompt) -> Touched:
    """See `Store.edit`."""
    message = {"source": source, "msg_id": msg_id, "prompt": prompt_text(prompt)}
    changed = connection.execute(EDIT, message).rowcount == 1
    return _touched(connection, source, msg_id, changed=changed)


def withdraw(connection: sqlite3.Connection, source: str, msg_id: int, now: str) -> Touched:
    """See `Store.withdraw`."""
    changed = connection.execute(WITHDRAW, {"source": source, "msg_id": msg_id, "now": now}).rowcount == 1
    return _touched(connection, source, msg_id, changed=changed)


def fate(connection: sqlite3.Connection, source: str, msg_id: int) -> Fate | None:
    """See `Store.fate`."""
    message = {"source": source, "msg_id": msg_id}
    known = connection.execute(FIND_KNOWN, message).fetchone()
    if known is not None:
        return turn_fate(known, _ahead(connection, known))
    declined = connection.execute(FIND_DECLINED, message).fetchone()
    return None if declined is None else declined_fate(declined)


def cursors(connection: sqlite3.Connection, source: str) -> Mapping[str, int]:
    """See `Store.cursors`."""
    found = {row["channel"]: row["msg_id"] for row in connection.execute(LIST_CURSORS, {"source": source})}
    if found:
        found[_ELSEWHERE] = max(found.values())
    return found


def queued_messages(connection: sqlite3.Connection, source: str) -> Mapping[str, Sequence[int]]:
    """See `Store.queued_messages`."""
    found: dict[str, list[int]] = {}
    for row in connection.execute(LIST_QUEUED_MESSAGES, {"source": source}):
        found.setdefault(row["channel_id"], []).append(row["msg_id"])
    return found


def _add(connection: sqlite3.Connection, row: Inbound, state: TurnState, now: str, *, waits: bool) -> TurnId:
    rank = 0
    if row.head:
        (first,) = connection.execute(FIRST_RANK, {"key": row.key}).fetchone()
        rank = min(first or 0, 0) - 1
    ended = None if state is TurnState.QUEUED else now
    receipt_due = waits and row.address.message_id is not None
    columns = (*inbound_columns(row), rank, state.value, now, ended, receipt_due)
    turn = connection.execute(ADD_TURN, columns).lastrowid
    assert turn is not None
    return TurnId(turn)


def _move_cursor(connection: sqlite3.Connection, source: str, channel: str, msg_id: int) -> None:
    connection.execute(MOVE_CURSOR, (source, channel, msg_id))


def count_many(connection: sqlite3.Connection, key: SessionKey) -> int:
    """Count what waits in a room where it is much: as remembered, if nothing has changed since."""
    recalled = connection.execute(RECALL, (key,)).fetchone()
    (waiting,) = recalled or connection.execute(COUNT, (key,)).fetchone()
    return waiting


def _touched(connection: sqlite3.Connection, source: str, msg_id: int, *, changed: bool) -> Touched:
    known = connection.execute(FIND_KNOWN, {"source": source, "msg_id": msg_id}).fetchone()
    return Touched(turn=None if known is None else turn_of(known), changed=changed)


def _ahead(connection: sqlite3.Connection, row: sqlite3.Row) -> int:
    """Count what runs or waits before a turn that is stored already."""
    if row["state"] != TurnState.QUEUED:
        return 0
    place = {"key": row["key"], "rank": row["rank"], "seq": row["seq"]}
    (before,) = connection.execute(COUNT_BEFORE, place).fetchone()
    return before
