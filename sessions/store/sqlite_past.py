"""The past of rooms on SQLite: what sessions are called and cost, and what was said in them."""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sessions.keys import SessionKey, session_key
from sessions.store.past import Trouble, Words
from sessions.store.rows import plain_text, turn_of
from sessions.store.sqlite_people import Ask, Change
from sessions.store.values import Turn, TurnState

TITLE: Final = "title"
"""Scope of the facts that say what a session is called; their name is its agent session id."""
COST: Final = "cost"
"""Scope of the facts that say what a session had cost when it ended."""
WORDS: Final = """
    SELECT fact.name, scope, text FROM fact
    JOIN (SELECT agent_session_id AS id FROM session WHERE key = :key
          UNION SELECT agent_session_id FROM former_session WHERE key = :key) ON fact.name = id
    WHERE scope IN ('title', 'cost')"""
SAID: Final = """
    SELECT * FROM turn
    WHERE key = :key AND kind = 'prompt' AND merged_into IS NULL AND attempt > 0
      AND state IN ('done', 'failed', 'cancelled')
    ORDER BY seq DESC LIMIT :limit"""
# One that was cut off may end behind those that were said after it, but not behind many.
LAST_ENDED: Final = """
    SELECT state, ended, summary, channel_id,
      (SELECT reason FROM outbox WHERE turn = seq AND state = 'dropped'
         AND json_extract(piece, '$.action') = 'send' ORDER BY part LIMIT 1) AS lost
    FROM (SELECT * FROM turn
          WHERE key = :key AND kind = 'prompt' AND merged_into IS NULL AND attempt > 0
            AND state IN ('done', 'failed')
          ORDER BY seq DESC LIMIT 20)
    ORDER BY ended DESC, seq DESC LIMIT 1"""
USERS: Final = "SELECT key FROM session WHERE agent_session_id = :id ORDER BY key"
DROP: Final = """
    DELETE FROM former_session
    WHERE key = :key AND agent_session_id = :id
      AND NOT EXISTS (SELECT 1 FROM session WHERE agent_session_id = :id)"""
DROP_WORDS: Final = """
    DELETE FROM fact WHERE scope IN ('title', 'cost') AND name = :id
      AND NOT EXISTS (SELECT 1 FROM former_session WHERE agent_session_id = :id)"""
ENTITLE: Final = "INSERT INTO fact (scope, name, text) VALUES ('title', ?, ?) ON CONFLICT DO NOTHING"
NOTE_COST: Final = """
    INSERT INTO fact (scope, name, text)
    SELECT 'cost', agent_session_id, cost_usd FROM session WHERE key = :key AND cost_usd > 0
    ON CONFLICT DO UPDATE SET text = excluded.text"""
RENAME: Final = """
    INSERT INTO fact (scope, name, text) VALUES ('title', ?, ?)
    ON CONFLICT DO UPDATE SET text = excluded.text"""


class SqlitePast:
    """`sessions.store.past.PastStore`, whose docstrings hold here."""

    def __init__(self, change: Change, ask: Ask) -> None:
        self._change = change
        self._ask = ask

    async def words(self, key: SessionKey) -> Mapping[str, Words]:
        """See `PastStore.words`."""
        return await self._ask(lambda c: _words(c.execute(WORDS, {"key": key}).fetchall()))

    async def said(self, key: SessionKey, limit: int) -> Sequence[Turn]:
        """See `PastStore.said`."""
        return await self._ask(lambda c: [turn_of(r) for r in c.execute(SAID, {"key": key, "limit": limit})])

    async def trouble(self, key: SessionKey) -> Trouble | None:
        """See `PastStore.trouble`."""
        return await self._ask(lambda c: _trouble(c.execute(LAST_ENDED, {"key": key}).fetchone()))

    async def name(self, agent_session_id: str, title: str) -> None:
        """See `PastStore.name`."""
        await self._change(lambda c, _now: rename(c, agent_session_id, title))

    async def users_of(self, agent_session_id: str) -> Sequence[SessionKey]:
        """See `PastStore.users_of`."""
        return await self._ask(
            lambda c: [session_key(row["key"]) for row in c.execute(USERS, {"id": agent_session_id})]
        )

    async def drop_former(self, key: SessionKey, agent_session_id: str) -> bool:
        """See `PastStore.drop_former`."""
        return await self._change(lambda c, _now: _drop(c, {"key": key, "id": agent_session_id}))


def entitle(connection: sqlite3.Connection, agent_session_id: str, title: str) -> None:
    """Give a session a name unless it has one."""
    connection.execute(ENTITLE, (agent_session_id, plain_text(title)))


def rename(connection: sqlite3.Connection, agent_session_id: str, title: str) -> None:
    """Give a session another name."""
    connection.execute(RENAME, (agent_session_id, plain_text(title)))


def note_cost(connection: sqlite3.Connection, key: SessionKey) -> None:
    """Remember what the present session of a room has cost, for when it is a former one."""
    connection.execute(NOTE_COST, {"key": key})


def _words(rows: Sequence[sqlite3.Row]) -> Mapping[str, Words]:
    titles = {row["name"]: row["text"] for row in rows if row["scope"] == TITLE}
    costs = {row["name"]: float(row["text"]) for row in rows if row["scope"] == COST}
    return {name: Words(titles.get(name, ""), costs.get(name)) for name in titles.keys() | costs.keys()}


def _trouble(row: sqlite3.Row | None) -> Trouble | None:
    if row is None or not (row["state"] == TurnState.FAILED or row["lost"]):
        return None
    cause = row["summary"] if row["state"] == TurnState.FAILED else ""
    ended, channel_id = datetime.fromisoformat(row["ended"]), row["channel_id"]
    return Trouble(ended=ended, channel_id=channel_id, cause=cause, lost=row["lost"] or "")


def _drop(connection: sqlite3.Connection, one: Mapping[str, str]) -> bool:
    dropped = connection.execute(DROP, one).rowcount > 0
    if dropped:
        connection.execute(DROP_WORDS, one)
    return dropped
