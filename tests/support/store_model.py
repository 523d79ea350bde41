"""A store and what it must hold by now, a few lines for each call: the model of the contract's machine."""

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import pytest

from sessions.clock import SystemClock
from sessions.errors import QueueFull
from sessions.keys import SessionKey, TurnId, session_key
from sessions.records import Renewed, Used
from sessions.store import open_store
from sessions.store.values import Lease, Prompt, Settle, TurnResult, TurnState
from tests.support.store_values import inbound, notice, piece

T = TypeVar("T")
KEYS = [session_key(name) for name in ("a", "b")]
LIMIT = 6


@dataclass
class Message:
    """What a store has to know of one turn."""

    text: str
    state: TurnState = TurnState.QUEUED
    attempt: int = 0
    resumption: str = ""
    follows: TurnId | None = None
    decided: bool = False
    merged_into: TurnId | None = None
    merged_as: int = 0


@dataclass
class Room:
    """What a store has to know of one room."""

    waiting: list[TurnId] = field(default_factory=list[TurnId])
    running: TurnId | None = None
    running_generation: int = 0
    lease: Lease | None = None
    fenced: list[Lease] = field(default_factory=list[Lease])
    paused: bool = False
    cut_off: TurnId | None = None
    generation: int = 0
    turn_count: int = 0
    conversations: int = 1
    outbox: list[str] = field(default_factory=list[str])


class StoreModel:
    """A store in use, all that was done with it, and whether it holds just that."""

    kind: str
    fresh: Path

    def __init__(self) -> None:
        super().__init__()  # that of the machine that this goes into
        self.runner = asyncio.Runner()
        self.home = Path(tempfile.mkdtemp())
        self.lives = 0
        self.owner = uuid4()
        self.rooms = {key: Room() for key in KEYS}
        self.known: dict[int, TurnId] = {}
        self.declined: set[int] = set()
        self.turns: dict[TurnId, Message] = {}
        self.notices: set[TurnId] = set()
        self.positions: dict[str, int] = {}
        self.newest = -1
        self.said = 0
        shutil.copytree(self.fresh, self.home / "0")
        self.open()

    def open(self) -> None:
        self.data = self.home / str(self.lives)
        self.store = self.run(open_store(self.data, SystemClock(), self.kind))

    def run(self, what: Awaitable[T]) -> T:
        async def wait() -> T:
            return await what

        return self.runner.run(wait())

    def word(self) -> str:
        self.said += 1
        return f"word {self.said}"

    def room_of(self, turn: TurnId) -> Room | None:
        return next((room for room in self.rooms.values() if turn in room.waiting), None)

    def leave_queue(self, turn: TurnId, state: TurnState) -> None:
        room = self.room_of(turn)
        assert room is not None
        room.waiting.remove(turn)
        self.turns[turn].state = state

    def accept_one(self, key: SessionKey, number: int, head: bool) -> None:
        room, text = self.rooms[key], self.word()
        # Handed in on the loop, as a plain call has to be.
        row = inbound(number, key, text, head=head, queue_limit=LIMIT, cursor=f"c-{key}")

        async def call() -> tuple[TurnId, bool, int]:
            accepted = await self.store.accept(row)
            return accepted.turn, accepted.new, accepted.ahead

        if number not in self.known and len(room.waiting) >= LIMIT:
            with pytest.raises(QueueFull):
                self.run(call())
            return
        turn, is_new, ahead = self.run(call())
        assert is_new == (number not in self.known)
        assert self.known.setdefault(number, turn) == turn
        if is_new:
            assert ahead == (room.running is not None) + (0 if head else len(room.waiting))
            room.waiting.insert(0 if head else len(room.waiting), turn)
            self.turns[turn] = Message(text)
            self.decide(number, f"c-{key}")

    def decide(self, number: int, channel: str) -> None:
        self.positions[channel] = max(number, self.positions.get(channel, -1))
        self.newest = max(number, self.newest)

    def decline(self, key: SessionKey, number: int) -> None:
        async def call() -> None:
            await self.store.decline("chat", f"c-{key}", number, "no")

        self.run(call())
        if number not in self.known:
            self.declined.add(number)
        if f"c-{key}" in self.positions:
            self.decide(number, f"c-{key}")
        self.newest = max(number, self.newest)

    def touch(self, number: int, *, withdraw: bool) -> None:
        text = self.word()

        async def call() -> bool:
            if withdraw:
                return (await self.store.withdraw("chat", number)).changed
            return (await self.store.edit("chat", number, Prompt(text=text))).changed

        turn = self.known.get(number)
        waits = turn is not None and self.turns[turn].state is TurnState.QUEUED
        assert self.run(call()) == waits
        if turn is not None and waits:
            if withdraw:
                self.leave_queue(turn, TurnState.CANCELLED)
            else:
                self.turns[turn].text = text

    def ask_why(self, number: int) -> None:
        fate = self.run(self.store.fate("chat", number))
        if number in self.known:
            assert fate is not None
            assert fate.turn is not None
            turn = self.known[number]
            room = self.room_of(turn)
            ahead = room.waiting.index(turn) + (room.running is not None) if room else 0
            assert (fate.turn.id, fate.turn.state, fate.ahead) == (turn, self.turns[turn].state, ahead)
        else:
            assert (fate and fate.reason) == ("no" if number in self.declined else None)

    def post(self, key: SessionKey, number: int) -> None:
        word = self.word()
        posted = self.run(self.store.post(notice(number, key), [piece(word, f"c-{key}")]))
        assert posted.new == (posted.turn not in self.notices)
        if posted.new:
            self.notices.add(posted.turn)
            self.rooms[key].outbox.append(word)

    def start(self, room: Room, turn: TurnId) -> None:
        message = self.turns[turn]
        message.state = TurnState.RUNNING
        message.attempt += 1
        if room.cut_off not in (None, turn):
            message.follows = room.cut_off
        room.running_generation = room.generation
        room.cut_off = None

    def finish(
        self,
        room: Room,
        key: SessionKey,
        turn: TurnId,
        change: str | None,
        state: TurnState,
        settle: Settle,
    ) -> TurnResult:
        word, message = self.word(), self.turns[turn]
        made = {
            None: None,
            "used": Used(agent_session_id="used"),
            "reset": Renewed(agent_session_id="renewed", reason="reset"),
        }[change]
        room.outbox.append(word)
        message.state, room.running = state, None
        along = self.taken_along(turn)
        if state is TurnState.QUEUED:
            for other in along:
                self.turns[other].state = TurnState.QUEUED
            room.waiting[:0] = [turn, *along]
            message.attempt -= 1
            room.cut_off = message.follows
        elif state is TurnState.INTERRUPTED:
            room.cut_off = turn
            self.settle_one(room, turn, settle)
        else:
            for other in along:
                self.turns[other].state = state
        if room.running_generation == room.generation:
            room.turn_count += change == "used"
            if change == "reset":
                room.generation, room.turn_count = room.generation + 1, 0
                room.conversations += 1
        pieces = (piece(word, f"c-{key}"),)
        return TurnResult(turn=turn, state=state, pieces=pieces, change=made, settle=settle)

    def taken_along(self, turn: TurnId) -> list[TurnId]:
        along = [
            other
            for other, one in self.turns.items()
            if one.merged_into == turn and one.state is TurnState.MERGED
        ]
        return sorted(along, key=lambda other: self.turns[other].merged_as)

    def settle_one(self, room: Room, turn: TurnId, how: Settle) -> None:
        message = self.turns[turn]
        message.decided = how is Settle.ASK
        if how is Settle.DROP:
            message.state = TurnState.CANCELLED
            for other in self.taken_along(turn):
                self.turns[other].state = TurnState.CANCELLED
        elif how is not Settle.ASK:
            message.state, message.resumption = TurnState.QUEUED, how.value
            room.waiting.insert(0, turn)

    def send(self, key: SessionKey) -> None:
        due = {row.piece.channel_id: row for row in self.run(self.store.outbox_due("chat", 10))}
        assert {channel: row.piece.body for channel, row in due.items()} == {
            f"c-{name}": room.outbox[0] for name, room in self.rooms.items() if room.outbox
        }
        if row := due.get(f"c-{key}"):
            self.run(self.store.outbox_done(row.id, "m"))
            self.rooms[key].outbox.pop(0)

    def show_receipts(self) -> None:
        for due in self.run(self.store.receipts_due("chat", 10)):
            assert due.state == self.turns[due.turn].state
            self.run(self.store.receipt_done(due.turn, due.state, due.state.value))

    async def compare(self) -> None:
        for key, room in self.rooms.items():
            waiting = await self.store.queued(key)
            assert [(turn.id, turn.prompt.text) for turn in waiting] == [
                (turn, self.turns[turn].text) for turn in room.waiting
            ]
            lane = await self.store.lane(key)
            assert (lane.running and lane.running.id, lane.waiting, lane.paused) == (
                room.running,
                len(room.waiting),
                room.paused,
            )
            session = await self.store.session(key)
            assert session is not None
            assert (session.generation, session.turn_count) == (room.generation, room.turn_count)
            assert len(await self.store.former_sessions(key)) == room.conversations - 1
        positions = {**self.positions, "": self.newest} if self.newest >= 0 else {}
        assert await self.store.cursors("chat") == positions

    def end(self) -> None:
        while self.run(self.store.receipts_due("chat", 1)):
            self.show_receipts()
        for turn, message in self.turns.items():
            stored = self.run(self.store.turn(turn))
            assert stored is not None
            assert stored.state == message.state
            merged = self.run(self.store.merged(turn))
            assert [one.id for one in merged] == self.taken_along(turn)
        self.run(self.store.close())
        self.runner.close()
        shutil.rmtree(self.home)
