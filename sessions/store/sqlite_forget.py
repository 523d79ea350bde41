"""Forgetting a person or a room on SQLite, at once and whole; what was freed is overwritten in the file."""

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, cast

from sessions.keys import DEFAULT_KEY, SessionKey, session_key
from sessions.store.upkeep import Said, Traces

MENTIONING: Final = """
    SELECT seq, key, state, message_id, prompt FROM turn WHERE instr(prompt, :person) ORDER BY seq"""
OF_ROOM: Final = "SELECT seq, key, state, message_id, prompt FROM turn WHERE key = :key ORDER BY seq"
COUNT_PIECES: Final = "SELECT count(*) FROM outbox WHERE turn IN (SELECT value FROM json_each(:turns))"
COUNT_SESSIONS: Final = """
    SELECT (SELECT count(*) FROM session WHERE key = :key)
         + (SELECT count(*) FROM former_session WHERE key = :key)"""
WORKDIRS: Final = """
    SELECT workdir FROM session WHERE key = :key UNION SELECT workdir FROM former_session WHERE key = :key"""
COUNT_SET: Final = """
    SELECT count(*) FROM fact WHERE scope IN ('mounts', 'permissions', 'settings') AND name = :key"""
COUNT_GRANTS: Final = "SELECT count(*) FROM granted WHERE (kind = 'user' AND id = :name) OR place = :name"
COUNT_AUDIT: Final = """
    SELECT count(*) FROM audit
    WHERE actor = :name OR target = :name OR target LIKE '% ' || :name"""

UNQUOTE: Final = "UPDATE turn SET prompt = :prompt WHERE seq = :seq"
# What a forgotten turn took along was said by somebody else, and waits for an answer of its own.
LET_GO: Final = """
    UPDATE turn SET state = 'queued', merged_into = NULL
    WHERE state = 'merged' AND merged_into IN (SELECT value FROM json_each(:turns))
      AND seq NOT IN (SELECT value FROM json_each(:turns))"""
UNCUT: Final = "UPDATE lane SET cut_off = NULL WHERE cut_off IN (SELECT value FROM json_each(:turns))"
TITLES: Final = "SELECT name, text FROM fact WHERE scope = 'title'"
UNTITLE: Final = "DELETE FROM fact WHERE scope = 'title' AND name = ?"
DELETE_PIECES: Final = "DELETE FROM outbox WHERE turn IN (SELECT value FROM json_each(:turns))"
DELETE_TURNS: Final = "DELETE FROM turn WHERE seq IN (SELECT value FROM json_each(:turns))"
# The newest number must never be given again: the nonces of messages are made from it.
HOLD_NUMBER: Final = """
    INSERT INTO turn (seq, source, msg_id, key, kind, origin, platform, channel_id, prompt, state, created,
                      ended)
    VALUES (:seq, 'forgotten', :seq, :key, 'notice', 'human', '', '', :prompt, 'done', :now, :now)"""
DELETE_ROOM: Final = (
    "DELETE FROM declined WHERE channel = :key",
    """DELETE FROM fact WHERE scope IN ('title', 'cost') AND name IN (
        SELECT agent_session_id FROM session WHERE key = :key
        UNION SELECT agent_session_id FROM former_session WHERE key = :key)""",
    "DELETE FROM session WHERE key = :key",
    "DELETE FROM former_session WHERE key = :key",
    """DELETE FROM fact WHERE name = :key AND scope IN (
        'mounts', 'permissions', 'settings', 'answered', 'cards', 'places', 'tombstones', 'untitled')""",
    "DELETE FROM lane WHERE key = :key AND NOT EXISTS (SELECT 1 FROM turn WHERE turn.key = :key)",
)
_ENDED: Final = ("done", "failed", "cancelled")


def traces_of_person(connection: sqlite3.Connection, person: str) -> Traces:
    """See `UpkeepStore.traces_of_person`."""
    own, quoting = _of_person(connection, person)
    return _traces(connection, person, own, quotes=len(quoting))


def traces_of_room(connection: sqlite3.Connection, key: SessionKey) -> Traces:
    """See `UpkeepStore.traces_of_room`."""
    return _traces(connection, key, connection.execute(OF_ROOM, {"key": key}).fetchall(), room=key)


def forget_person(connection: sqlite3.Connection, person: str, now: str) -> Traces:
    """See `UpkeepStore.forget_person`."""
    own, quoting = _of_person(connection, person)
    there_was = _traces(connection, person, own, quotes=len(quoting))
    _overwrite(connection)
    for row in quoting:
        said = _said(row)
        del said["quote"]
        connection.execute(UNQUOTE, {"seq": row["seq"], "prompt": json.dumps(said)})
    _unname(connection, [" ".join(str(_said(row)["text"]).split()) for row in own])
    _delete(connection, own, now)
    return there_was


def forget_room(connection: sqlite3.Connection, key: SessionKey, now: str) -> Traces:
    """See `UpkeepStore.forget_room`."""
    there_was = traces_of_room(connection, key)
    _overwrite(connection)
    _delete(connection, connection.execute(OF_ROOM, {"key": key}).fetchall(), now)
    for statement in DELETE_ROOM:
        connection.execute(statement, {"key": key})
    return there_was


def _unname(connection: sqlite3.Connection, said: Sequence[str]) -> None:
    """Forget what sessions are called after somebody's words: all of them, or the first ones and "…"."""
    for row in connection.execute(TITLES).fetchall():
        title: str = row["text"]
        begins = title.removesuffix("…")
        if title in said or (begins != title and any(words.startswith(begins) for words in said)):
            connection.execute(UNTITLE, (row["name"],))


def _overwrite(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA secure_delete = ON").fetchall()


def _of_person(
    connection: sqlite3.Connection, person: str
) -> tuple[Sequence[sqlite3.Row], Sequence[sqlite3.Row]]:
    """Return the turns that a person asked for, and those of others that quote them."""
    mentioning = connection.execute(MENTIONING, {"person": person}).fetchall()
    own = [row for row in mentioning if _said(row).get("author_id") == person]
    quoting = [row for row in mentioning if row not in own and _quoted(row) == person]
    return own, quoting


def _quoted(row: sqlite3.Row) -> str | None:
    quote = cast("dict[str, str] | None", _said(row).get("quote"))
    return None if quote is None else quote["author_id"]


def _said(row: sqlite3.Row) -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads(row["prompt"]))


def _traces(
    connection: sqlite3.Connection,
    name: str,
    turns: Sequence[sqlite3.Row],
    *,
    quotes: int = 0,
    room: SessionKey | None = None,
) -> Traces:
    asked = {"turns": json.dumps([row["seq"] for row in turns]), "key": room, "name": name}

    def count(question: str) -> int:
        (number,) = connection.execute(question, asked).fetchone()
        return int(number)

    return Traces(
        turns=len(turns),
        unfinished=sum(row["state"] not in _ENDED for row in turns),
        pieces=count(COUNT_PIECES),
        quotes=quotes,
        sessions=count(COUNT_SESSIONS),
        settings=count(COUNT_SET),
        said=[
            Said(key=session_key(row["key"]), message_id=row["message_id"])
            for row in turns
            if row["message_id"] is not None
        ],
        rooms=[] if room is not None else sorted({session_key(row["key"]) for row in turns}),
        workdirs=[Path(row["workdir"]) for row in connection.execute(WORKDIRS, asked)],
        grants=count(COUNT_GRANTS),
        audit=count(COUNT_AUDIT),
    )


def _delete(connection: sqlite3.Connection, turns: Sequence[sqlite3.Row], now: str) -> None:
    if not turns:
        return
    (newest,) = connection.execute("SELECT max(seq) FROM turn").fetchone()
    listed = {"turns": json.dumps([row["seq"] for row in turns])}
    for statement in (LET_GO, UNCUT, DELETE_PIECES, DELETE_TURNS):
        connection.execute(statement, listed)
    if turns[-1]["seq"] == newest:
        connection.execute("INSERT INTO lane (key) VALUES (?) ON CONFLICT DO NOTHING", (DEFAULT_KEY,))
        held = {"seq": newest, "key": DEFAULT_KEY, "now": now}
        nothing = json.dumps({"text": "", "author_id": None, "author_name": None, "attachments": []})
        connection.execute(HOLD_NUMBER, {**held, "prompt": nothing})
