"""The pump that sends outbox rows: in order per channel, with their nonce; the one retry policy."""

import asyncio
import logging
from typing import Final, assert_never

from tenacity import AsyncRetrying, RetryCallState, wait_exponential_jitter

from bot.chat import ChatError, ChatPort, ChatRefused
from sessions.clock import Clock
from sessions.errors import StateError
from sessions.store import Store
from sessions.store.values import OutboxRow

log = logging.getLogger(__name__)

PARALLEL: Final = 8
"""How many channels are sent to at once."""

_WAIT: Final = wait_exponential_jitter(initial=1, max=300, jitter=1)
_BROKEN_TRIES: Final = 6
_STORE_WAIT_S: Final = 5.0


class Outbox:
    """Sends one platform's rows until it is cancelled. `run` is one task; the rest is for others.

    A row is tried once and then done, dropped or put off in the store, so that tries and waits
    outlive a restart. A row that was sent but not marked is sent again with the same nonce, which
    the chat shows once.
    """

    def __init__(self, store: Store, port: ChatPort, clock: Clock) -> None:
        self.dropped = 0
        self._store = store
        self._port = port
        self._clock = clock
        self._busy: set[str] = set()
        self._woken = asyncio.Event()
        self._quiet = asyncio.Event()

    def wake(self) -> None:
        """Say that there may be new rows. Never blocks."""
        self._woken.set()

    async def flush(self, limit_s: float) -> bool:
        """Wait until nothing is due any more; False if that took too long. For the end of the bot."""
        self._quiet.clear()
        self._woken.set()
        try:
            async with asyncio.timeout(limit_s):
                await self._quiet.wait()
        except TimeoutError:
            return False
        return True

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
        # Rows under way are still due; there are at most PARALLEL of them.
        for row in await self._store.outbox_due(self._port.platform, 2 * PARALLEL):
            if row.piece.channel_id not in self._busy and len(self._busy) < PARALLEL:
                self._busy.add(row.piece.channel_id)
                tasks.create_task(self._own(row), name=f"outbox row {row.id}")
        wait_s = await self._store.outbox_wait_s(self._port.platform)
        if not self._busy and wait_s != 0 and not self._woken.is_set():
            self._quiet.set()
        if wait_s == 0 and not self._busy:
            return
        alarm = tasks.create_task(self._ring(wait_s), name="outbox alarm") if wait_s else None
        try:
            await self._woken.wait()
        finally:
            if alarm is not None:
                alarm.cancel()

    async def _ring(self, delay_s: float) -> None:
        await self._clock.sleep(delay_s)
        self._woken.set()

    async def _own(self, row: OutboxRow) -> None:
        try:
            await self._try(row)
        except StateError as error:
            log.warning("an outbox row cannot be marked", extra={"row": row.id, "reason": str(error)})
            await self._clock.sleep(_STORE_WAIT_S)
        finally:
            self._busy.discard(row.piece.channel_id)
            self._woken.set()

    async def _try(self, row: OutboxRow) -> None:
        facts = {"row": row.id, "turn": row.turn, "channel": row.piece.channel_id, "tries": row.tries}
        try:
            sent_id = await self._deliver(row)
        except ChatRefused as error:
            self.dropped += 1
            log.warning("an answer cannot be delivered", extra={**facts, "reason": str(error)})
            await self._store.outbox_drop(row.id, str(error))
        except ChatError as error:
            delay_s = max(_WAIT(_attempt(row.tries + 1)), error.retry_after_s or 0.0)
            log.info(
                "an answer waits for the chat", extra={**facts, "reason": str(error), "again_in_s": delay_s}
            )
            await self._store.outbox_retry(row.id, delay_s)
        except Exception as error:  # a bug in a port holds up its channel for a while, and no other
            log.exception("sending broke", extra=facts)
            if row.tries + 1 < _BROKEN_TRIES:
                await self._store.outbox_retry(row.id, _WAIT(_attempt(row.tries + 1)))
            else:
                self.dropped += 1
                await self._store.outbox_drop(row.id, repr(error))
        else:
            await self._store.outbox_done(row.id, sent_id)

    async def _deliver(self, row: OutboxRow) -> str | None:
        piece = row.piece
        match piece.action:
            case "send":
                return await self._port.send(
                    piece.channel_id, piece.body, nonce=row.nonce, reply_to=piece.reply_to
                )
            case "delete":
                if piece.target_id is not None:
                    await self._port.delete(piece.channel_id, piece.target_id)
                return None
            case _:
                assert_never(piece.action)


def _attempt(number: int) -> RetryCallState:
    """Return the number of a try in the form in which tenacity's policies read it."""
    state = RetryCallState(AsyncRetrying(), None, (), {})
    state.attempt_number = number
    return state
