"""Rooms in trouble: bugs, lost conversations, agents that died. The room goes on, and says so."""

import asyncio
import shutil
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from pathlib import Path

from sessions.agents.base import AgentSession, SessionSpec
from sessions.agents.scripted import ScriptedAdapter
from sessions.errors import AuthError, SessionNotFound
from sessions.events import (
    Event,
    Idle,
)
from sessions.prompts import Fetched
from sessions.store.values import Attachment, Piece, Turn
from sessions.turn import Note, Outcome
from tests.support.at_rest import LAB, texts, until_gone, until_idle
from tests.support.played_agent import PlayedAdapter
from tests.support.rooms import Replies, Sink, house


class BrokenReplies(Replies):
    """Replies with a bug that the prompt `bad` meets."""

    def open(self, turn: Turn, _note: Note) -> Sink:
        sink = super().open(turn, _note)
        return BrokenSink(sink) if turn.prompt.text == "bad" else sink


class BrokenSink(Sink):
    """A reply that fails to say the last word."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def emit(self, event: Event) -> None:
        self._sink.emit(event)

    async def pieces(self, outcome: Outcome) -> Sequence[Piece]:
        await self._sink.pieces(outcome)
        raise RuntimeError("a bug")


class BrokenAdapter(ScriptedAdapter):
    """The scripted agent through an adapter with a bug: its events end in an error, once."""

    def __init__(self) -> None:
        self.is_broken = True

    async def open(self, spec: SessionSpec) -> AgentSession:
        session = await super().open(spec)
        if self.is_broken:
            self.is_broken = False
            session.events = self._break  # type: ignore[method-assign]
        return session

    async def _break(self) -> AsyncGenerator[Event, None]:
        await asyncio.sleep(0.01)
        raise KeyError("a bug")
        yield Idle()


async def test_a_bug_in_a_reply_fails_its_turn_and_the_next_one_runs(tmp_path: Path) -> None:
    async with house(tmp_path, replies=BrokenReplies()) as home:
        await home.say("lab", "bad")
        await home.say("lab", "good")
        await home.replies.until(2)
        await until_idle(home)
        broken, good = await texts(home)
        assert "Something in Roomkey broke (reference " in broken
        assert good.endswith("good")


async def test_an_adapter_that_breaks_fails_its_turn_and_the_room_goes_on(tmp_path: Path) -> None:
    async with house(tmp_path, adapter=BrokenAdapter()) as room:
        for text in ("one", "two"):
            await room.say("lab", text)
        first, second = await room.replies.until(2)
    assert first.outcome is not None
    assert first.outcome.status == "failed"
    assert "could not follow the agent" in first.outcome.text
    assert second.outcome is not None
    assert second.outcome.status == "ok"


async def test_a_lost_conversation_is_said_and_the_room_starts_anew(tmp_path: Path) -> None:
    async with house(tmp_path, max_live=0) as home:
        await home.say("lab", "hello")
        await home.replies.until(1)
        await until_gone(home)
        before = (await home.manager.status(LAB)).record
        assert before is not None
        await asyncio.to_thread(shutil.rmtree, home.engine.paths.room(LAB).home)
        await home.say("lab", "again")
        _, reply = await home.replies.until(2)
        after = (await home.manager.status(LAB)).record
        assert after is not None
        assert reply.outcome is not None
        assert "could not be found" in reply.outcome.notice
        assert reply.outcome.status == "ok"
        assert after.agent_session_id != before.agent_session_id
        assert [former.reason for former in await home.store.former_sessions(LAB)] == ["lost"]


async def test_a_lost_conversation_is_said_also_if_the_new_one_does_not_start(tmp_path: Path) -> None:
    adapter = PlayedAdapter()
    adapter.errors = [SessionNotFound(), AuthError()]
    async with house(tmp_path, adapter=adapter) as home:
        await home.say("lab", "hello")
        [reply] = await home.replies.until(1)
        assert reply.outcome is not None
        assert reply.outcome.problem == "login"
        assert "could not be found" in reply.outcome.notice


async def test_an_agent_that_died_while_idle_is_started_again_without_a_word(tmp_path: Path) -> None:
    adapter = PlayedAdapter()
    async with house(tmp_path, adapter=adapter) as home:
        await home.say("lab", "first")
        await home.replies.until(1)
        adapter.opened[0].is_dead = True
        await home.say("lab", "other")
        _, reply = await home.replies.until(2)
        assert reply.outcome is not None
        assert (reply.outcome.status, reply.outcome.text) == ("ok", "other")
        assert len(adapter.opened) == 2


async def test_a_new_agent_waits_until_the_last_one_is_reaped(tmp_path: Path) -> None:
    adapter = PlayedAdapter()
    async with house(tmp_path, adapter=adapter) as home:
        await home.say("lab", "first, then leave")
        await home.replies.until(1)
        adapter.opened[0].may_close.clear()
        await until_idle(home)
        await home.say("lab", "other")
        await asyncio.sleep(0.05)
        assert len(adapter.opened) == 1
        adapter.opened[0].may_close.set()
        await home.replies.until(2)


async def test_a_file_that_could_not_be_had_is_told_to_the_people(tmp_path: Path) -> None:
    file = Attachment(id="1", name="big.bin", url="http://x", size_bytes=1)

    async def refuse(turn: Turn, _inbox: Path) -> Sequence[Fetched]:
        return [Fetched(attachment=file, problem="It is too large.")] if turn.prompt.attachments else ()

    async with house(tmp_path, fetch_files=refuse) as home:
        row = home.row("lab", "look")
        await home.manager.accept(replace(row, prompt=replace(row.prompt, attachments=(file,))))
        [reply] = await home.replies.until(1)
        assert reply.outcome is not None
        assert reply.outcome.notice == "I could not take big.bin. It is too large."
        assert "big.bin" in reply.outcome.text
