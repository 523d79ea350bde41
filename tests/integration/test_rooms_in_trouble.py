"""Rooms in trouble: bugs, lost conversations, agents that speak unasked. The room goes on, and says so."""

import asyncio
import shutil
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from pathlib import Path

from sessions.agents.base import AgentSession, Allow, Caps, Decision, SessionSpec, TurnInput
from sessions.clock import SystemClock
from sessions.errors import AgentGone, StateError
from sessions.events import BackgroundTasks, Event, Exited, PermissionAsk, TextFinal, TurnDone
from sessions.keys import session_key
from sessions.prompts import Fetched
from sessions.store import Store, open_store
from sessions.store.values import Attachment, Lease, Piece, Take, Turn, TurnResult
from sessions.turn import Note, Outcome
from tests.support.rooms import House, Replies, Sink, house

LAB = session_key("lab")


class PlayedSession:
    """A live agent that a test speaks for."""

    agent_session_id = "played"

    def __init__(self) -> None:
        self.inbox: asyncio.Queue[Event] = asyncio.Queue()
        self.sent: list[TurnInput] = []
        self.answered: list[Decision] = []
        self.is_dead = False

    async def send(self, turn: TurnInput) -> None:
        if self.is_dead:
            raise AgentGone
        self.sent.append(turn)
        done = TurnDone(status="ok", agent_session_id="played", text=turn.text[-5:], turn=turn.turn)
        self.inbox.put_nowait(done)

    async def events(self) -> AsyncGenerator[Event, None]:
        while True:
            event = await self.inbox.get()
            yield event
            if isinstance(event, Exited):
                return

    async def answer(self, ask: str, decision: Decision) -> bool:
        self.answered.append(decision)
        return True

    async def interrupt(self) -> None:
        pass

    async def close(self, grace_s: float) -> None:
        self.inbox.put_nowait(Exited(exit_code=0))


class PlayedAdapter:
    """Opens sessions that a test speaks for."""

    vendor = "scripted"
    caps = Caps()

    def __init__(self) -> None:
        self.opened: list[PlayedSession] = []

    def new_session_id(self) -> str:
        return f"session-{len(self.opened)}"

    async def open(self, spec: SessionSpec) -> AgentSession:
        self.opened.append(PlayedSession())
        return self.opened[-1]

    def terminal_command(self, spec: SessionSpec) -> str | None:
        return None


async def texts(home: House) -> list[str]:
    """Return what is to be said, in order."""
    said = list[str]()
    while rows := await home.store.outbox_due("test", 100):
        for row in rows:
            said.append(row.piece.body)
            await home.store.outbox_done(row.id, None)
    return said


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


async def test_a_bug_in_a_reply_fails_its_turn_and_the_next_one_runs(tmp_path: Path) -> None:
    async with house(tmp_path, replies=BrokenReplies()) as home:
        await home.say("lab", "bad")
        await home.say("lab", "good")
        await home.replies.until(2)
        await _idle(home)
        broken, good = await texts(home)
        assert "Something in Roomkey broke (reference " in broken
        assert good.endswith("good")


async def test_a_lost_conversation_is_said_and_the_room_starts_anew(tmp_path: Path) -> None:
    async with house(tmp_path, max_live=0) as home:
        await home.say("lab", "hello")
        await home.replies.until(1)
        await _gone(home)
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


async def test_what_an_agent_says_unasked_is_posted_and_is_no_answer(tmp_path: Path) -> None:
    adapter = PlayedAdapter()
    async with house(tmp_path, adapter=adapter) as home:
        await home.say("lab", "first")
        await home.replies.until(1)
        agent = adapter.opened[0]
        agent.inbox.put_nowait(TextFinal(text="the build is done"))
        agent.inbox.put_nowait(TurnDone(status="ok", agent_session_id="played", text="the build is done"))
        await home.say("lab", "other")
        await home.replies.until(3)
        outcomes = [r.outcome.text for r in home.replies.all if r.outcome is not None]
        assert sorted(outcomes) == ["first", "other", "the build is done"]
        asked = [r.outcome.text for r in home.replies.all if r.outcome is not None and r.turn.prompt.text]
        assert asked == ["first", "other"]
        await _gone_from_outbox(home, 3)


async def test_nobody_is_asked_for_what_nobody_asked_for(tmp_path: Path) -> None:
    adapter = PlayedAdapter()
    async with house(tmp_path, adapter=adapter) as home:
        await home.say("lab", "first")
        await home.replies.until(1)
        agent = adapter.opened[0]
        agent.inbox.put_nowait(PermissionAsk(id="a", tool="Bash", title="rm"))
        while not agent.answered:
            await asyncio.sleep(0)
        assert not isinstance(agent.answered[0], Allow)


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


async def test_an_agent_that_ends_while_idle_is_let_go(tmp_path: Path) -> None:
    adapter = PlayedAdapter()
    async with house(tmp_path, adapter=adapter) as home:
        await home.say("lab", "first")
        await home.replies.until(1)
        adapter.opened[0].inbox.put_nowait(Exited(exit_code=1))
        await _gone(home)


async def test_an_agent_with_background_work_outlives_its_idle_time(tmp_path: Path) -> None:
    adapter = PlayedAdapter()
    async with house(tmp_path, adapter=adapter, idle_ttl_s=0.02) as home:
        await home.say("lab", "first")
        await home.replies.until(1)
        adapter.opened[0].inbox.put_nowait(BackgroundTasks(count=1))
        await asyncio.sleep(0.1)
        assert (await home.manager.status(LAB)).live
        adapter.opened[0].inbox.put_nowait(BackgroundTasks(count=0))
        await _gone(home)


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


class Tripping:
    """The real store, that fails the first `times` calls of `next` with a finish."""

    def __init__(self, store: Store, times: int, error: Exception) -> None:
        self._store, self._times, self._error = store, times, error

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    async def next(
        self, lease: Lease, finish: TurnResult | None = None, take: Take = Take.ONE
    ) -> Turn | None:
        if finish is not None and self._times:
            self._times -= 1
            raise self._error
        return await self._store.next(lease, finish, take)


async def test_a_full_disk_holds_the_answer_back_and_does_not_lose_it(tmp_path: Path) -> None:
    clock = SystemClock()
    store = Tripping(await open_store(tmp_path, clock), 1, StateError("The disk is full."))
    async with house(tmp_path, store=store) as home:  # pyright: ignore[reportArgumentType]
        await home.say("lab", "hello")
        await home.replies.until(1)
        await _idle(home)
        assert len(home.replies.all) == 1
        [said] = await texts(home)
        assert said.endswith("hello")


async def test_a_worker_that_broke_ends_what_it_left_and_serves_on(tmp_path: Path) -> None:
    clock = SystemClock()
    store = Tripping(await open_store(tmp_path, clock), 1, RuntimeError("a bug in the store"))
    async with house(tmp_path, store=store) as home:  # pyright: ignore[reportArgumentType]
        await home.say("lab", "hello")
        await home.say("lab", "again")
        await home.replies.until(2)
        await _idle(home)
        broken, again = await texts(home)
        assert "Something in Roomkey broke" in broken
        assert again.endswith("again")


async def _idle(home: House) -> None:
    while (await home.manager.status(LAB)).state != "idle":
        await asyncio.sleep(0.005)


async def _gone(home: House) -> None:
    while (await home.manager.status(LAB)).live:
        await asyncio.sleep(0.005)


async def _gone_from_outbox(home: House, wanted: int) -> None:
    said = list[str]()
    while len(said) < wanted:
        said += await texts(home)
        await asyncio.sleep(0.005)
    assert len(said) == wanted
