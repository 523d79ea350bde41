"""Any order of calls and crashes: every store against a model of a few lines."""

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from sessions.clock import SystemClock
from sessions.errors import Fenced, QueueFull, StateError
from sessions.keys import SessionKey, TurnId, session_key
from sessions.records import Renewed, Used
from sessions.store import STORES, open_store
from sessions.store.values import Accepted, Lease, TurnResult, TurnState
from tests.support.store_values import inbound, notice, piece, record

T = TypeVar("T")
KEYS = [session_key(name) for name in ("a", "b")]
LIMIT = 6

keys = st.sampled_from(KEYS)
numbers = st.integers(0, 40)
changes = st.sampled_from([None, "used", "reset"])
ends = st.sampled_from([TurnState.DONE, TurnState.FAILED, TurnState.CANCELLED, TurnState.INTERRUPTED])


@dataclass
class Room:
    """What a store has to know of one room."""

    waiting: list[TurnId] = field(default_factory=list[TurnId])
    running: TurnId | None = None
    running_generation: int = 0
    lease: Lease | None = None
    fenced: list[Lease] = field(default_factory=list[Lease])
    generation: int = 0
    turn_count: int = 0
    conversations: int = 1
    outbox: list[str] = field(default_factory=list[str])


class StoreMachine(RuleBasedStateMachine):
    """The calls of a whole bot's life, with kill -9 in between."""

    kind: str

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.home = Path(tempfile.mkdtemp())
        self.lives = 0
        self.owner = uuid4()
        self.rooms = {key: Room() for key in KEYS}
        self.known: dict[int, TurnId] = {}
        self.states: dict[TurnId, TurnState] = {}
        self.said = 0
        self.open()
        for key in KEYS:
            self.run(self.store.ensure_session(record(key)))
            self.rooms[key].lease = self.run(self.store.claim(key, self.owner))

    def open(self) -> None:
        self.data = self.home / str(self.lives)
        self.store = self.run(open_store(self.data, SystemClock(), self.kind))

    def run(self, what: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(what)

    def word(self) -> str:
        self.said += 1
        return f"word {self.said}"

    @rule(key=keys, some=st.lists(numbers, min_size=1, max_size=4), head=st.booleans())
    def accept(self, key: SessionKey, some: list[int], head: bool) -> None:
        for number in some:
            self.accept_one(key, number, head)

    def accept_one(self, key: SessionKey, number: int, head: bool) -> None:
        async def call() -> Accepted:
            return await self.store.accept(inbound(number, key, head=head, queue_limit=LIMIT))

        room = self.rooms[key]
        if number not in self.known and len(room.waiting) >= LIMIT:
            with pytest.raises(QueueFull):
                self.run(call())
            return
        accepted = self.run(call())
        assert accepted.new == (number not in self.known)
        assert self.known.setdefault(number, accepted.turn) == accepted.turn
        if accepted.new:
            assert accepted.ahead == (room.running is not None) + (0 if head else len(room.waiting))
            room.waiting.insert(0 if head else len(room.waiting), accepted.turn)
            self.states[accepted.turn] = TurnState.QUEUED

    @rule(key=keys)
    def claim(self, key: SessionKey) -> None:
        room = self.rooms[key]
        if room.lease is not None:
            room.fenced.append(room.lease)
        room.lease = self.run(self.store.claim(key, self.owner))

    @rule(key=keys, ends=st.lists(st.tuples(changes, ends), min_size=1, max_size=4))
    def next(self, key: SessionKey, ends: list[tuple[str | None, TurnState]]) -> None:
        for change, state in ends:
            self.next_one(key, change, state)

    def next_one(self, key: SessionKey, change: str | None, state: TurnState) -> None:
        room = self.rooms[key]
        for old in room.fenced[-2:]:
            with pytest.raises(Fenced):
                self.run(self.store.next(old))
        if room.lease is None:
            room.lease = self.run(self.store.claim(key, self.owner))
        finish = None
        if room.running is not None:
            with pytest.raises(StateError):
                self.run(self.store.next(room.lease))
            word = self.word()
            made = {
                None: None,
                "used": Used(agent_session_id="used"),
                "reset": Renewed(agent_session_id="renewed", reason="reset"),
            }[change]
            finish = TurnResult(
                turn=room.running, state=state, pieces=(piece(word, f"c-{key}"),), change=made
            )
            room.outbox.append(word)
            self.states[room.running] = state
            if room.running_generation == room.generation:
                room.turn_count += change == "used"
                if change == "reset":
                    room.generation, room.turn_count = room.generation + 1, 0
                    room.conversations += 1
        turn = self.run(self.store.next(room.lease, finish))
        room.running = room.waiting.pop(0) if room.waiting else None
        assert (turn and turn.id) == room.running
        if turn is not None:
            room.running_generation = room.generation
            assert (turn.attempt, turn.generation) == (1, room.generation)
            self.states[turn.id] = TurnState.RUNNING

    @rule(key=keys, turn=st.integers(1, 40).map(TurnId))
    def cancel(self, key: SessionKey, turn: TurnId) -> None:
        room = self.rooms[key]
        was_waiting = turn in room.waiting
        assert self.run(self.store.cancel(key, turn)) == was_waiting
        if was_waiting:
            room.waiting.remove(turn)
            self.states[turn] = TurnState.CANCELLED

    @rule(key=keys)
    def reset_during_a_turn(self, key: SessionKey) -> None:
        room = self.rooms[key]
        if room.lease is not None:
            renewed = self.run(self.store.renew(room.lease, "renewed", "reset"))
            room.generation, room.turn_count = room.generation + 1, 0
            room.conversations += 1
            assert renewed.generation == room.generation

    @rule(key=keys, number=numbers)
    def post(self, key: SessionKey, number: int) -> None:
        word = self.word()
        posted = self.run(self.store.post(notice(number, key), [piece(word, f"c-{key}")]))
        assert posted.new == (posted.turn not in self.states)
        if posted.new:
            self.states[posted.turn] = TurnState.DONE
            self.rooms[key].outbox.append(word)

    @rule(key=keys)
    def send(self, key: SessionKey) -> None:
        due = {row.piece.channel_id: row for row in self.run(self.store.outbox_due("chat", 10))}
        assert {channel: row.piece.body for channel, row in due.items()} == {
            f"c-{name}": room.outbox[0] for name, room in self.rooms.items() if room.outbox
        }
        if row := due.get(f"c-{key}"):
            self.run(self.store.outbox_done(row.id, "m"))
            self.rooms[key].outbox.pop(0)

    @precondition(lambda self: any(room.running or room.outbox for room in self.rooms.values()))
    @rule()
    def kill_and_recover(self) -> None:
        # What kill -9 leaves is what stands in the files now, whatever closing would have added.
        self.lives += 1
        shutil.copytree(self.data, self.home / str(self.lives))
        self.run(self.store.close())
        self.open()
        self.owner = uuid4()
        was_running = [room.running for room in self.rooms.values() if room.running is not None]
        words = {turn: self.word() for turn in was_running}
        found = self.run(
            self.store.recover(
                self.owner, lambda one: [piece(words[one.turn.id], one.turn.address.channel_id)]
            )
        )
        assert {one.turn.id for one in found} == set(was_running)
        for room in self.rooms.values():
            if room.running is not None:
                self.states[room.running] = TurnState.INTERRUPTED
                room.outbox.append(words[room.running])
            if room.lease is not None:
                room.fenced.append(room.lease)
            room.running = room.lease = None

    @invariant()
    def everything_is_as_the_model_says(self) -> None:
        for key, room in self.rooms.items():
            assert [turn.id for turn in self.run(self.store.queued(key))] == room.waiting
            running = self.run(self.store.lane(key)).running
            assert (running and running.id) == room.running
            session = self.run(self.store.session(key))
            assert session is not None
            assert (session.generation, session.turn_count) == (room.generation, room.turn_count)
            assert len(self.run(self.store.former_sessions(key))) == room.conversations - 1

    def teardown(self) -> None:
        for turn, state in self.states.items():
            stored = self.run(self.store.turn(turn))
            assert stored is not None
            assert stored.state == state
        self.run(self.store.close())
        self.runner.close()
        shutil.rmtree(self.home)


@pytest.mark.parametrize("kind", STORES)
def test_any_order_of_calls_and_crashes_agrees_with_the_model(kind: str) -> None:
    machine = type("Machine", (StoreMachine,), {"kind": kind})
    # No shrinking: it would take longer than a test may, and be cut off before it has said anything.
    phases = (Phase.explicit, Phase.reuse, Phase.generate)
    run_state_machine_as_test(
        machine, settings=settings(max_examples=20, stateful_step_count=40, deadline=None, phases=phases)
    )
