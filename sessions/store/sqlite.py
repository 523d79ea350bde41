"""Store on SQLite (WAL, synchronous=FULL), embedded: one writing thread, one reading thread."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from sessions.clock import Clock
from sessions.errors import StateError
from sessions.keys import SessionKey, TurnId
from sessions.paths import Paths
from sessions.records import FormerSession, SessionRecord
from sessions.store import sqlite_files, sqlite_outbox, sqlite_sessions, sqlite_turns
from sessions.store.reader import Reader
from sessions.store.rows import time_text
from sessions.store.sqlite_errors import state_error
from sessions.store.values import (
    STORE_ID,
    Accepted,
    Inbound,
    Interrupted,
    LaneStatus,
    Lease,
    OutboxRow,
    Piece,
    Take,
    Turn,
    TurnResult,
)
from sessions.store.writer import Writer


class SqliteStore:
    """`sessions.store.Store`, whose docstrings hold here. To be used on one event loop."""

    def __init__(self, writer: Writer, reader: Reader, store_id: str, clock: Clock) -> None:
        self._change = writer.submit
        self._ask = reader.ask
        self._writer = writer
        self._reader = reader
        self._id = store_id
        self._clock = clock

    def accept(self, row: Inbound) -> Awaitable[Accepted]:
        """See `Store.accept`."""
        now = self._now()
        return self._change(lambda c: sqlite_turns.accept(c, row, now))

    async def claim(self, key: SessionKey, owner: UUID) -> Lease:
        """See `Store.claim`."""
        return await self._change(lambda c: sqlite_turns.claim(c, key, owner))

    async def next(
        self, lease: Lease, finish: TurnResult | None = None, take: Take = Take.ONE
    ) -> Turn | None:
        """See `Store.next`."""
        now = self._now()
        return await self._change(lambda c: sqlite_turns.advance(c, lease, finish, take, self._id, now))

    async def note(
        self,
        lease: Lease,
        turn: TurnId,
        *,
        shown: bool = False,
        last_tool: str | None = None,
        live_message_id: str | None = None,
    ) -> None:
        """See `Store.note`."""
        await self._change(
            lambda c: sqlite_turns.note(
                c, lease, turn, shown=shown, last_tool=last_tool, live_message_id=live_message_id
            )
        )

    async def cancel(self, key: SessionKey, turn: TurnId) -> bool:
        """See `Store.cancel`."""
        now = self._now()
        return await self._change(lambda c: sqlite_turns.cancel(c, key, turn, now))

    async def recover(
        self, owner: UUID, say: Callable[[Interrupted], Sequence[Piece]]
    ) -> Sequence[Interrupted]:
        """See `Store.recover`."""
        now = self._now()
        return await self._change(lambda c: sqlite_turns.recover(c, owner, say, self._id, now))

    async def post(self, notice: Inbound, pieces: Sequence[Piece]) -> Accepted:
        """See `Store.post`."""
        now = self._now()
        return await self._change(lambda c: sqlite_turns.post(c, notice, pieces, self._id, now))

    async def waiting(self) -> Sequence[SessionKey]:
        """See `Store.waiting`."""
        return await self._ask(sqlite_turns.waiting)

    async def queued(self, key: SessionKey) -> Sequence[Turn]:
        """See `Store.queued`."""
        return await self._ask(lambda c: sqlite_turns.queued(c, key))

    async def lane(self, key: SessionKey) -> LaneStatus:
        """See `Store.lane`."""
        return await self._ask(lambda c: sqlite_turns.lane(c, key))

    async def turn(self, turn: TurnId) -> Turn | None:
        """See `Store.turn`."""
        return await self._ask(lambda c: sqlite_turns.find(c, turn))

    async def ensure_session(self, record: SessionRecord) -> SessionRecord:
        """See `Store.ensure_session`."""
        return await self._change(lambda c: sqlite_sessions.ensure(c, record))

    async def session(self, key: SessionKey) -> SessionRecord | None:
        """See `Store.session`."""
        return await self._ask(lambda c: sqlite_sessions.find(c, key))

    async def sessions(self) -> Sequence[SessionRecord]:
        """See `Store.sessions`."""
        return await self._ask(sqlite_sessions.every)

    async def former_sessions(self, key: SessionKey) -> Sequence[FormerSession]:
        """See `Store.former_sessions`."""
        return await self._ask(lambda c: sqlite_sessions.former(c, key))

    async def renew(self, lease: Lease, agent_session_id: str, reason: str) -> SessionRecord:
        """See `Store.renew`."""
        now = self._now()

        def change(c: sqlite3.Connection) -> SessionRecord:
            sqlite_turns.fence(c, lease)
            return sqlite_sessions.renew(c, lease.key, agent_session_id, reason, now)

        return await self._change(change)

    async def bind(self, key: SessionKey, workdir: Path) -> SessionRecord:
        """See `Store.bind`."""
        return await self._change(lambda c: sqlite_sessions.bind(c, key, workdir))

    async def import_sessions(
        self, records: Sequence[SessionRecord], former: Sequence[FormerSession]
    ) -> Sequence[SessionKey]:
        """See `Store.import_sessions`."""
        return await self._change(lambda c: sqlite_sessions.take_over(c, records, former))

    async def outbox_due(self, platform: str, limit: int) -> Sequence[OutboxRow]:
        """See `Store.outbox_due`."""
        now = self._now()
        return await self._ask(lambda c: sqlite_outbox.due(c, platform, limit, now))

    async def outbox_done(self, row: int, sent_id: str | None) -> None:
        """See `Store.outbox_done`."""
        await self._change(lambda c: sqlite_outbox.done(c, row, sent_id))

    async def outbox_retry(self, row: int, delay_s: float) -> None:
        """See `Store.outbox_retry`."""
        now = self._clock.utc()
        until = now + timedelta(seconds=delay_s)
        await self._change(lambda c: sqlite_outbox.retry(c, row, time_text(now), time_text(until)))

    async def outbox_drop(self, row: int, reason: str) -> None:
        """See `Store.outbox_drop`."""
        await self._change(lambda c: sqlite_outbox.drop(c, row, reason))

    async def outbox_wait_s(self, platform: str) -> float | None:
        """See `Store.outbox_wait_s`."""
        now = self._clock.utc()
        return await self._ask(lambda c: sqlite_outbox.wait_s(c, platform, now))

    async def get_fact(self, scope: str, name: str) -> str | None:
        """See `Store.get_fact`."""
        return await self._ask(lambda c: sqlite_sessions.get_fact(c, scope, name))

    async def set_fact(self, scope: str, name: str, text: str) -> None:
        """See `Store.set_fact`."""
        await self._change(lambda c: sqlite_sessions.set_fact(c, scope, name, text))

    async def close(self) -> None:
        """See `Store.close`."""
        # The writer last: whoever closes last tidies the log file away, and a reader cannot.
        await self._reader.close()
        await self._writer.close()

    def _now(self) -> str:
        return time_text(self._clock.utc())


async def open_sqlite(data_dir: Path, clock: Clock) -> SqliteStore:
    """Open the store below `data_dir`; see `open_store`. The caller holds the instance lock."""
    paths = await asyncio.to_thread(Paths.at, data_dir)
    await asyncio.to_thread(sqlite_files.prepare, paths, clock.utc())

    def explain(error: sqlite3.Error) -> StateError:
        return state_error(error, paths.database, sqlite_files.newest_backup(paths))

    writer = Writer(await asyncio.to_thread(sqlite_files.connect_writer, paths), explain)
    reader = Reader(await asyncio.to_thread(sqlite_files.connect_reader, paths), explain)
    store_id = await reader.ask(lambda c: sqlite_sessions.get_fact(c, *STORE_ID))
    assert store_id is not None
    return SqliteStore(writer, reader, store_id, clock)
