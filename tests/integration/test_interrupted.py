"""A turn that was cut off: tried again, asked about, continued or dropped; never run twice unsaid."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from sessions.agents.base import SessionSpec
from sessions.agents.scripted import ADAPTER as SCRIPTED
from sessions.agents.scripted import ScriptedAdapter
from sessions.clock import SystemClock
from sessions.engine import first_record
from sessions.keys import TurnId, session_key
from sessions.paths import Paths
from sessions.rearranged import Rearrangement
from sessions.store import Store, open_store
from sessions.store.values import (
    ChatAddress,
    Inbound,
    Kind,
    Lease,
    OutboxRow,
    Prompt,
    Settle,
    Turn,
    TurnState,
)
from tests.support.rooms import House, Replies, house

KEY = session_key("lab")
LOOKS_THEN_HANGS = '[[turn]]\nmatch = "tidy"\nstep = [{ tool = "Bash", title = "ls" }, { hang = true }]\n'
HANGS = '[[turn]]\nmatch = "think"\nstep = [{ hang = true }]\n'


@dataclass(frozen=True, slots=True)
class Cut:
    """How far a turn was when its process was killed."""

    tool: str | None = None
    shown: bool = False
    starts: int = 1
    kind: Kind = Kind.PROMPT
    text: str = "tidy up"


async def leave_behind(data_dir: Path, cut: Cut, *, behind: Sequence[str] = ()) -> TurnId:
    """Do what a process does up to the moment it is killed: accept, take, and note how far it got."""
    store = await open_store(data_dir, SystemClock())
    try:
        await store.ensure_session(
            first_record(KEY, SCRIPTED, Paths(data_dir).room(KEY), SystemClock().utc())
        )
        for number, text in enumerate((cut.text, *behind), 1000):
            kind = cut.kind if number == 1000 else Kind.PROMPT
            await store.accept(
                Inbound(
                    source="test",
                    msg_id=number,
                    key=KEY,
                    address=ChatAddress(platform="test", channel_id=KEY, message_id=str(number)),
                    prompt=Prompt(text=text, author_id="1", author_name="ann"),
                    kind=kind,
                )
            )
        lease, turn = await start(store, attempt=1)
        for attempt in range(2, cut.starts + 1):
            lease, turn = await start(store, attempt=attempt)
        if cut.shown:
            await store.note(lease, turn.id, shown=True, live_nonce="n1")
        if cut.tool is not None:
            await store.note(lease, turn.id, last_tool=cut.tool)
        return turn.id
    finally:
        await store.close()


async def start(store: Store, *, attempt: int) -> tuple[Lease, Turn]:
    """Take the first turn as a new process would, which tries again what the last one left."""
    owner = uuid4()
    for left in await store.recover(owner):
        await store.settle(left.turn.id, Settle.RETRY)
    lease = await store.claim(KEY, owner)
    turn = await store.next(lease)
    assert turn is not None
    assert turn.attempt == attempt
    return lease, turn


async def said(room: House) -> list[OutboxRow]:
    """What the outbox holds, oldest first; taking it off lets the next one of its channel come."""
    rows: list[OutboxRow] = []
    while due := await room.store.outbox_due("test", 10):
        for row in due:
            rows.append(row)
            await room.store.outbox_done(row.id, None)
    return rows


async def state(room: House, turn: TurnId) -> TurnState:
    found = await room.store.turn(turn)
    assert found is not None
    return found.state


async def test_a_turn_that_had_done_nothing_runs_again_by_itself_and_says_so(tmp_path: Path) -> None:
    await leave_behind(tmp_path, Cut())
    async with house(tmp_path) as room:
        [reply] = await room.replies.until(1)
    assert reply.turn.attempt == 2
    assert reply.outcome is not None
    assert reply.outcome.text.startswith("Note from Roomkey: the message below was given to you before")
    assert reply.outcome.text.endswith("tidy up")


@pytest.mark.parametrize("cut", [Cut(tool="rm -r build"), Cut(shown=True), Cut(starts=2)], ids=str)
async def test_a_turn_that_may_have_done_something_is_asked_about(tmp_path: Path, cut: Cut) -> None:
    turn = await leave_behind(tmp_path, cut, behind=["next"])
    async with house(tmp_path) as room:
        await room.replies.until(2)
        assert await state(room, turn) is TurnState.INTERRUPTED
        asked = next(reply for reply in room.replies.ended() if reply.turn.id == turn)
    assert asked.outcome is not None
    assert (asked.outcome.status, asked.outcome.cause) == ("interrupted", "crash")
    assert (asked.outcome.last_tool, asked.outcome.tools) == (cut.tool or "", int(cut.tool is not None))
    assert asked.outcome.decision == ""


async def test_the_next_turn_is_told_of_the_one_before_and_only_that_one(tmp_path: Path) -> None:
    await leave_behind(tmp_path, Cut(tool="ls"), behind=["next", "last"])
    async with house(tmp_path) as room:
        replies = await room.replies.until(3)
    texts = {r.turn.prompt.text: r.outcome.text for r in replies if r.outcome is not None}
    assert texts["next"].startswith("Note from Roomkey: the turn before this one was interrupted")
    assert texts["last"].startswith('Message from "ann"')


async def test_nothing_is_asked_twice_when_the_bot_dies_again(tmp_path: Path) -> None:
    turn = await leave_behind(tmp_path, Cut(tool="ls"))
    async with house(tmp_path) as room:
        assert [row.turn for row in await said(room)] == [turn]
    async with house(tmp_path) as room:
        assert await said(room) == []
        assert await state(room, turn) is TurnState.INTERRUPTED


async def test_a_turn_that_was_found_but_not_decided_about_is_decided_at_the_next_start(
    tmp_path: Path,
) -> None:
    turn = await leave_behind(tmp_path, Cut(tool="ls"))
    store = await open_store(tmp_path, SystemClock())
    assert len(await store.recover(uuid4())) == 1
    await store.close()
    async with house(tmp_path) as room:
        assert [row.turn for row in await said(room)] == [turn]


async def test_a_live_message_is_put_away_though_nobody_learned_its_id(tmp_path: Path) -> None:
    await leave_behind(tmp_path, Cut(shown=True))
    async with house(tmp_path) as room:
        pieces = [row.piece for row in await said(room)]
    assert [(p.action, p.target_id, p.target_nonce) for p in pieces[1:]] == [("fold", None, "n1")]


@pytest.mark.parametrize(
    ("how", "note"),
    [
        (Settle.RETRY, "Note from Roomkey: the message below was given to you before"),
        (Settle.CONTINUE, "Note from Roomkey: you were interrupted while you worked on the message below"),
    ],
)
async def test_a_person_may_let_it_go_on(tmp_path: Path, how: Settle, note: str) -> None:
    turn = await leave_behind(tmp_path, Cut(tool="ls"))
    async with house(tmp_path) as room:
        await room.replies.until(1)
        assert await room.manager.settle(turn, how)
        reply = (await room.replies.until(2))[-1]
        assert not await room.manager.settle(turn, Settle.DROP)
    assert reply.turn.id == turn
    assert reply.outcome is not None
    assert note in reply.outcome.text.splitlines()[0]


async def test_a_person_may_drop_it(tmp_path: Path) -> None:
    turn = await leave_behind(tmp_path, Cut(tool="ls"))
    async with house(tmp_path) as room:
        assert await room.manager.settle(turn, Settle.DROP)
        assert await state(room, turn) is TurnState.CANCELLED
        assert not await room.manager.settle(turn, Settle.RETRY)


async def test_a_room_may_always_go_on_by_itself(tmp_path: Path) -> None:
    turn = await leave_behind(tmp_path, Cut(tool="ls"))
    async with house(tmp_path, on_interrupt="resume") as room:
        said_first, went_on = await room.replies.until(2)
    assert said_first.outcome is not None
    assert said_first.outcome.decision == "continue"
    assert (went_on.turn.id, went_on.turn.resumption) == (turn, "continue")


async def test_a_turn_that_keeps_ending_the_bot_is_asked_about_in_the_end(tmp_path: Path) -> None:
    turn = await leave_behind(tmp_path, Cut(tool="ls", starts=3))
    async with house(tmp_path, on_interrupt="resume") as room:
        await room.replies.until(1)
        assert await state(room, turn) is TurnState.INTERRUPTED


async def test_a_room_may_drop_it_by_itself(tmp_path: Path) -> None:
    turn = await leave_behind(tmp_path, Cut(tool="ls"))
    async with house(tmp_path, on_interrupt="fail") as room:
        [reply] = await room.replies.until(1)
        assert await state(room, turn) is TurnState.CANCELLED
    assert reply.outcome is not None
    assert reply.outcome.decision == "drop"


async def test_a_reset_that_was_cut_off_is_made(tmp_path: Path) -> None:
    await leave_behind(tmp_path, Cut(kind=Kind.RESET), behind=["next"])
    async with house(tmp_path) as room:
        await room.replies.until(1)
        record = await room.store.session(KEY)
    assert record is not None
    assert record.generation == 1


async def test_a_change_of_the_workdir_that_was_cut_off_is_made(tmp_path: Path) -> None:
    project, data = tmp_path / "project", tmp_path / "data"
    project.mkdir()
    data.mkdir()
    change = Rearrangement(act="directory", path=str(project))
    await leave_behind(data, Cut(kind=Kind.CWD, text=change.model_dump_json()), behind=["next"])
    async with house(data) as room:
        await room.replies.until(1)
        record = await room.store.session(KEY)
    assert record is not None
    assert record.workdir == project


class _Witness(ScriptedAdapter):
    """The scripted agent, whose own record says that it may have acted."""

    def may_have_acted(self, spec: SessionSpec, prompt: UUID) -> bool:
        return True


async def test_what_the_agents_own_record_tells_counts(tmp_path: Path) -> None:
    turn = await leave_behind(tmp_path, Cut())
    async with house(tmp_path, adapter=_Witness()) as room:
        await room.replies.until(1)
        assert await state(room, turn) is TurnState.INTERRUPTED


async def test_a_stop_takes_back_a_turn_that_had_done_nothing(tmp_path: Path) -> None:
    async with house(tmp_path, script=HANGS, grace_s=0.0) as room:
        accepted = await room.say("lab", "think")
        await until_running(room, accepted.turn)
    assert room.replies.ended() == []
    async with house(tmp_path) as room:
        [reply] = await room.replies.until(1)
    assert (reply.turn.id, reply.turn.attempt) == (accepted.turn, 1)


async def test_a_stop_asks_about_a_turn_that_had_used_a_tool(tmp_path: Path) -> None:
    async with house(tmp_path, script=LOOKS_THEN_HANGS, grace_s=0.0) as room:
        accepted = await room.say("lab", "tidy")
        await room.replies.begun("tidy")
    [reply] = room.replies.ended()
    assert reply.outcome is not None
    assert (reply.outcome.status, reply.outcome.cause, reply.outcome.last_tool) == (
        "interrupted",
        "stop",
        "ls",
    )
    async with house(tmp_path, replies=Replies()) as room:
        assert await state(room, accepted.turn) is TurnState.INTERRUPTED
        assert await room.manager.settle(accepted.turn, Settle.CONTINUE)
        [reply] = await room.replies.until(1)
    assert reply.turn.id == accepted.turn


async def test_a_stop_lets_a_room_go_on_by_itself_at_the_next_start(tmp_path: Path) -> None:
    async with house(tmp_path, script=LOOKS_THEN_HANGS, grace_s=0.0, on_interrupt="resume") as room:
        accepted = await room.say("lab", "tidy")
        await room.replies.begun("tidy")
    async with house(tmp_path, on_interrupt="resume") as room:
        [reply] = await room.replies.until(1)
    assert (reply.turn.id, reply.turn.resumption) == (accepted.turn, "continue")


async def until_running(room: House, turn: TurnId) -> None:
    while await state(room, turn) is not TurnState.RUNNING:
        await asyncio.sleep(0.005)


class _Puzzled(_Witness):
    """The scripted agent with a record that nothing can make sense of."""

    def may_have_acted(self, spec: SessionSpec, prompt: UUID) -> bool:
        raise RecursionError("a record that never ends")


async def test_a_turn_that_cannot_be_judged_is_asked_about_and_keeps_no_bot_from_starting(
    tmp_path: Path,
) -> None:
    turn = await leave_behind(tmp_path, Cut(), behind=["next"])
    async with house(tmp_path, adapter=_Puzzled()) as room:
        await room.replies.until(1)
        assert await state(room, turn) is TurnState.INTERRUPTED
        assert "may be half done" in (await said(room))[0].piece.body
