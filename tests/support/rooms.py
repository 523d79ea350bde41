"""A whole engine without a chat: the real store and manager, the scripted agent, replies kept in lists."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Self
from uuid import uuid4

from sessions.agents.base import AgentAdapter
from sessions.agents.scripted import ADAPTER as SCRIPTED
from sessions.box import BOXES
from sessions.breaker import Breaker
from sessions.clock import Clock, SystemClock
from sessions.engine import Engine
from sessions.events import Event, PermissionAsk
from sessions.keys import SessionKey, session_key
from sessions.manager import SessionManager
from sessions.paths import Paths
from sessions.pool import Pool
from sessions.prompts import Fetched
from sessions.room_words import Listed, RoomWords
from sessions.settings import AgentSettings
from sessions.spool import Spool
from sessions.store import Store, open_store
from sessions.store.values import Accepted, ChatAddress, Inbound, Kind, Piece, Prompt, Turn
from sessions.turn import FetchFiles, MayRun, Note, Outcome
from sessions.way_out import Egress


@dataclass(slots=True)
class Reply:
    """One turn's reply: everything that was shown and how it ended."""

    turn: Turn
    events: list[Event] = field(default_factory=list)
    outcome: Outcome | None = None
    waiting: int = 0


class Replies:
    """Opens replies and lets a test wait for what they show."""

    def __init__(self) -> None:
        self.all: list[Reply] = []
        self._news = asyncio.Event()
        self._ends = asyncio.Event()

    def open(self, turn: Turn, _note: Note) -> "Sink":
        reply = Reply(turn)
        self.all.append(reply)
        return Sink(reply, self._news, self._ends)

    async def until(self, wanted: int, key: SessionKey | None = None) -> list[Reply]:
        """Wait until so many replies (of a key) have ended."""
        while len(done := self.ended(key)) < wanted:
            self._ends.clear()
            async with asyncio.timeout(60):
                await self._ends.wait()
        return done

    async def asking(self) -> tuple[Turn, PermissionAsk]:
        """Wait until somebody is asked for permission."""
        while True:
            for reply in self.all:
                for event in reply.events:
                    if isinstance(event, PermissionAsk):
                        return reply.turn, event
            self._news.clear()
            async with asyncio.timeout(60):
                await self._news.wait()

    async def begun(self, text: str) -> Reply:
        """Wait until the turn of this text shows its first event."""
        while True:
            for reply in self.all:
                if reply.turn.prompt.text == text and reply.events:
                    return reply
            self._news.clear()
            async with asyncio.timeout(60):
                await self._news.wait()

    def ended(self, key: SessionKey | None = None) -> list[Reply]:
        """Return the replies that have ended, in the order they began."""
        return [r for r in self.all if r.outcome is not None and key in (None, r.turn.key)]

    def texts(self, key: SessionKey | None = None) -> list[str]:
        """Return what was asked, in the order the turns began."""
        return [r.turn.prompt.text for r in self.all if key in (None, r.turn.key)]


class Sink:
    """One turn's reply sink."""

    def __init__(self, reply: Reply, news: asyncio.Event, ends: asyncio.Event) -> None:
        self._reply = reply
        self._news = news
        self._ends = ends

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        pass

    def emit(self, event: Event) -> None:
        self._reply.events.append(event)
        self._news.set()

    def waiting(self, count: int) -> None:
        self._reply.waiting = count
        self._news.set()

    async def pieces(self, outcome: Outcome) -> Sequence[Piece]:
        self._reply.outcome = outcome
        self._ends.set()
        return [Piece(channel_id=self._reply.turn.address.channel_id, body=outcome.text or outcome.status)]


@dataclass(slots=True)
class House:
    """A running engine, and what a chat would do with it."""

    manager: SessionManager
    engine: Engine
    store: Store
    replies: Replies
    _ids: Iterator[int] = field(default_factory=lambda: count(1))

    async def say(self, key: str, text: str, *, kind: Kind = Kind.PROMPT, head: bool = False) -> Accepted:
        return await self.manager.accept(self.row(key, text, kind=kind, head=head))

    def row(self, key: str, text: str, *, kind: Kind = Kind.PROMPT, head: bool = False) -> Inbound:
        return Inbound(
            source="test",
            msg_id=next(self._ids),
            key=session_key(key),
            address=ChatAddress(platform="test", channel_id=key),
            prompt=Prompt(text=text, author_id="1", author_name="ann"),
            kind=kind,
            head=head,
        )


async def everybody_may(_turn: Turn) -> None:
    pass


async def no_files(_turn: Turn, _inbox: Path) -> Sequence[Fetched]:
    return ()


async def _started_thread(turn: Turn, _name: str, *_again: object) -> tuple[SessionKey, str]:
    name = f"{turn.key}-thread"
    return session_key(name), name


@asynccontextmanager
async def house(
    data_dir: Path,
    *,
    script: str | None = None,
    adapter: AgentAdapter = SCRIPTED,
    store: Store | None = None,
    fetch_files: FetchFiles | None = None,
    replies: Replies | None = None,
    clock: Clock | None = None,
    login_pause_s: float = 30.0,
    may_run: MayRun | None = None,
    egress: tuple[str, ...] | None = None,
    own_config: Path | None = None,
    **settings: object,
) -> AsyncGenerator[House]:
    """Run an engine on `data_dir`; leaving it stops it as SIGTERM would.

    With `egress` each agent has a way out that opens what is listed.
    """
    path = None
    if script is not None:
        path = data_dir / "script.toml"
        await asyncio.to_thread(path.write_text, script)
    agent = AgentSettings.model_validate(
        {"vendor": adapter.vendor, "script": path, "grace_s": 5.0, **settings}
    )
    paths, clock, replies = Paths(data_dir), clock or SystemClock(), replies or Replies()
    await asyncio.to_thread(paths.create)
    await asyncio.to_thread(BOXES["none"].write_launcher, paths.launcher)
    opened = store or await open_store(paths.root, clock)
    engine = Engine(
        store=opened,
        adapter=adapter,
        settings=agent,
        paths=paths,
        clock=clock,
        pool=Pool(max_running=agent.max_running, max_live=agent.max_live),
        breaker=Breaker(clock, first_pause_s=login_pause_s),
        owner=uuid4(),
        open_reply=replies.open,
        fetch_files=fetch_files or no_files,
        outbox_filled=lambda: None,
        receipts_due=lambda: None,
        words=RoomWords(opened, Listed(everywhere=agent.told)),
        may_run=may_run or everybody_may,
        isolation="none",
        spool=Spool(paths.spool),
        egress=None if egress is None else Egress(adapter, paths, egress),
        start_thread=_started_thread,
        own_config=own_config,
    )
    try:
        async with SessionManager(engine) as manager:
            await manager.resume()
            yield House(manager, engine, opened, replies)
    finally:
        await opened.close()
