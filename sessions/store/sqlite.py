"""Store on SQLite (WAL, synchronous=FULL), embedded: one writing thread, one reading thread."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Literal, TypeVar
from uuid import UUID

from sessions.clock import Clock
from sessions.keys import SessionKey, TurnId
from sessions.paths import Paths
from sessions.records import FormerSession, SessionRecord
from sessions.store import (
    sqlite_crowd,
    sqlite_files,
    sqlite_intake,
    sqlite_merge,
    sqlite_outbox,
    sqlite_queue,
    sqlite_receipts,
    sqlite_recovery,
    sqlite_sessions,
    sqlite_turns,
)
from sessions.store.reader import Reader
from sessions.store.rows import time_text
from sessions.store.sqlite_errors import OnFinal
from sessions.store.sqlite_past import SqlitePast
from sessions.store.sqlite_people import SqlitePeople
from sessions.store.sqlite_upkeep import SqliteUpkeep
from sessions.store.sqlite_watch import Watch
from sessions.store.upkeep import OnCommit, not_measured
from sessions.store.values import (
    STORE_ID,
    Accepted,
    Fate,
    Inbound,
    Interrupted,
    LaneStatus,
    Lease,
    OutboxRow,
    Piece,
    Prompt,
    Receipt,
    Settle,
    Take,
    Touched,
    Turn,
    TurnResult,
    TurnState,
)
from sessions.store.writer import Writer

T = TypeVar("T")


class SqliteStore:
    """`sessions.store.Store`, whose docstrings hold here. To be used on one event loop."""

    def __init__(self, writer: Writer, reader: Reader, store_id: str, clock: Clock) -> None:
        self._change = writer.submit
        self._ask = reader.ask
        self._writer = writer
        self._reader = reader
        self._id = store_id
        self._clock = clock
        self.past = SqlitePast(self._change_at, reader.ask)
        self.people = SqlitePeople(self._change_at, reader.ask)
        self.upkeep = SqliteUpkeep(self._change_at, reader.ask)

    def accept(self, row: Inbound) -> asyncio.Future[Accepted]:
        """See `Store.accept`."""
        now = self._now()
        return self._change(lambda c: sqlite_intake.accept(c, row, now), sqlite_crowd.ACCEPTS, (row, now))

    def decline(
        self, source: str, channel: str, msg_id: int, reason: str | None, *, addressed: bool = False
    ) -> Awaitable[None]:
        """See `Store.decline`."""
        message = (source, channel, msg_id, reason)
        return self._change_at(lambda c, now: sqlite_intake.decline(c, *message, now, addressed=addressed))

    def edit(self, source: str, msg_id: int, prompt: Prompt) -> Awaitable[Touched]:
        """See `Store.edit`."""
        return self._change(lambda c: sqlite_intake.edit(c, source, msg_id, prompt))

    def withdraw(self, source: str, msg_id: int) -> Awaitable[Touched]:
        """See `Store.withdraw`."""
        return self._change_at(lambda c, now: sqlite_intake.withdraw(c, source, msg_id, now))

    async def claim(self, key: SessionKey, owner: UUID) -> Lease:
        """See `Store.claim`."""
        return await self._change(lambda c: sqlite_turns.claim(c, key, owner))

    async def next(
        self, lease: Lease, finish: TurnResult | None = None, take: Take = Take.ONE
    ) -> Turn | None:
        """See `Store.next`."""
        step = (lease, finish, take, self._id, self._now())
        return await self._change(lambda c: sqlite_turns.advance(c, *step), sqlite_crowd.STEPS, step)

    async def note(
        self,
        lease: Lease,
        turn: TurnId,
        *,
        shown: bool = False,
        last_tool: str | None = None,
        live_nonce: str | None = None,
        live_message_id: str | None = None,
    ) -> None:
        """See `Store.note`."""
        noted = {"last_tool": last_tool, "live_nonce": live_nonce, "live_message_id": live_message_id}
        await self._change(lambda c: sqlite_turns.note(c, lease, turn, shown=shown, **noted))

    async def cancel(self, key: SessionKey, turn: TurnId) -> bool:
        """See `Store.cancel`."""
        return await self._change_at(lambda c, now: sqlite_queue.cancel(c, key, turn, now))

    async def merge(self, lease: Lease, turn: TurnId, into: TurnId) -> Turn | None:
        """See `Store.merge`."""
        return await self._change_at(lambda c, now: sqlite_merge.merge(c, lease, turn, into, now))

    async def unmerge(self, turn: TurnId, into: TurnId) -> None:
        """See `Store.unmerge`."""
        await self._change(lambda c: sqlite_merge.unmerge(c, turn, into))

    async def merged(self, into: TurnId) -> Sequence[Turn]:
        """See `Store.merged`."""
        return await self._ask(lambda c: sqlite_merge.merged(c, into))

    async def recover(self, owner: UUID) -> Sequence[Interrupted]:
        """See `Store.recover`."""
        return await self._change_at(lambda c, now: sqlite_recovery.recover(c, owner, now))

    async def settle(self, turn: TurnId, how: Settle, pieces: Sequence[Piece] = ()) -> bool:
        """See `Store.settle`."""
        return await self._change_at(
            lambda c, now: sqlite_recovery.settle(c, turn, how, pieces, self._id, now)
        )

    async def move(self, key: SessionKey, turn: TurnId, to: Literal["up", "first"]) -> bool:
        """See `Store.move`."""
        return await self._change(lambda c: sqlite_queue.move(c, key, turn, to))

    async def clear(self, key: SessionKey) -> int:
        """See `Store.clear`."""
        return await self._change_at(lambda c, now: sqlite_queue.clear(c, key, now))

    async def pause(self, key: SessionKey, *, paused: bool) -> bool:
        """See `Store.pause`."""
        return await self._change(lambda c: sqlite_queue.pause(c, key, paused=paused))

    async def post(self, notice: Inbound, pieces: Sequence[Piece]) -> Accepted:
        """See `Store.post`."""
        return await self._change_at(lambda c, now: sqlite_intake.post(c, notice, pieces, self._id, now))

    async def waiting(self) -> Sequence[SessionKey]:
        """See `Store.waiting`."""
        return await self._ask(sqlite_queue.waiting)

    async def queued(self, key: SessionKey) -> Sequence[Turn]:
        """See `Store.queued`."""
        return await self._ask(lambda c: sqlite_queue.queued(c, key))

    async def lane(self, key: SessionKey) -> LaneStatus:
        """See `Store.lane`."""
        return await self._ask(lambda c: sqlite_queue.lane(c, key))

    async def turn(self, turn: TurnId) -> Turn | None:
        """See `Store.turn`."""
        return await self._ask(lambda c: sqlite_turns.find(c, turn))

    async def fate(self, source: str, msg_id: int) -> Fate | None:
        """See `Store.fate`."""
        return await self._ask(lambda c: sqlite_intake.fate(c, source, msg_id))

    async def cursors(self, source: str) -> Mapping[str, int]:
        """See `Store.cursors`."""
        return await self._ask(lambda c: sqlite_intake.cursors(c, source))

    async def queued_messages(self, source: str) -> Mapping[str, Sequence[int]]:
        """See `Store.queued_messages`."""
        return await self._ask(lambda c: sqlite_intake.queued_messages(c, source))

    async def receipts_due(self, platform: str, limit: int) -> Sequence[Receipt]:
        """See `Store.receipts_due`."""
        return await self._ask(lambda c: sqlite_receipts.due(c, platform, limit))

    async def receipt_done(self, turn: TurnId, state: TurnState, shown: str) -> None:
        """See `Store.receipt_done`."""
        await self._change(lambda c: sqlite_receipts.done(c, turn, state, shown))

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

    async def outbox_try(self, row: int) -> None:
        """See `Store.outbox_try`."""
        await self._change_at(lambda c, now: sqlite_outbox.attempt(c, row, now))

    async def outbox_done(self, row: int, sent_id: str | None) -> None:
        """See `Store.outbox_done`."""
        await self._change(lambda c: sqlite_outbox.done(c, row, sent_id))

    async def outbox_retry(self, row: int, delay_s: float, *, untaken: bool = False) -> None:
        """See `Store.outbox_retry`."""
        now = self._clock.utc()
        times = time_text(now), time_text(now + timedelta(seconds=delay_s))
        await self._change(lambda c: sqlite_outbox.retry(c, row, *times, untaken=untaken))

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

    def set_fact(self, scope: str, name: str, text: str) -> asyncio.Future[None]:
        """See `Store.set_fact`."""
        return self._change(lambda c: sqlite_sessions.set_fact(c, scope, name, text))

    async def facts(self, scope: str) -> Mapping[str, str]:
        """See `Store.facts`."""
        return await self._ask(lambda c: sqlite_sessions.facts(c, scope))

    async def close(self) -> None:
        """See `Store.close`."""
        # The writer last: whoever closes last tidies the log file away, and a reader cannot.
        await self._reader.close()
        await self._writer.close()

    def _change_at(self, change: Callable[[sqlite3.Connection, str], T]) -> asyncio.Future[T]:
        """Hand in a change with the time at which it was asked for."""
        now = self._now()
        return self._change(lambda c: change(c, now))

    def _now(self) -> str:
        return time_text(self._clock.utc())


async def open_sqlite(
    data_dir: Path, clock: Clock, on_final: OnFinal = lambda _: None, on_commit: OnCommit = not_measured
) -> SqliteStore:
    """Open the store below `data_dir`; see `open_store`. The caller holds the instance lock."""
    paths = await asyncio.to_thread(Paths.at, data_dir)
    await asyncio.to_thread(sqlite_files.prepare, paths, clock.utc())
    watch = Watch(paths, await asyncio.to_thread(paths.database.stat), on_final)
    connection = await asyncio.to_thread(sqlite_files.connect_writer, paths)
    writer = Writer(connection, watch.explain, watch.check, on_commit)
    reader = Reader(await asyncio.to_thread(sqlite_files.connect_reader, paths), watch.explain)
    store_id = await reader.ask(lambda c: sqlite_sessions.get_fact(c, *STORE_ID))
    assert store_id is not None
    return SqliteStore(writer, reader, store_id, clock)
