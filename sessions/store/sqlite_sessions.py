"""Sessions and small facts on SQLite: records, what resets leave behind, imports."""

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, assert_never

from sessions.errors import NoSuchSession
from sessions.keys import SessionKey, TurnId
from sessions.records import FormerSession, Renewed, Resumed, SessionChange, SessionRecord, Used
from sessions.store import sqlite_past
from sessions.store.rows import (
    former_columns,
    former_of,
    path_text,
    session_columns,
    session_of,
    time_text,
)

FIND: Final = "SELECT * FROM session WHERE key = :key"
ADD: Final = """
    INSERT INTO session (key, vendor, agent_session_id, workdir, memory_dir, created, last_used, generation,
                         turn_count, cost_usd, context_tokens, context_window, origin_key, resumable, extra)
    VALUES (:key, :vendor, :agent_session_id, :workdir, :memory_dir, :created, :last_used, :generation,
            :turn_count, :cost_usd, :context_tokens, :context_window, :origin_key, :resumable, :extra)
    ON CONFLICT DO NOTHING"""
USE: Final = """
    UPDATE session SET agent_session_id = ?3, turn_count = turn_count + 1, last_used = ?4,
                       cost_usd = coalesce(?5, cost_usd), context_tokens = coalesce(?6, context_tokens),
                       context_window = coalesce(?7, context_window)
    WHERE key = ?1 AND generation = (SELECT generation FROM turn WHERE seq = ?2)"""
IS_OF_TURN: Final = """
    SELECT 1 FROM session JOIN turn USING (key, generation) WHERE key = :key AND seq = :turn"""
ARCHIVE: Final = """
    INSERT INTO former_session (key, vendor, agent_session_id, workdir, created, ended, reason, turn_count)
    SELECT key, vendor, agent_session_id, workdir, created, :now, :reason, turn_count
    FROM session WHERE key = :key"""
RENEW: Final = """
    UPDATE session SET agent_session_id = :agent_session_id, generation = generation + 1, created = :now,
                       last_used = :now, turn_count = 0, cost_usd = 0, context_tokens = NULL,
                       context_window = NULL, resumable = TRUE
    WHERE key = :key
    RETURNING *"""
RESUME: Final = """
    UPDATE session SET agent_session_id = :agent_session_id, workdir = :workdir, generation = generation + 1,
                       created = :created, last_used = :now, turn_count = :turn_count, cost_usd = :cost_usd,
                       context_tokens = NULL, context_window = NULL, resumable = TRUE
    WHERE key = :key"""
TAKE_BACK: Final = """
    DELETE FROM former_session WHERE key = :key AND agent_session_id = :agent_session_id"""
UNCUT: Final = "UPDATE lane SET cut_off = NULL WHERE key = :key"
FOLLOW: Final = """
    UPDATE turn SET generation = (SELECT generation FROM session WHERE key = :key)
    WHERE key = :key AND state = 'running'"""
BIND: Final = "UPDATE session SET workdir = :workdir WHERE key = :key RETURNING *"
ADD_FORMER: Final = """
    INSERT INTO former_session (key, vendor, agent_session_id, workdir, created, ended, reason, turn_count)
    SELECT :key, :vendor, :agent_session_id, :workdir, :created, :ended, :reason, :turn_count
    WHERE NOT EXISTS (SELECT 1 FROM session WHERE agent_session_id = :agent_session_id)
      AND NOT EXISTS (SELECT 1 FROM former_session WHERE agent_session_id = :agent_session_id)"""
LIST_FORMER: Final = "SELECT * FROM former_session WHERE key = :key ORDER BY ended DESC, id DESC"


def ensure(connection: sqlite3.Connection, record: SessionRecord) -> SessionRecord:
    """See `Store.ensure_session`."""
    connection.execute(ADD, session_columns(record))
    return session_of(connection.execute(FIND, {"key": record.key}).fetchone())


def find(connection: sqlite3.Connection, key: SessionKey) -> SessionRecord | None:
    """See `Store.session`."""
    row = connection.execute(FIND, {"key": key}).fetchone()
    return None if row is None else session_of(row)


def every(connection: sqlite3.Connection) -> Sequence[SessionRecord]:
    """See `Store.sessions`."""
    return [session_of(row) for row in connection.execute("SELECT * FROM session ORDER BY key")]


def former(connection: sqlite3.Connection, key: SessionKey) -> Sequence[FormerSession]:
    """See `Store.former_sessions`."""
    return [former_of(row) for row in connection.execute(LIST_FORMER, {"key": key})]


def change(
    connection: sqlite3.Connection, key: SessionKey, turn: TurnId, made: SessionChange, now: str
) -> None:
    """Apply what a turn made of its session; nothing if the session is of another generation by now."""
    match made:
        case Used():
            reported = (made.cost_usd, made.context_tokens, made.context_window)
            connection.execute(USE, (key, turn, made.agent_session_id, now, *reported))
            if made.title:
                sqlite_past.entitle(connection, made.agent_session_id, made.title)
        case Renewed():
            if connection.execute(IS_OF_TURN, {"key": key, "turn": turn}).fetchone() is not None:
                renew(connection, key, made.agent_session_id, made.reason, now)
                if made.title:
                    sqlite_past.rename(connection, made.agent_session_id, made.title)
        case Resumed():
            if connection.execute(IS_OF_TURN, {"key": key, "turn": turn}).fetchone() is not None:
                _resume(connection, key, made, now)
        case _:
            assert_never(made)


def renew(
    connection: sqlite3.Connection, key: SessionKey, agent_session_id: str, reason: str, now: str
) -> SessionRecord:
    """See `Store.renew`."""
    sqlite_past.note_cost(connection, key)
    connection.execute(ARCHIVE, {"key": key, "reason": reason, "now": now})
    row = connection.execute(RENEW, {"key": key, "agent_session_id": agent_session_id, "now": now}).fetchone()
    if row is None:
        raise NoSuchSession
    if reason == "lost":
        # The running turn found the conversation gone and goes on in the new one. After a reset it
        # stays with the old one, and what it still says about the session is dropped.
        connection.execute(FOLLOW, {"key": key})
    return session_of(row)


def _resume(connection: sqlite3.Connection, key: SessionKey, made: Resumed, now: str) -> None:
    """Let the room go on with another session; the present one is archived."""
    sqlite_past.note_cost(connection, key)
    connection.execute(ARCHIVE, {"key": key, "reason": made.reason, "now": now})
    resumed = {
        "key": key,
        "agent_session_id": made.agent_session_id,
        "workdir": path_text(made.workdir),
        "created": time_text(made.created),
        "turn_count": made.turn_count,
        "cost_usd": made.cost_usd,
        "now": now,
    }
    connection.execute(RESUME, resumed)
    connection.execute(TAKE_BACK, resumed)
    connection.execute(UNCUT, {"key": key})
    if made.title:
        sqlite_past.entitle(connection, made.agent_session_id, made.title)


def bind(connection: sqlite3.Connection, key: SessionKey, workdir: Path) -> SessionRecord:
    """See `Store.bind`."""
    row = connection.execute(BIND, {"key": key, "workdir": path_text(workdir)}).fetchone()
    if row is None:
        raise NoSuchSession
    return session_of(row)


def take_over(
    connection: sqlite3.Connection, records: Sequence[SessionRecord], left: Sequence[FormerSession]
) -> Sequence[SessionKey]:
    """See `Store.import_sessions`."""
    known = [
        record.key for record in records if connection.execute(ADD, session_columns(record)).rowcount == 0
    ]
    for one in left:
        connection.execute(ADD_FORMER, former_columns(one))
    return known


def get_fact(connection: sqlite3.Connection, scope: str, name: str) -> str | None:
    """See `Store.get_fact`."""
    row = connection.execute("SELECT text FROM fact WHERE scope = ? AND name = ?", (scope, name)).fetchone()
    return None if row is None else row["text"]


def facts(connection: sqlite3.Connection, scope: str) -> Mapping[str, str]:
    """See `Store.facts`."""
    found = connection.execute("SELECT name, text FROM fact WHERE scope = ? ORDER BY name", (scope,))
    return {row["name"]: row["text"] for row in found}


def set_fact(connection: sqlite3.Connection, scope: str, name: str, text: str) -> None:
    """See `Store.set_fact`."""
    connection.execute(
        """INSERT INTO fact (scope, name, text) VALUES (?, ?, ?)
           ON CONFLICT DO UPDATE SET text = excluded.text""",
        (scope, name, text),
    )
