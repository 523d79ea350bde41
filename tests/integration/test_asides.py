"""Side questions with the scripted agent: they know the past, disturb nothing, leave nothing, and end."""

import asyncio
from pathlib import Path

import pytest

from sessions.agents.base import AgentSession, SessionSpec
from sessions.agents.scripted import ScriptedAdapter
from sessions.asides import Asides
from sessions.errors import UserError
from sessions.keys import session_key
from sessions.store.values import Prompt, TurnState
from tests.support.rooms import house
from tests.support.scripts import HANG, RECALL, WRITE
from tests.support.told import told

SCRIPT = RECALL + HANG + WRITE
LAB = session_key("lab")


async def test_a_side_question_changes_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    async with house(tmp_path, script=SCRIPT) as home:
        with pytest.raises(UserError, match="Nothing was said here yet"):
            await home.manager.asides.ask(LAB, Prompt(text="recall"))
        await told(home, "lab", "the word is plum")
        hanging = await home.say("lab", "hang")
        await home.replies.begun("hang")
        before = await home.store.session(LAB)
        locks = set(home.engine.paths.session_locks.iterdir())
        answer = await home.manager.asides.ask(LAB, Prompt(text="recall", author_name="ann"))
        assert "the word is plum" in answer
        assert await home.store.session(LAB) == before
        assert set(home.engine.paths.session_locks.iterdir()) == locks
        assert not (home.engine.paths.room(LAB).root / "aside").exists()
        assert (await home.store.turn(hanging.turn)).state is TurnState.RUNNING  # type: ignore[union-attr]
        home.manager.stop(LAB)
        assert "recall" not in await told(home, "lab", "recall")


async def test_a_side_question_that_hangs_ends_in_time_and_with_the_bot(tmp_path: Path) -> None:
    async with house(tmp_path, script=SCRIPT) as home:
        await told(home, "lab", "the word is plum")
        asked = asyncio.ensure_future(home.manager.asides.ask(LAB, Prompt(text="hang")))
        aside = home.engine.paths.room(LAB).root / "aside"
        async with asyncio.timeout(60):
            while not aside.exists():
                await asyncio.sleep(0.01)
        with pytest.raises(UserError, match="being answered here already"):
            await home.manager.asides.ask(LAB, Prompt(text="recall"))
    with pytest.raises(UserError, match="about to stop"):
        await asked
    assert not aside.exists()


class SlowToEnd(ScriptedAdapter):
    """Its processes end once they may."""

    def __init__(self) -> None:
        self.ending = asyncio.Event()
        self.may_end = asyncio.Event()

    async def open(self, spec: SessionSpec) -> AgentSession:
        """Start one."""
        session = await super().open(spec)
        close = session.close

        async def slowly(grace_s: float) -> None:
            self.ending.set()
            await self.may_end.wait()
            await close(grace_s)

        session.close = slowly
        return session


async def test_the_bot_ends_while_a_side_question_is_ending_because_it_took_too_long(tmp_path: Path) -> None:
    adapter = SlowToEnd()
    async with house(tmp_path, script=SCRIPT, adapter=adapter) as home:
        await told(home, "lab", "the word is plum")
        asides = Asides(home.engine, limit_s=1.0)
        asked = asyncio.ensure_future(asides.ask(LAB, Prompt(text="hang")))
        await adapter.ending.wait()
        ending = asyncio.ensure_future(asides.end())
        await asyncio.sleep(0)
        adapter.may_end.set()
        await ending
        with pytest.raises(UserError, match="no answer within"):
            await asked


async def test_what_a_crash_left_of_a_side_question_is_gone_at_the_next_start(tmp_path: Path) -> None:
    left = tmp_path / "sessions" / "lab" / "aside" / "claude"
    left.mkdir(parents=True)
    async with house(tmp_path):
        assert not left.parent.exists()
        assert left.parent.parent.exists()


async def test_a_side_question_that_finds_no_place_is_refused_in_a_sentence(tmp_path: Path) -> None:
    async with house(tmp_path, script=SCRIPT) as home:
        await told(home, "lab", "the word is plum")
        (home.engine.paths.room(LAB).root / "aside").write_text("in the way")
        with pytest.raises(UserError, match="could not be copied: File exists"):
            await home.manager.asides.ask(LAB, Prompt(text="recall", author_id="1"))


async def test_a_side_question_may_not_use_a_tool_that_changes_things(tmp_path: Path) -> None:
    async with house(tmp_path, script=SCRIPT) as home:
        await told(home, "lab", "the word is plum")
        assert await home.manager.asides.ask(LAB, Prompt(text="use a tool")) == "tried"
