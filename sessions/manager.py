"""The one door: every prompt and every command passes it with a session key."""

from collections.abc import Awaitable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Literal, Self

from sessions.agents.base import Decision
from sessions.engine import Engine
from sessions.errors import AlreadyDecided
from sessions.keys import SessionKey, TurnId
from sessions.lanes import Lanes
from sessions.records import SessionRecord
from sessions.store.values import Accepted, Inbound, Interrupted, Kind, Piece

_CUT_OFF = (
    "I was restarted in the middle of this, so it may be half done."
    " Ask me to go on, or send it again to start over."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomStatus:
    """What a room is and does right now. `record` is None where nobody has spoken yet."""

    key: SessionKey
    record: SessionRecord | None
    vendor: str
    model: str | None
    permission_mode: str
    isolation: str
    state: Literal["idle", "running", "asking"]
    waiting: int
    running_for_s: float | None
    live: bool
    terminal_command: str | None


class SessionManager:
    """Accepts, stops, answers and describes. Entering settles what a crash cut off; leaving drains.

    Messages, commands, buttons and the command line all come through here, for every key alike.
    """

    def __init__(self, engine: Engine, *, isolation: str) -> None:
        self._engine = engine
        self._isolation = isolation
        self._lanes = Lanes(engine)

    async def __aenter__(self) -> Self:
        await self._engine.store.recover(self._engine.owner, _cut_off)
        await self._lanes.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        async with AsyncExitStack() as stack:
            stack.push_async_exit(self._lanes)  # also if the drain is cut short: then its workers are too
            await self._lanes.drain(self._engine.settings.grace_s if kind is None else 0.0)

    async def resume(self) -> None:
        """Go on with what waited when the last process ended, the oldest first.

        Call it once replies can be shown.
        """
        for key in await self._engine.store.waiting():
            self._lanes.wake(key)

    def accept(self, row: Inbound) -> Awaitable[Accepted]:
        """Take a place in the room's order now; the result comes when it is committed.

        A plain call on purpose: the order of calls is the order of turns. A `RESET` with `head`
        also ends the running turn. Raises QueueFull, StateError (on awaiting).
        """
        if row.kind is Kind.PROMPT:
            row = replace(row, queue_limit=self._engine.settings.queue_limit)
        accepted = self._engine.store.accept(row)
        if row.kind is Kind.RESET and row.head:
            self._lanes.halt(row.key, "stopped")
        self._lanes.wake(row.key)
        return accepted

    def stop(self, key: SessionKey) -> bool:
        """End the running turn; False if none runs. The session and the queue stay."""
        return self._lanes.halt(key, "stopped")

    async def decide(self, turn: TurnId, ask: str, decision: Decision) -> None:
        """Answer a turn's open permission request. Raises AlreadyDecided if it is not open any more."""
        key = await self.turn_key(turn)
        worker = None if key is None else self._lanes.worker(key)
        if worker is None or not await worker.answer(turn, ask, decision):
            raise AlreadyDecided

    async def turn_key(self, turn: TurnId) -> SessionKey | None:
        """Return the room of a turn; None if there is no such turn."""
        found = await self._engine.store.turn(turn)
        return None if found is None else found.key

    async def status(self, key: SessionKey) -> RoomStatus:
        """Return what the room is and does right now."""
        engine, worker = self._engine, self._lanes.worker(key)
        record = await engine.store.session(key)
        lane = await engine.store.lane(key)
        return RoomStatus(
            key=key,
            record=record,
            vendor=record.vendor if record else engine.adapter.vendor,
            model=engine.settings.model,
            permission_mode=engine.settings.permission_mode,
            isolation=self._isolation,
            state="idle" if lane.running is None else "asking" if worker and worker.is_asking else "running",
            waiting=lane.waiting,
            running_for_s=worker.running_for_s if worker else None,
            live=engine.pool.is_live(key),
            terminal_command=engine.adapter.terminal_command(engine.spec(record)) if record else None,
        )


def _cut_off(left: Interrupted) -> Sequence[Piece]:
    address = left.turn.address
    pieces = [Piece(channel_id=address.channel_id, body=_CUT_OFF, reply_to=address.message_id)]
    if left.live_message_id is not None:
        gone = Piece(channel_id=address.channel_id, target_id=left.live_message_id, action="delete")
        pieces.append(gone)
    return pieces
