"""Rooms in trouble: bugs, lost conversations, agents that speak unasked. The room goes on, and says so."""

import asyncio
import shutil
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from sessions.agents.base import AgentSession, Allow, Decision, Deny, SessionSpec, TurnInput
from sessions.agents.conversations import Ability
from sessions.agents.scripted import ADAPTER as SCRIPTED
from sessions.clock import SystemClock
from sessions.errors import AgentError, AgentGone, AuthError, SessionNotFound, StateError
from sessions.events import (
    BackgroundTasks,
    Event,
    Exited,
    Idle,
    PermissionAsk,
    Started,
    TextFinal,
    ToolStart,
    TurnDone,
    Usage,
)
from sessions.keys import SessionKey, TurnId, session_key
from sessions.prompts import Fetched
from sessions.store import Store, open_store
from sessions.store.values import (
    Accepted,
    Attachment,
    Inbound,
    Kind,
    Lease,
    Piece,
    Take,
    Turn,
    TurnResult,
)
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
        self.decided: list[Decision] = []
        self.is_dead = False
        self.is_closed = False
        self.may_close = asyncio.Event()
        self.may_close.set()

    async def send(self, turn: TurnInput) -> None:
        if self.is_dead:
            raise AgentGone
        self.sent.append(turn)
        done = TurnDone(status="ok", agent_session_id="played", text=turn.text[-5:], turn=turn.turn)
        if "tool" in turn.text:
            self.inbox.put_nowait(ToolStart(id="t", name="Bash", title="Bash: ls", turn=turn.turn))
        if "build" in turn.text:
            self.inbox.put_nowait(BackgroundTasks(count=1))
        if "wait" not in turn.text:
            self.inbox.put_nowait(done)
        if "leave" in turn.text:
            self.inbox.put_nowait(Exited(exit_code=0))

    async def steer(self, turn: TurnInput) -> bool:
        return False

    async def events(self) -> AsyncGenerator[Event, None]:
        while True:
            event = await self.inbox.get()
            yield event
            if isinstance(event, Exited):
                return

    async def answer(self, ask: str, decision: Decision) -> bool:
        self.answered.append(decision)
        return True

    async def context(self) -> None:
        return

    def decide(self, tool: str, decision: Decision) -> None:
        self.decided.append(decision)

    async def interrupt(self) -> None:
        turn = self.sent[-1].turn
        self.inbox.put_nowait(TurnDone(status="stopped", agent_session_id="played", turn=turn))

    async def close(self, grace_s: float) -> None:
        self.inbox.put_nowait(Exited(exit_code=0))
        await self.may_close.wait()
        self.is_closed = True


class PlayedAdapter:
    """Opens sessions that a test speaks for."""

    vendor = "scripted"
    models = ()
    can: frozenset[Ability] = frozenset()
    conversations = SCRIPTED.conversations

    def __init__(self) -> None:
        self.opened: list[PlayedSession] = []
        self.errors: list[AgentError] = []
        self.asked = asyncio.Event()
        self.may_open = asyncio.Event()
        self.may_open.set()

    def new_session_id(self) -> str:
        return f"session-{len(self.opened)}"

    async def open(self, spec: SessionSpec) -> AgentSession:
        self.asked.set()
        await self.may_open.wait()
        if self.errors:
            raise self.errors.pop(0)
        self.opened.append(PlayedSession())
        return self.opened[-1]

    def model_url(self, env: Mapping[str, str]) -> str | None:
        return None

    def may_have_acted(self, spec: SessionSpec, prompt: UUID) -> bool:
        return True

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


class HurriedClock(SystemClock):
    """The system's clock, on which nobody sleeps."""

    async def sleep(self, delay_s: float) -> None:
        await asyncio.sleep(0)


class Refusing:
    """The real store, whose methods named in `refusals` fail that many times."""

    def __init__(self, store: Store, **refusals: int) -> None:
        self._store, self._refusals = store, refusals

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def _refuse(self, name: str) -> None:
        if self._refusals.get(name, 0):
            self._refusals[name] -= 1
            raise StateError("The disk is full.")

    async def claim(self, key: SessionKey, owner: UUID) -> Lease:
        self._refuse("claim")
        return await self._store.claim(key, owner)

    async def note(self, lease: Lease, turn: TurnId, *, last_tool: str | None = None) -> None:
        self._refuse("note")
        await self._store.note(lease, turn, last_tool=last_tool)

    async def post(self, notice: Inbound, pieces: Sequence[Piece]) -> Accepted:
        self._refuse("post")
        return await self._store.post(notice, pieces)


async def test_a_disk_that_is_full_for_long_loses_no_answer(tmp_path: Path) -> None:
    store = Tripping(await open_store(tmp_path, SystemClock()), 20, StateError("The disk is full."))
    async with house(tmp_path, store=store, clock=HurriedClock()) as home:  # pyright: ignore[reportArgumentType]
        await home.say("lab", "hello")
        await home.replies.until(1)
        await _idle(home)
        assert len(home.replies.all) == 1
        [said] = await texts(home)
        assert said.endswith("hello")


async def test_a_tool_that_cannot_be_noted_does_not_run_and_ends_no_turn(tmp_path: Path) -> None:
    adapter = PlayedAdapter()
    store = Refusing(await open_store(tmp_path, SystemClock()), note=1)
    async with house(tmp_path, store=store, adapter=adapter) as home:  # pyright: ignore[reportArgumentType]
        await home.say("lab", "a tool")
        [reply] = await home.replies.until(1)
        assert reply.outcome is not None
        assert reply.outcome.status == "ok"
    [decision] = adapter.opened[0].decided
    assert isinstance(decision, Deny)


async def test_unasked_words_that_cannot_be_stored_end_no_turn(tmp_path: Path) -> None:
    adapter = PlayedAdapter()
    store = Refusing(await open_store(tmp_path, SystemClock()), post=1)
    async with house(tmp_path, store=store, adapter=adapter) as home:  # pyright: ignore[reportArgumentType]
        await home.say("lab", "wait")
        await _sent(adapter, 1)
        inbox, sent = adapter.opened[0].inbox, adapter.opened[0].sent[0]
        inbox.put_nowait(TextFinal(text="the build is done"))
        inbox.put_nowait(TurnDone(status="ok", agent_session_id="played"))
        await home.replies.until(1)  # the words; the store refuses them
        inbox.put_nowait(TurnDone(status="ok", agent_session_id="played", text="the answer", turn=sent.turn))
        await home.replies.until(2)
        await _idle(home)
        [said] = await texts(home)
        assert said == "the answer"


async def test_a_worker_that_cannot_begin_tries_again(tmp_path: Path) -> None:
    store = Refusing(await open_store(tmp_path, SystemClock()), claim=2)
    async with house(tmp_path, store=store) as home:  # pyright: ignore[reportArgumentType]
        await home.say("lab", "hello")
        [reply] = await home.replies.until(1)
        assert reply.outcome is not None
        assert reply.outcome.status == "ok"


async def test_a_worker_that_cannot_begin_holds_up_no_end(tmp_path: Path) -> None:
    store = Refusing(await open_store(tmp_path, SystemClock()), claim=1000)
    async with asyncio.timeout(60):
        async with house(tmp_path, store=store) as home:  # pyright: ignore[reportArgumentType]
            await home.say("lab", "hello")


async def test_stop_cuts_a_start_short(tmp_path: Path) -> None:
    adapter = PlayedAdapter()
    adapter.may_open.clear()
    async with house(tmp_path, adapter=adapter) as home:
        await home.say("lab", "hello")
        await adapter.asked.wait()
        assert home.manager.stop(LAB)
        [reply] = await home.replies.until(1)
        assert reply.outcome is not None
        assert reply.outcome.status == "stopped"
        adapter.may_open.set()
        await home.say("lab", "again")
        _, following = await home.replies.until(2)
        assert following.outcome is not None
        assert following.outcome.status == "ok"


async def test_stop_cuts_a_download_short(tmp_path: Path) -> None:
    file = Attachment(id="1", name="big.bin", url="http://x", size_bytes=1)
    begun = asyncio.Event()

    async def hang(_turn: Turn, _inbox: Path) -> Sequence[Fetched]:
        begun.set()
        await asyncio.Event().wait()
        return ()

    async with house(tmp_path, fetch_files=hang) as home:
        row = home.row("lab", "look")
        await home.manager.accept(replace(row, prompt=replace(row.prompt, attachments=(file,))))
        await begun.wait()
        assert home.manager.stop(LAB)
        assert home.manager.stop(LAB)
        [reply] = await home.replies.until(1)
        assert reply.outcome is not None
        assert reply.outcome.status == "stopped"


class Meddling:
    """The real store; `meddle` is called when a turn of this text is started, before its worker knows."""

    def __init__(self, store: Store, text: str) -> None:
        self._store, self._text = store, text
        self.meddle: Callable[[], object] = lambda: None

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    async def next(
        self, lease: Lease, finish: TurnResult | None = None, take: Take = Take.ONE
    ) -> Turn | None:
        turn = await self._store.next(lease, finish, take)
        if turn is not None and turn.prompt.text == self._text:
            self.meddle()
        return turn


async def test_a_reset_now_ends_also_a_turn_that_is_just_being_taken(tmp_path: Path) -> None:
    adapter = PlayedAdapter()
    store = Meddling(await open_store(tmp_path, SystemClock()), "wait")
    async with house(tmp_path, store=store, adapter=adapter) as home:  # pyright: ignore[reportArgumentType]
        store.meddle = lambda: home.manager.accept(home.row("lab", "", kind=Kind.RESET, head=True))
        await home.say("lab", "wait")
        [reply] = await home.replies.until(1)
        assert reply.outcome is not None
        assert reply.outcome.status == "stopped"


async def test_an_agent_that_says_it_is_idle_at_any_moment_after_its_turn_goes_when_there_are_too_many(
    tmp_path: Path,
) -> None:
    adapter = PlayedAdapter()
    async with house(tmp_path, adapter=adapter, max_live=0, idle_ttl_s=600) as home:
        for steps in range(40):
            await home.say("lab", "wait")
            while len(adapter.opened) == steps or not adapter.opened[steps].sent:
                await asyncio.sleep(0)
            agent = adapter.opened[steps]
            usage = Usage(cost_usd=0.01)  # what the turn cost is looked up in the store, behind its end
            done = TurnDone(status="ok", agent_session_id="played", turn=agent.sent[0].turn, usage=usage)
            agent.inbox.put_nowait(done)
            for _ in range(steps):
                await asyncio.sleep(0)
            agent.inbox.put_nowait(Idle())
            await _gone(home)


async def test_an_agent_that_got_work_although_it_was_to_go_keeps_its_background_task(tmp_path: Path) -> None:
    adapter = PlayedAdapter()
    async with house(tmp_path, adapter=adapter, max_live=0) as home:
        waiting = [home.manager.accept(home.row("lab", text)) for text in ("first", "build")]
        for accepted in waiting:
            await accepted
        await home.replies.until(2)
        await _idle(home)
        assert not adapter.opened[0].is_closed
        adapter.opened[0].inbox.put_nowait(BackgroundTasks(count=0))
        await _gone(home)
        assert len(adapter.opened) == 1


async def test_an_agent_that_speaks_unasked_is_not_cut_off(tmp_path: Path) -> None:
    adapter = PlayedAdapter()
    async with house(tmp_path, adapter=adapter, idle_ttl_s=0.02) as home:
        await home.say("lab", "build")
        await home.replies.until(1)
        inbox = adapter.opened[0].inbox
        inbox.put_nowait(Started(agent_session_id="played", model="m", workdir="w"))
        inbox.put_nowait(BackgroundTasks(count=0))
        await asyncio.sleep(0.1)
        assert not adapter.opened[0].is_closed
        inbox.put_nowait(TextFinal(text="the build is done"))
        inbox.put_nowait(TurnDone(status="failed", agent_session_id="played", text="No.", problem="api"))
        inbox.put_nowait(Idle())
        await _gone_from_outbox(home, 2)
        await _gone(home)


async def test_a_new_agent_waits_until_the_last_one_is_reaped(tmp_path: Path) -> None:
    adapter = PlayedAdapter()
    async with house(tmp_path, adapter=adapter) as home:
        await home.say("lab", "first, then leave")
        await home.replies.until(1)
        adapter.opened[0].may_close.clear()
        await _idle(home)
        await home.say("lab", "other")
        await asyncio.sleep(0.05)
        assert len(adapter.opened) == 1
        adapter.opened[0].may_close.set()
        await home.replies.until(2)


async def test_a_lost_conversation_is_said_also_if_the_new_one_does_not_start(tmp_path: Path) -> None:
    adapter = PlayedAdapter()
    adapter.errors = [SessionNotFound(), AuthError()]
    async with house(tmp_path, adapter=adapter) as home:
        await home.say("lab", "hello")
        [reply] = await home.replies.until(1)
        assert reply.outcome is not None
        assert reply.outcome.problem == "login"
        assert "could not be found" in reply.outcome.notice


async def _sent(adapter: PlayedAdapter, wanted: int) -> None:
    while not adapter.opened or len(adapter.opened[0].sent) < wanted:
        await asyncio.sleep(0.005)


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


class _Broken:
    """The scripted agent through an adapter with a bug: its events end in an error, once."""

    vendor = SCRIPTED.vendor
    new_session_id = staticmethod(SCRIPTED.new_session_id)
    terminal_command = staticmethod(SCRIPTED.terminal_command)
    model_url = staticmethod(SCRIPTED.model_url)
    models = SCRIPTED.models
    can = SCRIPTED.can
    conversations = SCRIPTED.conversations
    may_have_acted = staticmethod(SCRIPTED.may_have_acted)

    def __init__(self) -> None:
        self.is_broken = True

    async def open(self, spec: SessionSpec) -> AgentSession:
        session = await SCRIPTED.open(spec)
        if self.is_broken:
            self.is_broken = False
            session.events = self._break  # type: ignore[method-assign]
        return session

    async def _break(self) -> AsyncGenerator[Event, None]:
        await asyncio.sleep(0.01)
        raise KeyError("a bug")
        yield Idle()


async def test_an_adapter_that_breaks_fails_its_turn_and_the_room_goes_on(tmp_path: Path) -> None:
    async with house(tmp_path, adapter=_Broken()) as room:
        for text in ("one", "two"):
            await room.say("lab", text)
        first, second = await room.replies.until(2)
    assert first.outcome is not None
    assert first.outcome.status == "failed"
    assert "could not follow the agent" in first.outcome.text
    assert second.outcome is not None
    assert second.outcome.status == "ok"
