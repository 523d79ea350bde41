"""The pump that marks each person's message with the state of its turn: one reaction, read from the store."""

import asyncio
import logging
from typing import Final

from tenacity import wait_exponential

from bot.chat import ChatError, ChatPort, ChatRefused, NotPermitted
from bot.degraded import Degraded
from bot.pauses import pause_s, until_set
from sessions.clock import Clock
from sessions.crash_points import reached
from sessions.errors import StateError
from sessions.store import Store
from sessions.store.values import Receipt, TurnState

log = logging.getLogger(__name__)

MARKS: Final = {
    TurnState.QUEUED: "⏳",
    TurnState.RUNNING: "",  # the live message shows it, and the line about what happens now
    TurnState.INTERRUPTED: "⚠️",
    TurnState.DONE: "✅",
    TurnState.FAILED: "❌",
    TurnState.CANCELLED: "⏹️",
    TurnState.MERGED: "",  # it ends as the turn that took it along
}
"""What stands under a message whose turn is in that state."""
PACE_S: Final = 0.3
"""How long a channel rests after each request: Discord allows about one reaction in 0.25 s."""
GRACE_S: Final = 1.5
"""How long messages of a channel wait before they are marked as waiting: most wait less."""

_PASSING: Final = (MARKS[TurnState.QUEUED], MARKS[TurnState.INTERRUPTED])
_PARALLEL: Final = 4  # of the 50 requests in a second that Discord allows, most are for answers
_LOOK: Final = 1000
_WAIT: Final = wait_exponential(min=1, max=60)
_STORE_WAIT_S: Final = 5.0


class Receipts:
    """Shows one platform's receipts until it is cancelled. `run` is one task; the rest is for others.

    Only the newest state is shown, whatever came between. Nothing here is vital: what the chat
    refuses is left as it is, what fails is tried again later.
    """

    def __init__(
        self,
        store: Store,
        port: ChatPort,
        clock: Clock,
        *,
        are_shown: bool = True,
        lacks: Degraded | None = None,
    ) -> None:
        """Without `are_shown` no request is made: all states count as shown. `lacks` hears refusals."""
        self._lacks = lacks
        self._store = store
        self._port = port
        self._clock = clock
        self._can_react = are_shown and port.capabilities.can_react
        self._woken = asyncio.Event()
        self._busy: set[str] = set()
        self._failures: dict[str, int] = {}
        self._held_until_s: dict[str, float] = {}  # channels in which the chat did not take one
        self._waiting_since_s: dict[str, float] = {}  # channels in which somebody may have to wait
        self._inherited: set[str] | None = None  # channels in which the run before this one may have worked

    def wake(self) -> None:
        """Say that a turn may have changed its state. Never blocks."""
        self._woken.set()

    async def run(self) -> None:
        """Show what is due, then sleep until somebody wakes it. Never returns."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                try:
                    await self._look(tasks)
                except StateError as error:
                    log.warning("receipts cannot be read", extra={"reason": str(error)})
                    await self._clock.sleep(_STORE_WAIT_S)

    async def _look(self, tasks: asyncio.TaskGroup) -> None:
        self._woken.clear()
        due = await self._store.receipts_due(self._port.platform, _LOOK)
        channels = {receipt.channel_id for receipt in due}
        self._inherited = channels if self._inherited is None else self._inherited & channels
        now_s = self._clock.monotonic_s()
        waiting, self._waiting_since_s = self._waiting_since_s, {}
        next_s: list[float] = []
        for receipt in due:
            channel_id = receipt.channel_id
            begins_s = self._held_until_s.get(channel_id, 0.0)
            if receipt.state is TurnState.QUEUED and not receipt.shown:
                since_s = self._waiting_since_s[channel_id] = waiting.get(channel_id, now_s)
                begins_s = max(begins_s, since_s + GRACE_S)
            if begins_s > now_s:
                next_s.append(begins_s - now_s)
            elif channel_id not in self._busy and len(self._busy) < _PARALLEL:
                self._busy.add(channel_id)
                tasks.create_task(self._own(receipt), name=f"receipt of turn {receipt.turn}")
        await until_set(self._woken, self._clock, min(next_s, default=None))

    async def _own(self, receipt: Receipt) -> None:
        channel_id = receipt.channel_id
        try:
            await self._show(receipt)
            self._failures.pop(channel_id, None)
            self._held_until_s.pop(channel_id, None)
        except ChatError as error:
            self._put_off(channel_id, error.retry_after_s or 0.0)
            log.debug("a receipt waits for the chat", extra={"turn": receipt.turn, "reason": str(error)})
        except StateError as error:
            self._put_off(channel_id, _STORE_WAIT_S)
            log.warning("a receipt cannot be stored", extra={"turn": receipt.turn, "reason": str(error)})
        except Exception:
            self._put_off(channel_id, 0.0)
            log.exception("a receipt broke", extra={"turn": receipt.turn})
        finally:
            self._busy.discard(channel_id)
            self._woken.set()

    def _put_off(self, channel_id: str, at_least_s: float) -> None:
        failures = self._failures[channel_id] = self._failures.get(channel_id, 0) + 1
        self._held_until_s[channel_id] = self._clock.monotonic_s() + max(at_least_s, pause_s(_WAIT, failures))

    async def _show(self, receipt: Receipt) -> None:
        shown = receipt.shown
        is_lacking = self._lacks is not None and self._lacks.lacks(receipt.channel_id, "reactions")
        if self._can_react and not is_lacking:
            try:
                shown = await self._change(receipt, MARKS[receipt.state])
            except ChatRefused as error:
                log.info("a receipt is refused", extra={"turn": receipt.turn, "reason": str(error)})
                if self._lacks is not None and isinstance(error, NotPermitted):
                    await self._lacks.note(receipt.channel_id, "reactions")
        await self._store.receipt_done(receipt.turn, receipt.state, shown)

    async def _change(self, receipt: Receipt, mark: str) -> str:
        """Let `mark` alone stand under the message; return it."""
        at = (receipt.channel_id, receipt.message_id)
        if mark and mark != receipt.shown:
            await self._port.react(*at, mark)
            reached("receipt.sent")
            await self._clock.sleep(PACE_S)
        # A run that is killed between the request and its record leaves a mark that nobody knows of.
        is_inherited = receipt.channel_id in (self._inherited or ())
        for old in {receipt.shown, *(_PASSING if is_inherited else ())} - {mark, ""}:
            await self._port.unreact(*at, old)
            await self._clock.sleep(PACE_S)
        return mark
