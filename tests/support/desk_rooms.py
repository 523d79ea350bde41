"""A session manager that keeps what the chat side asked of it."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from sessions.agents.base import Decision
from sessions.errors import AlreadyDecided
from sessions.keys import SessionKey, TurnId, session_key
from sessions.manager import RoomStatus
from sessions.records import SessionRecord
from sessions.store.values import Accepted, Inbound

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
    model=None,
    permission_mode="default",
    isolation="none",
    state="idle",
    waiting=0,
    running_for_s=None,
    live=True,
    terminal_command="cd /data && claude --resume 6f1c",
)


@dataclass
class Rooms:
    """A `bot.commands.spec.Rooms`. `turns` says which room a turn belongs to; one ask is answered once."""

    ahead: int = 0
    runs: bool = False
    failure: Exception | None = None
    turns: dict[TurnId, SessionKey] = field(default_factory=dict)
    rows: list[Inbound] = field(default_factory=list)
    stopped: list[SessionKey] = field(default_factory=list)
    decided: list[tuple[TurnId, str, Decision]] = field(default_factory=list)

    def accept(self, row: Inbound) -> Awaitable[Accepted]:
        self.rows.append(row)
        result: asyncio.Future[Accepted] = asyncio.get_running_loop().create_future()
        if self.failure:
            result.set_exception(self.failure)
        else:
            result.set_result(Accepted(turn=TurnId(len(self.rows)), new=True, ahead=self.ahead))
        return result

    def stop(self, key: SessionKey) -> bool:
        self.stopped.append(key)
        return self.runs

    async def status(self, key: SessionKey) -> RoomStatus:
        return replace(STATE, key=key)

    async def decide(self, turn: TurnId, ask: str, decision: Decision) -> None:
        if any(taken[:2] == (turn, ask) for taken in self.decided):
            raise AlreadyDecided
        self.decided.append((turn, ask, decision))

    async def turn_key(self, turn: TurnId) -> SessionKey | None:
        return self.turns.get(turn)
