"""Receipts: the newest state alone, at the chat's pace, true after a restart, and never in anybody's way."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from bot.chat import ChatError, ChatRefused
from bot.receipts import GRACE_S, PACE_S, Receipts
from sessions.keys import SessionKey, TurnId, session_key
from sessions.store import Store, open_store
from sessions.store.values import ChatAddress, Inbound, Lease, Prompt, Settle, TurnResult, TurnState
from tests.support.clocks import SetClock
from tests.support.ports import FakePort, settled

ROOM = session_key("room")


class Scene:
    """A pump between the real store and a chat in memory; the room has a running turn, of message 1."""

    def __init__(self, store: Store, clock: SetClock, port: FakePort, *, are_shown: bool) -> None:
        self.store = store
        self.clock = clock
        self.port = port
        self.receipts = Receipts(store, port, clock, are_shown=are_shown)

    async def said(self, message_id: int, key: SessionKey = ROOM) -> TurnId:
        address = ChatAddress(platform="fake", channel_id=str(key), message_id=str(message_id))
        row = Inbound(source="test", msg_id=message_id, key=key, address=address, prompt=Prompt(text="hi"))
        turn = (await self.store.accept(row)).turn
        self.receipts.wake()
        return turn

    async def starts(self, key: SessionKey = ROOM) -> Lease:
        lease = await self.store.claim(key, uuid4())
        assert await self.store.next(lease) is not None
        self.receipts.wake()
        return lease

    async def ends(self, lease: Lease, turn: TurnId, state: TurnState = TurnState.DONE) -> None:
        """Let a turn end, and the next one begin."""
        await self.store.next(lease, TurnResult(turn=turn, state=state))
        self.receipts.wake()

    async def is_due(self) -> list[TurnId]:
        return [receipt.turn for receipt in await self.store.receipts_due("fake", 100)]

    async def pass_s(self, seconds: float) -> None:
        """Let time go by in small steps, and the pump do its work in between."""
        for _ in range(round(seconds / 0.1)):
            await self.rest()
            self.clock.pass_s(0.1)
        await self.rest()

    async def rest(self) -> None:
        """Wait until the pump has done all it can do now."""
        for _ in range(4):  # it looks, makes a request, notes it and looks again
            await self.store.set_fact("test", "rest", "")  # behind all that the pump has stored,
            await self.store.get_fact("test", "rest")  # and asked
            await settled()


@asynccontextmanager
async def scene(
    data_dir: Path, port: FakePort | None = None, *, are_shown: bool = True
) -> AsyncGenerator[Scene]:
    clock = SetClock()
    store = await open_store(data_dir, clock)
    made = Scene(store, clock, port or FakePort(), are_shown=are_shown)
    try:
        async with asyncio.TaskGroup() as tasks:
            pump = tasks.create_task(made.receipts.run())
            try:
                yield made
            finally:
                pump.cancel()
    finally:
        await store.close()


async def test_a_message_that_waits_is_marked_then_bare_then_done(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        first = await it.said(1)
        lease = await it.starts()
        second = await it.said(2)
        await it.pass_s(GRACE_S + 1)
        assert it.port.marks == {"2": ["⏳"]}
        await it.ends(lease, first)
        await it.pass_s(2)
        assert it.port.marks == {"1": ["✅"], "2": []}
        await it.ends(lease, second)
        await it.pass_s(2)
        assert it.port.marks == {"1": ["✅"], "2": ["✅"]}
        assert await it.is_due() == []


async def test_a_short_wait_is_not_marked(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        first = await it.said(1)
        lease = await it.starts()
        second = await it.said(2)
        await it.pass_s(GRACE_S - 0.5)
        await it.ends(lease, first)
        await it.ends(lease, second)
        await it.pass_s(3)
        assert it.port.log == [("react", "✅"), ("react", "✅")]


@pytest.mark.parametrize(
    ("state", "mark"),
    [
        (TurnState.FAILED, "❌"),
        (TurnState.CANCELLED, "⏹️"),
        (TurnState.INTERRUPTED, "⚠️"),
    ],
)
async def test_each_end_has_its_mark(tmp_path: Path, state: TurnState, mark: str) -> None:
    async with scene(tmp_path) as it:
        turn = await it.said(1)
        await it.ends(await it.starts(), turn, state)
        await it.pass_s(1)
        assert it.port.marks == {"1": [mark]}


async def test_an_interrupted_turn_that_goes_on_loses_its_mark(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        turn = await it.said(1)
        lease = await it.starts()
        await it.ends(lease, turn, TurnState.INTERRUPTED)
        await it.pass_s(1)
        assert await it.store.settle(turn, Settle.CONTINUE)
        assert await it.store.next(lease) is not None
        it.receipts.wake()
        await it.pass_s(3)
        assert it.port.marks == {"1": []}


async def test_a_message_that_was_taken_along_is_bare_while_that_turn_runs(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        first = await it.said(1)
        lease = await it.starts()
        second = await it.said(2)
        await it.store.merge(lease, second, first)
        it.receipts.wake()
        await it.pass_s(1)
        assert it.port.marks == {}
        await it.ends(lease, first)
        await it.pass_s(2)
        assert it.port.marks == {"1": ["✅"], "2": ["✅"]}


async def test_requests_of_a_channel_keep_their_distance(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        for message_id in (1, 2, 3):
            turn = await it.said(message_id)
            await it.ends(await it.starts(), turn)
        await it.rest()
        assert len(it.port.log) == 1
        await it.pass_s(PACE_S + 0.1)
        assert len(it.port.log) == 2


async def test_a_refused_mark_is_given_up_and_costs_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    async with scene(tmp_path) as it:
        it.port.faults = {"react": [ChatRefused("Missing permission.")]}
        for message_id in (1, 2):
            turn = await it.said(message_id)
            await it.ends(await it.starts(), turn)
        await it.pass_s(2)
        assert it.port.marks == {"2": ["✅"]}
        assert await it.is_due() == []
        assert "a receipt is refused" in caplog.text


@pytest.mark.parametrize("error", [ChatError(), ValueError("a bug")])
async def test_a_mark_that_fails_is_tried_again_and_holds_up_no_other_channel(
    tmp_path: Path, error: Exception
) -> None:
    async with scene(tmp_path) as it:
        it.port.faults = {"react": [error]}  # type: ignore[list-item]
        turn = await it.said(1)
        await it.ends(await it.starts(), turn)
        await it.rest()
        assert it.port.marks == {}
        other = session_key("other")
        turn = await it.said(2, other)
        await it.ends(await it.starts(other), turn)
        await it.pass_s(0.5)
        assert it.port.marks == {"2": ["✅"]}
        await it.pass_s(1)
        assert it.port.marks == {"1": ["✅"], "2": ["✅"]}


async def test_the_chat_says_how_long_a_channel_wants_no_marks(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        it.port.faults = {"react": [ChatError(retry_after_s=20)]}
        turn = await it.said(1)
        await it.ends(await it.starts(), turn)
        await it.pass_s(19)
        assert len(it.port.log) == 1
        await it.pass_s(2)
        assert it.port.marks == {"1": ["✅"]}


async def test_marks_are_true_after_a_restart(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        await it.said(1)
        await it.starts()
        await it.said(2)
        await it.pass_s(3)
        port = it.port
    async with scene(tmp_path, port) as it:
        await it.store.recover(uuid4())
        await it.starts()
        await it.pass_s(3)
        assert it.port.marks == {"1": ["⚠️"], "2": []}


async def test_a_mark_that_a_killed_run_had_no_time_to_note_goes(tmp_path: Path) -> None:
    async with scene(tmp_path, are_shown=False) as it:
        first = await it.said(1)
        lease = await it.starts()
        port = FakePort()
        await port.react("room", "2", "⏳")
    clock = SetClock()
    store = await open_store(tmp_path, clock)
    it = Scene(store, clock, port, are_shown=True)
    await it.said(2)
    await it.ends(lease, first)
    await store.close()
    async with scene(tmp_path, port) as it:
        await it.pass_s(4)
        assert it.port.marks == {"1": ["✅"], "2": []}


async def test_switched_off_it_asks_for_nothing_and_leaves_nothing_due(tmp_path: Path) -> None:
    async with scene(tmp_path, are_shown=False) as it:
        turn = await it.said(1)
        await it.ends(await it.starts(), turn)
        await it.rest()
        assert it.port.log == []
        assert await it.is_due() == []


async def test_a_chat_without_reactions_is_asked_for_none(tmp_path: Path) -> None:
    async with scene(tmp_path, FakePort(can_react=False)) as it:
        turn = await it.said(1)
        await it.ends(await it.starts(), turn)
        await it.rest()
        assert it.port.log == []


async def test_what_no_message_asked_for_has_no_receipt(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        address = ChatAddress(platform="fake", channel_id="room")
        row = Inbound(source="test", msg_id=1, key=ROOM, address=address, prompt=Prompt(text="hi"))
        turn = (await it.store.accept(row)).turn
        await it.ends(await it.starts(), turn)
        await it.pass_s(2)
        assert it.port.log == []


async def test_a_flooded_channel_holds_up_no_other(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        await it.said(1)
        await it.starts()
        for message_id in range(2, 102):
            await it.said(message_id)
        other = session_key("other")
        turn = await it.said(200, other)
        await it.ends(await it.starts(other), turn)
        await it.pass_s(GRACE_S + 1)
        assert it.port.marks.pop("200") == ["✅"]
        assert len(it.port.marks) > 2
