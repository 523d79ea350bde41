"""Grants and the audit log on SQLite."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Final, Protocol, TypeVar

from sessions.store.people import AuditEntry, Grant
from sessions.store.rows import plain_text

T = TypeVar("T")

LIST: Final = """
    SELECT platform, kind, id, standing, place, guild, given_by FROM granted WHERE platform = :platform
    ORDER BY kind, id, place"""
# What is denied in a guild is denied in all its channels, and what is denied everywhere in all places.
TAKE_AWAY: Final = """
    DELETE FROM granted
    WHERE platform = :platform AND kind = :kind AND id = :id
      AND (:place = '' OR (:place = :guild AND guild = :guild))"""
PUT: Final = """
    INSERT INTO granted (platform, kind, id, standing, place, guild, given_by, at)
    VALUES (:platform, :kind, :id, :standing, :place, :guild, :given_by, :now)
    ON CONFLICT (platform, kind, id, place)
    DO UPDATE SET standing = :standing, guild = :guild, given_by = :given_by, at = :now"""
FIND_OWNER: Final = "SELECT 1 FROM granted WHERE platform = :platform AND standing = 'owner'"
NOTE: Final = """
    INSERT INTO audit (at, platform, actor, action, target, detail)
    VALUES (:now, :platform, :actor, :action, :target, :detail)"""
NEWEST: Final = """
    SELECT at, platform, actor, action, target, detail FROM audit ORDER BY id DESC LIMIT :limit"""


class Change(Protocol):
    """Hands a change to the writer, with the time at which it was asked for."""

    def __call__(self, change: Callable[[sqlite3.Connection, str], T], /) -> "asyncio.Future[T]":
        """Return what comes of it."""
        ...


class Ask(Protocol):
    """Asks the reader."""

    def __call__(self, question: Callable[[sqlite3.Connection], T], /) -> Awaitable[T]:
        """Return the answer."""
        ...


class SqlitePeople:
    """`sessions.store.people.PeopleStore`, whose docstrings hold here."""

    def __init__(self, change: Change, ask: Ask) -> None:
        self._change = change
        self._ask = ask

    async def grants(self, platform: str) -> Sequence[Grant]:
        """See `PeopleStore.grants`."""
        return await self._ask(
            lambda c: [Grant(**row) for row in c.execute(LIST, {"platform": platform}).fetchall()]
        )

    async def grant(self, grant: Grant, entry: AuditEntry) -> None:
        """See `PeopleStore.grant`."""
        await self._change(lambda c, now: _grant(c, grant, entry, now))

    async def pair(self, grant: Grant, entry: AuditEntry) -> bool:
        """See `PeopleStore.pair`."""
        return await self._change(lambda c, now: _pair(c, grant, entry, now))

    async def note(self, entry: AuditEntry) -> None:
        """See `PeopleStore.note`."""
        await self._change(lambda c, now: _note(c, entry, now))

    async def audit(self, limit: int) -> Sequence[AuditEntry]:
        """See `PeopleStore.audit`."""
        return await self._ask(
            lambda c: [entry_of(row) for row in c.execute(NEWEST, {"limit": limit}).fetchall()]
        )


def _grant(connection: sqlite3.Connection, grant: Grant, entry: AuditEntry, now: str) -> None:
    row = {**asdict(grant), "now": now}
    if grant.standing == "none":
        connection.execute(TAKE_AWAY, row)
    connection.execute(PUT, row)
    _note(connection, entry, now)


def _pair(connection: sqlite3.Connection, grant: Grant, entry: AuditEntry, now: str) -> bool:
    if connection.execute(FIND_OWNER, {"platform": grant.platform}).fetchone() is not None:
        return False
    _grant(connection, grant, entry, now)
    return True


def _note(connection: sqlite3.Connection, entry: AuditEntry, now: str) -> None:
    row = {**asdict(entry), "now": now}
    del row["at"]
    connection.execute(NOTE, {name: plain_text(text) for name, text in row.items()})


def entry_of(row: sqlite3.Row) -> AuditEntry:
    """Return a row of `audit`."""
    return AuditEntry(
        platform=row["platform"],
        actor=row["actor"],
        action=row["action"],
        target=row["target"],
        detail=row["detail"],
        at=datetime.fromisoformat(row["at"]),
    )
