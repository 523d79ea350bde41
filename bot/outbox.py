"""The pump that sends outbox rows: in order per channel, with their nonce; the one retry policy."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from typing import Final, assert_never

from tenacity import wait_exponential_jitter

from bot.answers import folded
from bot.chat import Banned, ChatError, ChatPort, ChatRefused, FilesRefused, MessageGone, PlaceLocked
from bot.degraded import Degraded
from bot.measure import units
from bot.outbox_files import OutboxFiles, Parcel
from bot.pauses import pause_s, until_set
from sessions.clock import Clock
from sessions.crash_points import reached
from sessions.errors import StateError
from sessions.spool import Spool
from sessions.store import Store
from sessions.store.values import OutboxRow

log = logging.getLogger(__name__)

PARALLEL: Final = 50
"""How many channels are sent to at once: Discord takes so many requests in a second.

Fewer would wait for one another: discord.py holds the request that uses a channel's bucket up, for 5 s.
"""
UPLOADS: Final = 8
"""How many messages with files are sent at once: those are in memory."""
REPEAT_MARK: Final = "-# This may be a repeat: the chat never said whether it took this the first time."
NOT_TAKEN: Final = "-# Discord did not take an answer here. Ask for it in other words."

_WAIT: Final = wait_exponential_jitter(initial=1, max=300, jitter=1)
_BROKEN_TRIES: Final = 6
_STORE_WAIT_S: Final = 5.0
_STUB: Final = "-# …"


class Outbox:
    """Sends one platform's rows until it is cancelled. `run` is one task; the rest is for others.

    A row is tried once and then done, dropped or put off in the store, so that tries and waits
    outlive a restart. A row that was sent but not marked is sent again with the same nonce, which
    the chat shows once; when the chat may have forgotten the nonce, the row is looked for first, and
    sent as what may be a repeat if it is not found.
    """

    def __init__(
        self,
        store: Store,
        port: ChatPort,
        clock: Clock,
        spool: Spool | None = None,
        *,
        lacks: Degraded | None = None,
    ) -> None:
        """Send what `store` holds through `port`, files out of `spool`; `lacks` hears of locked places."""
        self._lacks = lacks
        self.dropped = 0
        self._store = store
        self._port = port
        self._clock = clock
        self._files = OutboxFiles(port, spool)
        self._uploads = asyncio.Semaphore(UPLOADS)
        self._busy: set[str] = set()
        self._banned_until_s = 0.0
        self._woken = asyncio.Event()
        self._wait_s: float | None = None  # until the next row is due; None: there is none
        self._looked = asyncio.Event()

    def wake(self) -> None:
        """Say that there may be new rows. Never blocks."""
        self._woken.set()

    async def flush(self, limit_s: float) -> bool:
        """Wait until everything is sent; False if that takes longer. For the end of the bot.

        What is put off for longer than is left is not waited for.
        """
        ends_s = self._clock.monotonic_s() + limit_s
        try:
            async with asyncio.timeout(limit_s):
                self._woken.set()
                while True:
                    self._looked.clear()
                    await self._looked.wait()
                    if self._wait_s is None:
                        return True
                    if self._clock.monotonic_s() + self._wait_s > ends_s:
                        return False
        except TimeoutError:
            return False

    async def run(self) -> None:
        """Send what is due, then sleep until something is or somebody wakes it. Never returns."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                try:
                    await self._look(tasks)
                except StateError as error:
                    log.warning("the outbox cannot be read", extra={"reason": str(error)})
                    await self._clock.sleep(_STORE_WAIT_S)

    async def _look(self, tasks: asyncio.TaskGroup) -> None:
        self._woken.clear()
        banned_s = self._banned_until_s - self._clock.monotonic_s()
        if banned_s <= 0:
            # Rows under way are still due; there are at most PARALLEL of them.
            for row in await self._store.outbox_due(self._port.platform, PARALLEL):
                if row.piece.channel_id not in self._busy and len(self._busy) < PARALLEL:
                    self._busy.add(row.piece.channel_id)
                    tasks.create_task(self._own(row), name=f"outbox row {row.id}")
        wait_s = await self._store.outbox_wait_s(self._port.platform)
        self._wait_s = None if wait_s is None else max(wait_s, banned_s)
        if not self._busy and not self._woken.is_set():
            self._looked.set()
        if self._wait_s is None or self._wait_s > 0 or self._busy:
            await until_set(self._woken, self._clock, self._wait_s or None)

    async def _own(self, row: OutboxRow) -> None:
        try:
            # Before anything else: what is marked as tried is sent at once, while its nonce is known.
            async with self._uploads if row.piece.files else nullcontext():
                await self._try(row)
        except StateError as error:
            log.warning("an outbox row cannot be marked", extra={"row": row.id, "reason": str(error)})
            await self._clock.sleep(_STORE_WAIT_S)
        finally:
            self._busy.discard(row.piece.channel_id)
            self._woken.set()

    async def _try(self, row: OutboxRow) -> None:
        facts = {"row": row.id, "turn": row.turn, "channel": row.piece.channel_id, "tries": row.tries}
        reached("outbox.before_try")
        if row.first_try is None and row.piece.target_id is None:
            await self._store.outbox_try(row.id)
        reached("outbox.before_send")
        try:
            sent_id = await self._deliver(row)
        except ChatRefused as error:
            self.dropped += 1
            log.warning("an answer cannot be delivered", extra={**facts, "reason": str(error)})
            if self._lacks is not None and isinstance(error, PlaceLocked):
                await self._lacks.note_locked(row.piece.channel_id)
            else:
                await self._say_not_taken(row)
            await self._store.outbox_drop(row.id, str(error))
            await self._files.sent(row.piece)
        except Banned as error:  # all channels wait, and whoever was banned has said so
            self._banned_until_s = self._clock.monotonic_s() + error.retry_after_s
            await self._put_off(row, error.retry_after_s, error)
        except ChatError as error:
            delay_s = max(pause_s(_WAIT, row.tries + 1), error.retry_after_s or 0.0)
            log.info(
                "an answer waits for the chat", extra={**facts, "reason": str(error), "again_in_s": delay_s}
            )
            await self._put_off(row, delay_s, error)
        except Exception as error:  # a bug in a port holds up its channel for a while, and no other
            log.exception("sending broke", extra=facts)
            if row.tries + 1 < _BROKEN_TRIES:
                await self._store.outbox_retry(row.id, pause_s(_WAIT, row.tries + 1))
            else:
                self.dropped += 1
                await self._store.outbox_drop(row.id, f"{type(error).__name__}: {error}")
                await self._files.sent(row.piece)
        else:
            reached("outbox.sent")
            await self._store.outbox_done(row.id, sent_id)
            reached("outbox.done")
            await self._files.sent(row.piece)

    async def _say_not_taken(self, row: OutboxRow) -> None:
        """Say that an answer is missing, for its text may be at fault; where nothing can be said, do not."""
        if row.piece.action == "send":
            with suppress(ChatError):
                await self._port.send(row.piece.channel_id, NOT_TAKEN, nonce=f"{row.nonce}x")

    async def _put_off(self, row: OutboxRow, delay_s: float, error: ChatError) -> None:
        # What an earlier try left open, no later one can settle.
        untaken = error.is_untaken and row.first_try is None
        await self._store.outbox_retry(row.id, delay_s, untaken=untaken)

    async def _deliver(self, row: OutboxRow) -> str | None:
        match row.piece.action:
            case "send":
                if self._is_fresh(row):
                    return await self._send(row, row.piece.body)
                return await self._send_again(row)
            case "delete" | "fold":
                await self._put_away(row)
                return None
            case _:
                assert_never(row.piece.action)

    def _is_fresh(self, row: OutboxRow) -> bool:
        """Whether the chat still knows the nonces of whatever may have been sent for a row."""
        if row.first_try is None:
            return True
        age_s = (self._clock.utc() - row.first_try).total_seconds()
        return 0 <= age_s < self._port.capabilities.nonce_window_s

    async def _send_again(self, row: OutboxRow) -> str:
        channel_id, body = row.piece.channel_id, row.piece.body
        marked = f"{body}\n{REPEAT_MARK}".lstrip()
        fits = units(marked) <= self._port.capabilities.message_chars
        looks = self._files.looks(row.piece)
        if fits:
            looks = [*self._files.looks(replace(row.piece, body=marked)), *looks]
        try:
            for text, files in looks:
                if found := await self._port.find_sent(channel_id, text, after_id=row.after_id, files=files):
                    return found
        except ChatRefused as error:
            log.info("a channel cannot be searched", extra={"channel": channel_id, "reason": str(error)})
        return await self._send(row, *([marked] if fits else [body, REPEAT_MARK]))

    async def _send(self, row: OutboxRow, *texts: str) -> str:
        """Send a row as one message, or as two if a mark makes it too long; return the last one's id.

        What its files do not go with goes without them, with a word about them.
        """
        parcel = await self._files.packed(row.piece)
        try:
            return await self._send_with(row, parcel, texts)
        except FilesRefused as error:
            log.info("files are not taken", extra={"row": row.id, "reason": str(error)})
            return await self._send_with(row, self._files.refused(row.piece, error), texts)

    async def _send_with(self, row: OutboxRow, parcel: Parcel, texts: Sequence[str]) -> str:
        piece, sent_id = row.piece, ""
        texts = self._lined(texts, parcel)
        for at, text in enumerate(texts):
            sent_id = await self._port.send(
                piece.channel_id,
                text,
                nonce=f"{row.nonce}{at or ''}",
                reply_to=None if at else piece.reply_to,
                rows=[piece.buttons] if piece.buttons and at + 1 == len(texts) else (),
                files=() if at else parcel.files,
            )
        return sent_id

    def _lined(self, texts: Sequence[str], parcel: Parcel) -> Sequence[str]:
        """Return texts with the lines about files at their end: in a message of their own if they must."""
        *before, last = texts
        lined = parcel.text(last)
        if units(lined) <= self._port.capabilities.message_chars:
            return [*before, lined]
        return [*texts, parcel.text("")]

    async def _put_away(self, row: OutboxRow) -> None:
        """Fold a message or delete it. What cannot be read, or is too long when folded, stays as it is.

        The nonce gives an id that was never learned, while the first try for this row is younger than
        the chat's window. A message that the chat forgot before that stays: the stub is removed alone.
        """
        piece = row.piece
        target_id, nonce = piece.target_id, piece.target_nonce
        if target_id is None and nonce is not None and self._is_fresh(row):
            target_id = await self._port.send(piece.channel_id, _STUB, nonce=nonce, silent=True)
        if target_id is None:
            return
        kept = piece.body
        if piece.action == "fold" and not kept:
            kept = folded(await self._port.written(piece.channel_id, target_id))
        if not kept:
            await self._port.delete(piece.channel_id, target_id)
        elif units(kept) <= self._port.capabilities.message_chars:
            rows = [piece.buttons] if piece.buttons else ()
            with suppress(MessageGone):  # somebody was faster
                await self._port.edit(piece.channel_id, target_id, kept, rows=rows)
