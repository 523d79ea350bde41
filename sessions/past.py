"""The sessions of a room, present and past: listed, looked up from memory, exported, deleted."""

import asyncio
import hashlib
import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self

from sessions.agents.conversations import Foreign, Kept
from sessions.engine import Engine
from sessions.errors import StateError, UserError
from sessions.keys import SessionKey
from sessions.prompts import prompt_uuid
from sessions.records import FormerSession, SessionRecord
from sessions.store.values import Turn
from sessions.terminals import terminal_sessions
from sessions.tombstones import Tombstone, tombstones

log = logging.getLogger(__name__)

SAID_LIMIT: Final = 100
TEXT_CHARS: Final = 10_000_000
"""More than any chat takes as a file."""
_ROOMS: Final = 64
_FRESH_S: Final = 2.0
_LOOK_S: Final = 10.0
_READY_S: Final = 1.0
_GONE: Final = "There is no such session any more."
_LEFT: Final = (
    "It is listed no more, but not all of its files could be removed: {}. Tell the owner of this bot."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PastSession:
    """One session of a room. `ref` names it where its id is too long: 16 hex digits.

    `state` is `open` for the one that the room is in, `former` for one it was in, `terminal` for one of this
    machine's user, `in use` for such a one that is open there, and `deleted` for that of a room whose place
    is gone, by whose name it goes; `server` is where that was. `cost_usd` is None where nobody knows it.
    """

    agent_session_id: str
    title: str
    state: Literal["open", "former", "terminal", "in use", "deleted"]
    last_used: datetime
    turn_count: int
    cost_usd: float | None
    workdir: Path
    server: str | None = None

    @property
    def ref(self) -> str:
        """Return a short name for it."""
        return ref_of(self.agent_session_id)


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is known of a room's past at some moment: its sessions, and the prompts of the one it is in."""

    sessions: Sequence[PastSession] = ()
    said: Sequence[Turn] = ()


def ref_of(agent_session_id: str) -> str:
    """Return a short name for a vendor's id, which may be any text."""
    return hashlib.sha256(agent_session_id.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def is_called(agent_session_id: str, name: str) -> bool:
    """Whether somebody means a session by that name: its id, or the short one."""
    return name in (agent_session_id, ref_of(agent_session_id))


class Past:
    """The sessions of all rooms. Entering opens it; leaving waits for its task.

    `seen` answers from memory, for whoever types, and has what it remembers brought up to date meanwhile.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: OrderedDict[SessionKey, tuple[float, Remembered]] = OrderedDict()
        self._wanted: OrderedDict[SessionKey, None] = OrderedDict()
        self._looked_at: SessionKey | None = None
        self._news = asyncio.Event()
        self._looked = asyncio.Event()
        self._is_over = False
        self._tasks = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._tasks.create_task(self._look(), name="past")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over = True
        self._news.set()
        await self._tasks.__aexit__(kind, error, trace)

    def seen(self, key: SessionKey) -> Remembered:
        """Return what is remembered of a room; nothing the first time. Never waits."""
        when, known = self._known.get(key, (-_FRESH_S, Remembered()))
        if self._engine.clock.monotonic_s() - when >= _FRESH_S:
            self._wanted[key] = None
            self._news.set()
        return known

    async def ready(self, key: SessionKey) -> None:
        """Wait until what `seen` returns is up to date, a second at most."""
        self.seen(key)
        with suppress(TimeoutError):
            async with asyncio.timeout(_READY_S):
                while key in self._wanted or key == self._looked_at:
                    await self._looked.wait()

    async def sessions(self, key: SessionKey) -> Sequence[PastSession]:
        """Return a room's sessions: the one that it is in, then the others, the newest first.

        Those of terminals are among them, and behind them those of deleted places. Raises StateError.
        """
        engine = self._engine
        record = await engine.store.session(key)
        if record is None:
            return ()
        former, words = await engine.store.former_sessions(key), await engine.store.past.words(key)
        found = [_present(record)] if record.turn_count else []
        known = {record.agent_session_id}
        for one in former:
            if one.agent_session_id not in known and (one.turn_count or one.reason == "import"):
                known.add(one.agent_session_id)
                found.append(_former(one))
        masked = engine.redactor.text
        named = [
            replace(
                one,
                title=masked(said.title),
                cost_usd=one.cost_usd if said.cost_usd is None else said.cost_usd,
            )
            if (said := words.get(one.agent_session_id)) is not None
            else one
            for one in found
        ]
        foreign = [_foreign(one, record.workdir) for one in await self._foreign(record)]
        others = [one for one in foreign if one.agent_session_id not in known]
        behind = sorted(
            [one for one in (*named, *others) if one.state != "open"],
            key=lambda one: one.last_used,
            reverse=True,
        )
        stones = await tombstones(engine.store) if "copy" in engine.adapter.can else ()
        gone = [_gone(one, masked) for one in stones if one.key != key and one.record.turn_count]
        return [*(one for one in named if one.state == "open"), *behind, *gone]

    async def find(self, key: SessionKey, name: str) -> PastSession:
        """Return the session of a room with that id or short name. Raises UserError, StateError."""
        for one in await self.sessions(key):
            if is_called(one.agent_session_id, name):
                return one
        raise UserError(f"{_GONE} `/sessions` shows those that are there.")

    async def said(self, key: SessionKey) -> Sequence[Turn]:
        """Return the prompts in the session that a room is in, the newest first, at most `SAID_LIMIT`."""
        engine = self._engine
        record = await engine.store.session(key)
        if record is None or "cut" not in engine.adapter.can:
            return ()
        kept = set(await asyncio.to_thread(engine.adapter.conversations.prompts, engine.kept(record)))
        turns = await engine.store.past.said(key, SAID_LIMIT)
        return [turn for turn in turns if prompt_uuid(turn) in kept]

    async def text(self, key: SessionKey, name: str) -> tuple[PastSession, str]:
        """Return one of a room's own sessions and what was said in it as Markdown, its begin if that is long.

        Raises UserError.
        """
        one = await self.find(key, name)
        if one.state not in ("open", "former"):
            raise UserError("That session is none of this room's. Resume it here; then it can be exported.")
        text = await asyncio.to_thread(_text, self._engine, self._kept(key, one))
        if not text:
            raise UserError("The conversation of that session is gone, or cannot be read.")
        return one, text

    async def delete(self, key: SessionKey, name: str) -> PastSession:
        """Remove a former session of a room for good, with its files. Raises UserError, StateError."""
        one = await self.find(key, name)
        if one.state == "open":
            raise UserError("This room is in that session. `/new` leaves it; then it can be deleted.")
        if one.state != "former":
            raise UserError("That session is none of this room's, so it cannot be deleted here.")
        if users := await self._engine.store.past.users_of(one.agent_session_id):
            raise UserError(f"That session is in use in {self._engine.place_name(users[0])}.")
        # First of all: no room can go back to it from here on, so that its files are nobody's.
        if not await self._engine.store.past.drop_former(key, one.agent_session_id):
            raise UserError(_GONE)
        self._known.pop(key, None)
        try:
            await asyncio.to_thread(self._engine.adapter.conversations.delete, self._kept(key, one))
        except OSError as error:
            raise UserError(_LEFT.format(error.strerror)) from error
        return one

    def _kept(self, key: SessionKey, one: PastSession) -> Kept:
        home = self._engine.paths.room(key).home
        return Kept(home=home, agent_session_id=one.agent_session_id, workdir=one.workdir)

    async def _foreign(self, record: SessionRecord) -> Sequence[Foreign]:
        try:
            async with asyncio.timeout(_LOOK_S):
                return await terminal_sessions(self._engine, record.workdir)
        except TimeoutError:
            return ()

    async def _look(self) -> None:
        while not self._is_over:
            await self._news.wait()
            self._news.clear()
            while self._wanted and not self._is_over:
                key, _ = self._wanted.popitem(last=False)
                self._looked_at = key
                try:
                    known = Remembered(await self.sessions(key), await self.said(key))
                except StateError as error:  # it is only a help for whoever types
                    log.debug("a room's past is not known", extra={"key": key, "reason": str(error)})
                    continue
                except Exception:  # a bug in here ends no bot
                    log.exception("a room's past could not be looked at", extra={"key": key})
                    continue
                finally:
                    self._looked_at = None
                    self._looked.set()
                    self._looked = asyncio.Event()
                self._known[key] = self._engine.clock.monotonic_s(), known
                self._known.move_to_end(key)
                while len(self._known) > _ROOMS:
                    self._known.popitem(last=False)


def _text(engine: Engine, kept: Kept) -> str:
    text = engine.adapter.conversations.text(kept)[: 2 * TEXT_CHARS]
    return engine.redactor.text(text)[:TEXT_CHARS]  # masked before it is cut


def _present(record: SessionRecord) -> PastSession:
    return PastSession(
        agent_session_id=record.agent_session_id,
        title="",
        state="open",
        last_used=record.last_used,
        turn_count=record.turn_count,
        cost_usd=record.cost_usd,
        workdir=record.workdir,
    )


def _former(one: FormerSession) -> PastSession:
    return PastSession(
        agent_session_id=one.agent_session_id,
        title="",
        state="former",
        last_used=one.ended,
        turn_count=one.turn_count,
        cost_usd=None,
        workdir=one.workdir,
    )


def _gone(stone: Tombstone, masked: Callable[[str], str]) -> PastSession:
    present, title = _present(stone.record), masked(stone.name)
    return replace(present, title=title, state="deleted", last_used=stone.deleted, server=stone.server)


def _foreign(one: Foreign, workdir: Path) -> PastSession:
    return PastSession(
        agent_session_id=one.agent_session_id,
        title=one.title,
        state="in use" if one.in_use else "terminal",
        last_used=one.last_used,
        turn_count=one.turn_count,
        cost_usd=None,
        workdir=workdir,
    )
