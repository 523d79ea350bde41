"""Any order of calls and crashes: every store against a model of a few lines."""

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from sessions.clock import SystemClock
from sessions.errors import Fenced, QueueFull, StateError
from sessions.keys import SessionKey, TurnId, session_key
from sessions.records import Renewed, Used
from sessions.store import STORES, open_store
from sessions.store.values import (
    Lease,
    Prompt,
    Settle,
    Take,
    TurnResult,
    TurnState,
)
from tests.support.store_values import inbound, notice, piece, record

T = TypeVar("T")
KEYS = [session_key(name) for name in ("a", "b")]
LIMIT = 6

keys = st.sampled_from(KEYS)
numbers = st.integers(0, 60)
places = st.integers(0, 5)
QUEUE: list[str] = [
    "up",
    "first",
    "up",
    "first",
    "cancel",
    "merge",
    "merge",
    "go on",
    "go on",
    "pause",
    "clear",
]
changes = st.sampled_from([None, "used", "reset"])
settling = st.sampled_from(Settle)
ends = st.sampled_from(
    [TurnState.DONE, TurnState.FAILED, TurnState.CANCELLED, TurnState.INTERRUPTED, TurnState.QUEUED]
)


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


class StoreMachine(RuleBasedStateMachine):
    """The calls of a whole bot's life, with kill -9 in between and a second bot that takes over."""

    kind: str
    fresh: Path

    def __init__(self) -> None:
        super().__init__()
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
        for number, key in enumerate(KEYS):
            self.run(self.store.ensure_session(record(key)))
            self.accept(key, [100 + number, 200 + number, 300 + number], head=False)
            self.next_one(key, None, TurnState.DONE, Settle.ASK, Take.ONE)

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

    # -- what comes in ---------------------------------------------------------------------------

    @rule(key=keys, some=st.lists(numbers, min_size=1, max_size=3), head=st.booleans())
    def accept(self, key: SessionKey, some: list[int], head: bool) -> None:
        for number in some:
            self.accept_one(key, number, head)

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

    @rule(key=keys, number=numbers, what=st.sampled_from(["edit", "withdraw", "why", "decline"]))
    def message(self, key: SessionKey, number: int, what: str) -> None:
        match what:
            case "decline":
                self.decline(key, number)
            case "why":
                self.ask_why(number)
            case _:
                waiting = next((one for one, turn in self.known.items() if self.room_of(turn)), number)
                self.touch(waiting if number % 2 else number, withdraw=what == "withdraw")

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

    # -- workers ---------------------------------------------------------------------------------

    def claim(self, key: SessionKey) -> Lease:
        room = self.rooms[key]
        if room.lease is not None:
            room.fenced.append(room.lease)
        room.lease = self.run(self.store.claim(key, self.owner))
        return room.lease

    @rule(
        key=keys,
        steps=st.lists(st.tuples(changes, ends, settling, st.sampled_from(Take)), min_size=2, max_size=4),
    )
    def next(self, key: SessionKey, steps: list[tuple[str | None, TurnState, Settle, Take]]) -> None:
        for step in steps:
            self.next_one(key, *step)

    def next_one(
        self, key: SessionKey, change: str | None, state: TurnState, settle: Settle, take: Take
    ) -> None:
        room = self.rooms[key]
        for old in room.fenced[-2:]:
            with pytest.raises(Fenced):
                self.run(self.store.next(old))
        lease = room.lease or self.claim(key)
        finish = None
        if room.running is not None:
            with pytest.raises(StateError):
                self.run(self.store.next(lease))
            finish = self.finish(room, key, room.running, change, state, settle)
        turn = self.run(self.store.next(lease, finish, take))
        expected = None
        if take is Take.ONE and room.waiting and not room.paused:
            expected = room.running = room.waiting.pop(0)
            self.start(room, expected)
        assert (turn and turn.id) == expected
        if turn is not None:
            message = self.turns[turn.id]
            assert (turn.attempt, turn.generation, turn.epoch, turn.prompt.text, turn.resumption) == (
                message.attempt,
                room.generation,
                lease.epoch,
                message.text,
                message.resumption,
            )
            assert turn.follows_cut == (message.follows is not None)

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

    def reset_during_a_turn(self, key: SessionKey) -> None:
        room = self.rooms[key]
        if room.lease is not None:
            renewed = self.run(self.store.renew(room.lease, "renewed", "reset"))
            room.generation, room.turn_count = room.generation + 1, 0
            room.conversations += 1
            assert renewed.generation == room.generation

    # -- people ----------------------------------------------------------------------------------

    @rule(key=keys, place=places, what=st.sampled_from(QUEUE))
    def queue(self, key: SessionKey, place: int, what: str) -> None:
        room, run = self.rooms[key], self.run
        turn = room.waiting[place % len(room.waiting)] if room.waiting else TurnId(1)
        waits = turn in room.waiting
        match what:
            case "up" | "first":
                assert run(self.store.move(key, turn, what)) == waits
                if waits:
                    index = room.waiting.index(turn)
                    room.waiting.insert(max(index - 1, 0) if what == "up" else 0, room.waiting.pop(index))
            case "cancel":
                assert run(self.store.cancel(key, turn)) == waits
                if waits:
                    self.leave_queue(turn, TurnState.CANCELLED)
            case "merge":
                self.merge(room, turn)
            case "clear":
                waiting = list(room.waiting)
                assert run(self.store.clear(key)) == len(waiting)
                for one in waiting:
                    self.leave_queue(one, TurnState.CANCELLED)
            case _:
                assert run(self.store.pause(key, paused=what == "pause")) == (
                    room.paused != (what == "pause")
                )
                room.paused = what == "pause"

    def merge(self, room: Room, turn: TurnId) -> None:
        if room.lease is None:
            return
        if room.running is None:
            with pytest.raises(Fenced):
                self.run(self.store.merge(room.lease, turn, TurnId(1)))
            return
        waits = turn in room.waiting and not room.paused
        merged = self.run(self.store.merge(room.lease, turn, room.running))
        assert (merged is not None) == waits
        if waits:
            self.leave_queue(turn, TurnState.MERGED)
            self.said += 1
            self.turns[turn].merged_into, self.turns[turn].merged_as = room.running, self.said

    def taken_along(self, turn: TurnId) -> list[TurnId]:
        along = [
            other
            for other, one in self.turns.items()
            if one.merged_into == turn and one.state is TurnState.MERGED
        ]
        return sorted(along, key=lambda other: self.turns[other].merged_as)

    @rule(how=settling, place=places)
    def settle(self, how: Settle, place: int) -> None:
        cut_off = [turn for turn, one in self.turns.items() if one.state is TurnState.INTERRUPTED]
        turn = cut_off[place % len(cut_off)] if cut_off else TurnId(1)
        stored = self.run(self.store.turn(turn))
        key, word = stored.key if stored else KEYS[0], self.word()
        is_open = turn in cut_off and not (how is Settle.ASK and self.turns[turn].decided)
        assert self.run(self.store.settle(turn, how, [piece(word, f"c-{key}")])) == is_open
        if is_open:
            self.rooms[key].outbox.append(word)
            self.settle_one(self.rooms[key], turn, how)

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

    # -- the chat --------------------------------------------------------------------------------

    @rule(key=keys, number=numbers, what=st.sampled_from(["send", "show", "post", "claim", "reset"]))
    def other(self, key: SessionKey, number: int, what: str) -> None:
        match what:
            case "send":
                self.send(key)
            case "show":
                self.show_receipts()
            case "post":
                self.post(key, number)
            case "claim":
                self.claim(key)
            case _:
                self.reset_during_a_turn(key)

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

    # -- crashes ---------------------------------------------------------------------------------

    @rule(killed=st.booleans())
    def another_bot_takes_over(self, killed: bool) -> None:
        if killed:
            # What kill -9 leaves is what stands in the files now, whatever closing would have added.
            self.lives += 1
            shutil.copytree(self.data, self.home / str(self.lives))
            self.run(self.store.close())
            self.open()
        self.owner = uuid4()
        found = self.run(self.store.recover(self.owner))
        for room in self.rooms.values():
            if room.running is not None:
                self.turns[room.running].state = TurnState.INTERRUPTED
                self.turns[room.running].decided = False
                room.cut_off = room.running
            if room.lease is not None:
                room.fenced.append(room.lease)
            room.running = room.lease = None
        undecided = [
            turn
            for turn, message in sorted(self.turns.items())
            if message.state is TurnState.INTERRUPTED and not message.decided
        ]
        assert [one.turn.id for one in found] == undecided

    @invariant()
    def everything_is_as_the_model_says(self) -> None:
        self.run(self.compare())

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

    def teardown(self) -> None:
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


@pytest.mark.parametrize("kind", STORES)
def test_any_order_of_calls_and_crashes_agrees_with_the_model(kind: str, tmp_path: Path) -> None:
    async def make() -> None:
        await (await open_store(tmp_path, SystemClock(), kind)).close()

    asyncio.run(make())  # once: to make its tables takes longer than most examples
    machine = type("Machine", (StoreMachine,), {"kind": kind, "fresh": tmp_path})
    # No shrinking: it would take longer than a test may, and be cut off before it has said anything.
    phases = (Phase.explicit, Phase.reuse, Phase.generate)
    run_state_machine_as_test(
        machine, settings=settings(max_examples=25, stateful_step_count=50, deadline=None, phases=phases)
    )
