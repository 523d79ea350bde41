"""A room's queue on SQLite: looked at, put into another order, cleared, paused.

Each change runs inside the writer's transaction. `now` is a time as `rows.time_text` writes it.
"""

import sqlite3
from collections.abc import Sequence
from typing import Final, Literal

from sessions.keys import SessionKey, TurnId, session_key
from sessions.store.rows import turn_of
from sessions.store.sqlite_turns import ADD_LANE, FIND_RUNNING
from sessions.store.values import LaneStatus, Turn

CANCEL: Final = """
    UPDATE turn SET state = 'cancelled', ended = :now, receipt_due = message_id IS NOT NULL
    WHERE seq = :turn AND key = :key AND state = 'queued'"""
CLEAR: Final = """
    UPDATE turn SET state = 'cancelled', ended = :now, receipt_due = message_id IS NOT NULL
    WHERE key = :key AND state = 'queued'"""
FIND_PLACE: Final = "SELECT rank, seq FROM turn WHERE seq = :turn AND key = :key AND state = 'queued'"
FIND_FIRST: Final = """
    SELECT rank, seq FROM turn WHERE key = :key AND state = 'queued' ORDER BY rank, seq LIMIT 1"""
FIND_BEFORE: Final = """
    SELECT rank, seq FROM turn WHERE key = :key AND state = 'queued' AND (rank, seq) < (:rank, :seq)
    ORDER BY rank DESC, seq DESC LIMIT 1"""
# Ranks only ever fall, so that what comes next stays behind everything at rank 0.
MAKE_ROOM: Final = """
    UPDATE turn SET rank = rank - 2
    WHERE key = :key AND state = 'queued' AND (rank, seq) < (:rank, :seq)"""
SET_RANK: Final = "UPDATE turn SET rank = min(:rank, 0) - 1 WHERE seq = :turn"
PAUSE: Final = "UPDATE lane SET paused = :paused WHERE key = :key AND paused != :paused"
LIST_WAITING: Final = "SELECT key FROM turn WHERE state = 'queued' GROUP BY key ORDER BY min(seq)"
LIST_QUEUED: Final = "SELECT * FROM turn WHERE key = :key AND state = 'queued' ORDER BY rank, seq"
FIND_LANE: Final = """
    SELECT paused, (SELECT count(*) FROM turn WHERE key = :key AND state = 'queued') AS waiting
    FROM lane WHERE key = :key"""


def cancel(connection: sqlite3.Connection, key: SessionKey, turn: TurnId, now: str) -> bool:
    """See `Store.cancel`."""
    return connection.execute(CANCEL, {"key": key, "turn": turn, "now": now}).rowcount == 1


def clear(connection: sqlite3.Connection, key: SessionKey, now: str) -> int:
    """See `Store.clear`."""
    return connection.execute(CLEAR, {"key": key, "now": now}).rowcount


def move(connection: sqlite3.Connection, key: SessionKey, turn: TurnId, to: Literal["up", "first"]) -> bool:
    """See `Store.move`."""
    place = connection.execute(FIND_PLACE, {"key": key, "turn": turn}).fetchone()
    if place is None:
        return False
    find = FIND_BEFORE if to == "up" else FIND_FIRST
    other = connection.execute(find, {"key": key, "rank": place["rank"], "seq": turn}).fetchone()
    if other is not None and other["seq"] != turn:
        name = {"key": key, "turn": turn, "rank": other["rank"], "seq": other["seq"]}
        connection.execute(MAKE_ROOM, name)  # between the other one and those before it
        connection.execute(SET_RANK, name)
    return True


def pause(connection: sqlite3.Connection, key: SessionKey, *, paused: bool) -> bool:
    """See `Store.pause`."""
    connection.execute(ADD_LANE, {"key": key})
    return connection.execute(PAUSE, {"key": key, "paused": paused}).rowcount == 1


def waiting(connection: sqlite3.Connection) -> Sequence[SessionKey]:
    """See `Store.waiting`."""
    return [session_key(row["key"]) for row in connection.execute(LIST_WAITING)]


def queued(connection: sqlite3.Connection, key: SessionKey) -> Sequence[Turn]:
    """See `Store.queued`."""
    return [turn_of(row) for row in connection.execute(LIST_QUEUED, {"key": key})]


def lane(connection: sqlite3.Connection, key: SessionKey) -> LaneStatus:
    """See `Store.lane`."""
    lane = connection.execute(FIND_LANE, {"key": key}).fetchone()
    if lane is None:
        return LaneStatus(running=None, waiting=0)
    running = connection.execute(FIND_RUNNING, {"key": key}).fetchone()
    return LaneStatus(
        running=None if running is None else turn_of(running),
        waiting=lane["waiting"],
        paused=bool(lane["paused"]),
    )
