"""A session manager that keeps what the chat side asked of it."""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypeVar

from bot.access import Tier
from bot.queue_view import Viewer
from sessions.agents.base import ContextUse, Decision
from sessions.apartness import Apartness
from sessions.clock import SystemClock
from sessions.errors import AlreadyDecided, QueueFull
from sessions.keys import SessionKey, TurnId, session_key
from sessions.manager import Queue, RoomStatus
from sessions.records import SessionRecord
from sessions.room_permissions import Permissions
from sessions.room_settings import Origin as Teller
from sessions.room_settings import RoomSettings
from sessions.room_words import RoomWords
from sessions.store.values import (
    Accepted,
    ChatAddress,
    Fate,
    Inbound,
    Kind,
    Origin,
    Prompt,
    Settle,
    Touched,
    Turn,
    TurnState,
)
from tests.support.past_rooms import FakeAsides, FakePast

T = TypeVar("T")

ANN = Viewer(person_id="7", tier=Tier.OPERATOR, channel_id="1")
"""Who looks at the queue of the room; it is she who said what waits there."""

KEY = session_key("room")
RECORD = SessionRecord(
    key=KEY,
    vendor="claude",
    agent_session_id="6f1c",
    workdir=Path("/data/sessions/room/work"),
    memory_dir=Path("/data/sessions/room/memory"),
    created=datetime(2030, 1, 1, tzinfo=UTC),
    last_used=datetime(2030, 1, 1, tzinfo=UTC),
    turn_count=3,
    cost_usd=0.125,
    context_tokens=50_000,
    context_window=200_000,
)
STATE = RoomStatus(
    key=KEY,
    record=RECORD,
    vendor="claude",
    settings=RoomSettings(),
    isolation="none",
    mounts=(),
    state="idle",
    waiting=0,
    running_for_s=None,
    live=True,
    terminal_command="cd /data && claude --resume 6f1c",
)


def turn(number: int, text: str = "hi", *, state: TurnState = TurnState.QUEUED, channel: str = "1") -> Turn:
    """Return a turn of the room, said by ann in a channel."""
    return Turn(
        id=TurnId(number),
        key=KEY,
        kind=Kind.PROMPT,
        origin=Origin.HUMAN,
        state=state,
        attempt=0 if state is TurnState.QUEUED else 1,
        generation=0,
        address=ChatAddress(platform="chat", channel_id=channel, message_id=str(number)),
        prompt=Prompt(text=text, author_id="7", author_name="ann"),
        created=datetime(2030, 1, 1, tzinfo=UTC),
    )


_turn = turn


class FactsInMemory:
    """Facts as a store keeps them; with `failure` none is."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.failure: Exception | None = None

    def set_fact(self, scope: str, name: str, text: str) -> asyncio.Future[None]:
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        # Not at once: as with a store, whoever asked goes on before it is done.
        if self.failure is not None:
            stored.get_loop().call_soon(stored.set_exception, self.failure)
        else:
            self.kept[scope, name] = text
            stored.get_loop().call_soon(stored.set_result, None)
        return stored

    async def get_fact(self, scope: str, name: str) -> str | None:
        return self.kept.get((scope, name))

    async def facts(self, scope: str) -> Mapping[str, str]:
        return {name: text for (of, name), text in self.kept.items() if of == scope}


@dataclass
class Rooms:
    """A `bot.commands.spec.Rooms`. `turns` says which room a turn belongs to; one ask is answered once.

    `running`, `waiting` and `paused` are the queue of every room, `fates` those of the platform `chat`.
    """

    ahead: int = 0
    runs: bool = False
    failure: Exception | None = None
    turns: dict[TurnId, SessionKey] = field(default_factory=dict)
    rows: list[Inbound] = field(default_factory=list)
    stopped: list[SessionKey] = field(default_factory=list)
    decided: list[tuple[TurnId, str, Decision]] = field(default_factory=list)
    state: RoomStatus = STATE
    running: Turn | None = None
    waiting: list[Turn] = field(default_factory=list)
    paused: bool = False
    fates: dict[int, Fate] = field(default_factory=dict)
    settled: dict[TurnId, Settle] = field(default_factory=dict)
    declined: list[tuple[str, str, int, str | None]] = field(default_factory=list)
    words: RoomWords = field(default_factory=lambda: RoomWords(FactsInMemory()))
    permissions: Permissions = field(default_factory=lambda: Permissions(FactsInMemory(), SystemClock()))
    models: tuple[str, ...] = ("large", "small")
    past: FakePast = field(default_factory=FakePast)
    asides: FakeAsides = field(default_factory=FakeAsides)
    fills: ContextUse | None = None
    apart: Apartness = field(default_factory=lambda: Apartness(others=3))
    touched: list[tuple[str, int, Prompt | None]] = field(default_factory=list)

    def accept(self, row: Inbound) -> Awaitable[Accepted]:
        self.rows.append(row)
        return self._result(Accepted(turn=TurnId(len(self.rows)), new=True, ahead=self.ahead))

    def decline(
        self, source: str, channel: str, msg_id: int, reason: str | None, *, addressed: bool = False
    ) -> Awaitable[None]:
        self.declined.append((source, channel, msg_id, reason))
        return self._result(None, fails=not isinstance(self.failure, QueueFull))

    def edit(self, source: str, msg_id: int, prompt: Prompt) -> Awaitable[Touched]:
        self.touched.append((source, msg_id, prompt))
        return self._result(Touched(turn=None, changed=False))

    def withdraw(self, source: str, msg_id: int) -> Awaitable[Touched]:
        self.touched.append((source, msg_id, None))
        return self._result(Touched(turn=None, changed=False))

    def stop(self, key: SessionKey, turn: TurnId | None = None) -> bool:
        self.stopped.append(key)
        return self.runs

    async def queue(self, key: SessionKey) -> Queue:
        return Queue(running=self.running, waiting=tuple(self.waiting), paused=self.paused)

    async def remove(self, key: SessionKey, turn: TurnId) -> bool:
        before = len(self.waiting)
        self.waiting = [one for one in self.waiting if one.id != turn]
        return len(self.waiting) < before

    async def move(self, key: SessionKey, turn: TurnId, to: Literal["up", "first"]) -> bool:
        at = next((i for i, one in enumerate(self.waiting) if one.id == turn), None)
        if at is None:
            return False
        self.waiting.insert(0 if to == "first" else max(0, at - 1), self.waiting.pop(at))
        return True

    async def clear(self, key: SessionKey) -> int:
        count = len(self.waiting)
        self.waiting = []
        return count

    async def pause(self, key: SessionKey, *, paused: bool) -> bool:
        changed, self.paused = self.paused != paused, paused
        return changed

    async def settle(self, turn: TurnId, how: Settle) -> bool:
        if turn in self.settled:
            return False
        self.settled[turn] = how
        return True

    async def fate(self, source: str, msg_id: int) -> Fate | None:
        return self.fates.get(msg_id) if source == "chat" else None

    def room_settings(self, key: SessionKey) -> tuple[RoomSettings, Mapping[str, Teller]]:
        return self.words.explained(key)

    async def context(self, key: SessionKey) -> ContextUse | None:
        return self.fills

    async def apartness(self, key: SessionKey) -> Apartness:
        return self.apart

    async def status(self, key: SessionKey) -> RoomStatus:
        return replace(self.state, key=key)

    async def decide(self, turn: TurnId, ask: str, decision: Decision) -> None:
        if any(taken[:2] == (turn, ask) for taken in self.decided):
            raise AlreadyDecided
        self.decided.append((turn, ask, decision))

    async def turn(self, turn: TurnId) -> Turn | None:
        key = self.turns.get(turn)
        return None if key is None else replace(_turn(turn, state=TurnState.RUNNING), key=key)

    def _result(self, value: T, *, fails: bool = True) -> Awaitable[T]:
        result: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        if self.failure and fails:
            result.set_exception(self.failure)
        else:
            result.set_result(value)
        return result
