"""The one door: every prompt and every command passes it with a session key."""

import logging
from asyncio import Future
from collections.abc import Awaitable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Literal, Self

from sessions.agents.base import ContextUse, Decision
from sessions.apartness import Apartness, apartness
from sessions.asides import Asides
from sessions.engine import Engine
from sessions.errors import AlreadyDecided, StateError
from sessions.keys import SessionKey, TurnId
from sessions.lanes import Lanes
from sessions.past import Past
from sessions.recovery import settle_interrupted
from sessions.room_settings import Origin, RoomSettings
from sessions.room_status import Queue as Queue
from sessions.room_status import RoomStatus as RoomStatus
from sessions.room_words import RoomWords
from sessions.store.values import (
    Accepted,
    Fate,
    Inbound,
    Kind,
    Prompt,
    Settle,
    Touched,
    Turn,
)

log = logging.getLogger(__name__)


class SessionManager:
    """Accepts, stops, answers and describes. Entering settles what a crash cut off; leaving drains.

    Messages, commands, buttons and the command line all come through here, for every key alike.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lanes = Lanes(engine)
        self.permissions = engine.permissions
        """What was allowed in each room for good, and answers that wait."""
        self.past = Past(engine)
        """The sessions of each room, present and past."""
        self.asides = Asides(engine)
        """Side questions, which no turn notices."""

    async def __aenter__(self) -> Self:
        await self._engine.words.load()
        await settle_interrupted(self._engine)
        await self.asides.tidy()
        await self.past.__aenter__()
        await self._lanes.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        async with AsyncExitStack() as stack:
            stack.push_async_exit(self.past)
            stack.push_async_callback(self.asides.end)
            stack.push_async_exit(self._lanes)  # also if the drain is cut short: then its workers are too
            await self._lanes.drain(self._engine.settings.grace_s if kind is None else 0.0)

    async def resume(self) -> None:
        """Go on with what waited when the last process ended, the oldest first.

        Call it once replies can be shown.
        """
        for key in await self._engine.store.waiting():
            self._lanes.wake(key)

    async def drain(self, grace_s: float) -> None:
        """Start no turn any more, give the running ones that long, then interrupt them.

        Returns when every room has ended or been given up. A second call with less time hurries
        the first.
        """
        await self._lanes.drain(grace_s)

    @property
    def rooms(self) -> int:
        """How many rooms are awake."""
        return self._lanes.awake

    @property
    def agents(self) -> int:
        """How many agent processes live."""
        return self._engine.pool.live

    @property
    def agent_starts(self) -> int:
        """How many agent processes were started so far."""
        return self._engine.pool.starts

    @property
    def running(self) -> int:
        """How many turns run now."""
        return self._lanes.running

    def accept(self, row: Inbound) -> Awaitable[Accepted]:
        """Take a place in the room's order now; the result comes when it is committed.

        A plain call on purpose: the order of calls is the order of turns. A `RESET` with `head`
        also ends the running turn. A prompt that meets a running turn does what the room's policy
        says, once it is committed. Raises QueueFull, StateError (on awaiting).
        """
        if row.kind is Kind.PROMPT:
            limit, held = self._engine.settings.queue_limit, self._engine.is_held(row.key)
            row = replace(row, queue_limit=limit, held=held)
        accepted = self._engine.store.accept(row)
        began_s = self._engine.clock.monotonic_s()
        accepted.add_done_callback(partial(self._accepted, row, began_s))
        if row.kind is Kind.RESET and row.head:
            self._lanes.halt(row.key, "stopped")
        self._lanes.wake(row.key)
        return accepted

    def _accepted(self, row: Inbound, began_s: float, accepted: Future[Accepted]) -> None:
        self._engine.accept_took(self._engine.clock.monotonic_s() - began_s)
        if accepted.cancelled() or accepted.exception() is not None:
            return
        result = accepted.result()
        if not result.new:
            return
        self._engine.receipts_due()
        worker = self._lanes.worker(row.key)
        if worker is not None and worker.turn not in (None, result.turn):
            busy = self._engine.room(row.key).when_busy if row.kind is Kind.PROMPT else "queue"
            is_wanted = row.steers is not None and row.steers == worker.turn
            worker.queued(result.ahead, steer=busy == "steer", wanted=result.turn if is_wanted else None)
            if busy == "interrupt" and not is_wanted:
                worker.make_way()

    def stop(self, key: SessionKey, turn: TurnId | None = None) -> bool:
        """End the running turn, only that one if it is named; False if none runs. Session and queue stay."""
        worker = self._lanes.worker(key)
        if turn is not None and (worker is None or worker.turn != turn):
            return False
        return self._lanes.halt(key, "stopped")

    async def decide(self, turn: TurnId, ask: str, decision: Decision) -> None:
        """Answer a turn's open permission request. Raises AlreadyDecided if it is not open any more."""
        found = await self.turn(turn)
        worker = None if found is None else self._lanes.worker(found.key)
        if worker is None or not await worker.answer(turn, ask, decision):
            raise AlreadyDecided

    def decline(
        self, source: str, channel: str, msg_id: int, reason: str | None, *, addressed: bool = False
    ) -> Awaitable[None]:
        """Remember that a message is not answered, and why; see `Store.decline`."""
        return self._engine.store.decline(source, channel, msg_id, reason, addressed=addressed)

    def edit(self, source: str, msg_id: int, prompt: Prompt) -> Awaitable[Touched]:
        """Give a waiting turn another prompt, because its message was edited."""
        return self._engine.store.edit(source, msg_id, prompt)

    def withdraw(self, source: str, msg_id: int) -> Awaitable[Touched]:
        """Take a waiting turn out of the queue, because its message was deleted."""
        return self._met_by_queue(self._engine.store.withdraw(source, msg_id))

    async def _met_by_queue(self, withdrawn: Awaitable[Touched]) -> Touched:
        touched = await withdrawn
        if touched.changed and touched.turn is not None:
            await self._queue_changed(touched.turn.key)
        return touched

    async def fate(self, source: str, msg_id: int) -> Fate | None:
        """Return what became of a message; None if it was never seen."""
        return await self._engine.store.fate(source, msg_id)

    async def queue(self, key: SessionKey) -> Queue:
        """Return what runs and waits in a room, in order."""
        lane = await self._engine.store.lane(key)
        waiting = await self._engine.store.queued(key)
        return Queue(running=lane.running, waiting=waiting, paused=lane.paused)

    async def remove(self, key: SessionKey, turn: TurnId) -> bool:
        """Take a turn out of the queue; False if it does not wait any more."""
        removed = await self._engine.store.cancel(key, turn)
        await self._queue_changed(key)
        return removed

    async def move(self, key: SessionKey, turn: TurnId, to: Literal["up", "first"]) -> bool:
        """Let a waiting turn run earlier; False if it does not wait any more."""
        return await self._engine.store.move(key, turn, to)

    async def clear(self, key: SessionKey) -> int:
        """Empty a room's queue; return how many waited."""
        count = await self._engine.store.clear(key)
        await self._queue_changed(key)
        return count

    async def pause(self, key: SessionKey, *, paused: bool) -> bool:
        """Start no further turn in a room, or go on; False if it was so already."""
        changed = await self._engine.store.pause(key, paused=paused)
        self._lanes.wake(key)
        return changed

    async def settle(self, turn: TurnId, how: Settle) -> bool:
        """Decide about an interrupted turn; False if that was decided already."""
        found = await self.turn(turn)
        if found is None or not await self._engine.store.settle(turn, how):
            return False
        self._engine.receipts_due()
        self._lanes.wake(found.key)
        return True

    async def _queue_changed(self, key: SessionKey) -> None:
        self._engine.receipts_due()
        try:
            waiting = (await self._engine.store.lane(key)).waiting
        except StateError as error:  # only a number in a picture
            log.debug("how many wait is not known", extra={"key": key, "reason": str(error)})
            return
        worker = self._lanes.worker(key)
        if worker is not None:
            worker.queued(waiting)

    async def turn(self, turn: TurnId) -> Turn | None:
        """Return a turn; None if there is no such turn."""
        return await self._engine.store.turn(turn)

    @property
    def words(self) -> RoomWords:
        """What holds in each room, and where that is changed: from its next turn on."""
        return self._engine.words

    @property
    def models(self) -> tuple[str, ...]:
        """Names of models that the vendor knows by heart."""
        return self._engine.adapter.models

    def room_settings(self, key: SessionKey) -> tuple[RoomSettings, Mapping[str, Origin]]:
        """Return what holds in a room, from memory, and who said each value that is nobody's default."""
        return self._engine.words.explained(key)

    async def apartness(self, key: SessionKey) -> Apartness:
        """Return what a room shares with others, of all that should be its own alone."""
        return await apartness(self._engine, key)

    async def context(self, key: SessionKey) -> ContextUse | None:
        """Return what fills the context of a room's live agent; None without one, or if it does not say."""
        worker = self._lanes.worker(key)
        return None if worker is None else await worker.context()

    async def status(self, key: SessionKey) -> RoomStatus:
        """Return what the room is and does right now."""
        engine, worker = self._engine, self._lanes.worker(key)
        record = await engine.store.session(key)
        lane, room = await engine.store.lane(key), engine.room(key)
        return RoomStatus(
            key=key,
            record=record,
            vendor=record.vendor if record else engine.adapter.vendor,
            settings=room,
            isolation=engine.isolation,
            mounts=await engine.mounts_of(key),
            state="idle" if lane.running is None else "asking" if worker and worker.is_asking else "running",
            waiting=lane.waiting,
            running_for_s=worker.running_for_s if worker else None,
            live=engine.pool.is_live(key),
            terminal_command=engine.adapter.terminal_command(engine.spec(record)) if record else None,
            paused=lane.paused,
            reaches=None if engine.egress is None else engine.egress.allow,
            trouble=await engine.store.past.trouble(key),
        )
