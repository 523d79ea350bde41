"""Forgetting and counting on SQLite."""

import json
import sqlite3
from collections.abc import Collection
from datetime import datetime
from typing import Final

from sessions.keys import SessionKey
from sessions.store import sqlite_forget, sqlite_prune
from sessions.store.rows import time_text
from sessions.store.sqlite_people import Ask, Change
from sessions.store.upkeep import Figures, Traces

# One question for each partial index: SQLite uses none of them for several states at once.
COUNT: Final = """
    SELECT (SELECT count(*) FROM turn WHERE state = 'queued') AS queued,
           (SELECT count(*) FROM turn WHERE state = 'running') AS running,
           (SELECT count(*) FROM turn WHERE state = 'interrupted') AS interrupted,
           (SELECT count(DISTINCT key) FROM turn WHERE state = 'queued') AS waiting_rooms,
           (SELECT count(*) FROM session) AS sessions,
           (SELECT count(*) FROM outbox WHERE state = 'due') AS outbox_due"""
OLDEST_DUE: Final = """
    SELECT ended FROM turn WHERE seq = (SELECT turn FROM outbox WHERE state = 'due' ORDER BY id LIMIT 1)"""
SPOOLED: Final = """
    SELECT json_extract(file.value, '$.spooled') AS spooled
    FROM outbox, json_each(outbox.piece, '$.files') AS file WHERE state = 'due'"""


class SqliteUpkeep:
    """`sessions.store.upkeep.UpkeepStore`, whose docstrings hold here."""

    def __init__(self, change: Change, ask: Ask) -> None:
        self._change = change
        self._ask = ask

    async def figures(self) -> Figures:
        """See `UpkeepStore.figures`."""
        return await self._ask(_figures)

    async def spooled(self) -> frozenset[str]:
        """See `UpkeepStore.spooled`."""
        return await self._ask(_spooled)

    async def prune_room(self, key: SessionKey, before: datetime) -> int:
        """See `UpkeepStore.prune_room`."""
        return await self._change(lambda c, _: sqlite_prune.prune(c, time_text(before), key=key))

    async def prune_others(self, keys: Collection[SessionKey], before: datetime) -> int:
        """See `UpkeepStore.prune_others`."""
        listed = json.dumps(sorted(keys))
        return await self._change(lambda c, _: sqlite_prune.prune(c, time_text(before), but=listed))

    async def traces_of_person(self, person: str) -> Traces:
        """See `UpkeepStore.traces_of_person`."""
        return await self._ask(lambda c: sqlite_forget.traces_of_person(c, person))

    async def traces_of_room(self, key: SessionKey) -> Traces:
        """See `UpkeepStore.traces_of_room`."""
        return await self._ask(lambda c: sqlite_forget.traces_of_room(c, key))

    async def forget_person(self, person: str) -> Traces:
        """See `UpkeepStore.forget_person`."""
        return await self._change(lambda c, now: sqlite_forget.forget_person(c, person, now))

    async def forget_room(self, key: SessionKey) -> Traces:
        """See `UpkeepStore.forget_room`."""
        return await self._change(lambda c, now: sqlite_forget.forget_room(c, key, now))


def _figures(connection: sqlite3.Connection) -> Figures:
    counts = dict(connection.execute(COUNT).fetchone())
    oldest = connection.execute(OLDEST_DUE).fetchone()
    ended = None if oldest is None or oldest["ended"] is None else datetime.fromisoformat(oldest["ended"])
    return Figures(**counts, oldest_due=ended)


def _spooled(connection: sqlite3.Connection) -> frozenset[str]:
    return frozenset(row["spooled"] for row in connection.execute(SPOOLED))
