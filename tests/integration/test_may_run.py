"""What waits is asked about when it is taken: what may not run any more is dropped, and its room goes on."""

from pathlib import Path

import pytest

from sessions.keys import session_key
from sessions.results import DROPPED
from sessions.store.values import Kind, Turn, TurnState
from tests.support.rooms import house

SCRIPT = """
[[turn]]
match = "work"
[[turn.step]]
text = "half an answer"
[[turn.step]]
tool = "Bash"
title = "make"
[[turn.step]]
hang = true
"""


class Refusing:
    """Refuses the prompts of these texts, and keeps what it was asked about."""

    def __init__(self, *refused: str) -> None:
        self.refused = set(refused)
        self.asked: list[str] = []

    async def __call__(self, turn: Turn) -> str | None:
        self.asked.append(turn.prompt.text)
        return "They may not any more." if turn.prompt.text in self.refused else None


async def test_a_turn_that_may_not_run_is_dropped_and_the_next_one_runs(tmp_path: Path) -> None:
    it = Refusing("the plum")
    async with house(tmp_path, may_run=it) as rooms:
        dropped = await rooms.say("lab", "the plum")
        await rooms.say("lab", "the pear")
        await rooms.replies.until(1)
        assert rooms.replies.texts() == ["the pear"]
        assert it.asked == ["the plum", "the pear"]
        ended = await rooms.store.turn(dropped.turn)
        assert ended is not None
        assert ended.state is TurnState.CANCELLED
        fate = await rooms.store.fate("test", 1)
        assert fate is not None
        assert fate.summary == DROPPED
        said = [row.piece.body for row in await rooms.store.outbox_due("test", 10)]
        assert said == ["-# They may not any more."]


async def test_a_check_that_breaks_runs_nothing_and_ends_no_room(tmp_path: Path) -> None:
    async def broken(turn: Turn) -> None:
        if turn.prompt.text == "the plum":
            raise RuntimeError("a bug")

    async with house(tmp_path, may_run=broken) as rooms:
        dropped = await rooms.say("lab", "the plum")
        await rooms.say("lab", "the pear")
        await rooms.replies.until(1)
        assert rooms.replies.texts() == ["the pear"]
        ended = await rooms.store.turn(dropped.turn)
        assert ended is not None
        assert ended.state is TurnState.FAILED


async def test_a_reset_that_may_not_run_leaves_the_session_as_it_is(tmp_path: Path) -> None:
    it = Refusing()
    async with house(tmp_path, may_run=it) as rooms:
        await rooms.say("lab", "hello")
        await rooms.replies.until(1)
        before = await rooms.store.session(session_key("lab"))
        it.refused.add("")
        await rooms.say("lab", "", kind=Kind.RESET)
        await rooms.say("lab", "hello again")
        await rooms.replies.until(2)
        after = await rooms.store.session(session_key("lab"))
        assert before is not None
        assert after is not None
        assert after.agent_session_id == before.agent_session_id


async def test_what_may_not_run_is_not_handed_to_a_running_turn(tmp_path: Path) -> None:
    it = Refusing("the plum")
    async with house(tmp_path, script=SCRIPT, may_run=it, when_busy="steer") as rooms:
        await rooms.say("lab", "work")
        await rooms.replies.begun("work")
        refused = await rooms.say("lab", "the plum")
        while "the plum" not in it.asked:
            await rooms.store.waiting()  # gives way until the running turn was offered it
        stored = await rooms.store.turn(refused.turn)
        assert stored is not None
        assert stored.state is TurnState.QUEUED
        rooms.manager.stop(session_key("lab"))
        await rooms.say("lab", "the pear")
        await rooms.replies.until(2)
        assert rooms.replies.texts() == ["work", "the pear"]


@pytest.mark.parametrize("named", [True, False])
async def test_a_stop_of_one_turn_never_ends_another(tmp_path: Path, named: bool) -> None:
    async with house(tmp_path, script=SCRIPT) as rooms:
        first = await rooms.say("lab", "work")
        await rooms.replies.begun("work")
        other = await rooms.say("lab", "the pear")
        key = session_key("lab")
        assert not rooms.manager.stop(key, other.turn)
        assert not rooms.manager.stop(session_key("attic"), first.turn)
        assert not rooms.replies.ended()
        assert rooms.manager.stop(key, first.turn if named else None)
        await rooms.replies.until(2)
