"""Any order of calls and crashes: every store against a model of a few lines."""

import asyncio
import shutil
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from sessions.clock import SystemClock
from sessions.errors import Fenced, StateError
from sessions.keys import SessionKey, TurnId
from sessions.store import STORES, open_store
from sessions.store.values import Lease, Settle, Take, TurnState
from tests.support.store_model import KEYS, Room, StoreModel
from tests.support.store_values import piece, record

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


class StoreMachine(StoreModel, RuleBasedStateMachine):
    """The calls of a whole bot's life, with kill -9 in between and a second bot that takes over."""

    def __init__(self) -> None:
        super().__init__()
        for number, key in enumerate(KEYS):
            self.run(self.store.ensure_session(record(key)))
            self.accept(key, [100 + number, 200 + number, 300 + number], head=False)
            self.next_one(key, None, TurnState.DONE, Settle.ASK, Take.ONE)

    @rule(key=keys, some=st.lists(numbers, min_size=1, max_size=3), head=st.booleans())
    def accept(self, key: SessionKey, some: list[int], head: bool) -> None:
        for number in some:
            self.accept_one(key, number, head)

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

    def reset_during_a_turn(self, key: SessionKey) -> None:
        room = self.rooms[key]
        if room.lease is not None:
            renewed = self.run(self.store.renew(room.lease, "renewed", "reset"))
            room.generation, room.turn_count = room.generation + 1, 0
            room.conversations += 1
            assert renewed.generation == room.generation

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

    def teardown(self) -> None:
        self.end()


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
