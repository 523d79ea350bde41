"""/btw: a side question, answered by a copy of a room's session that may read and is gone afterwards."""

import asyncio
import logging
import secrets
import shutil
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final
from uuid import uuid4

from sessions.agents.base import AgentSession, Allow, Deny, SessionSpec, TurnInput
from sessions.agents.conversations import Kept
from sessions.child_env import child_env
from sessions.engine import Engine
from sessions.errors import AgentError, SessionNotFound, StateError, UserError
from sessions.events import Exited, PermissionAsk, PlanAsk, QuestionAsk, ToolStart, TurnDone
from sessions.exits import meaning
from sessions.keys import SessionKey, TurnId
from sessions.opening import Opening
from sessions.process import to_the_end
from sessions.prompts import compose, new_seal
from sessions.records import SessionRecord
from sessions.store.values import Prompt

log = logging.getLogger(__name__)

LIMIT_S: Final = 180.0
"""How long a side question may take, with the wait for a place."""

_CLOSE_S: Final = 2.0
_DIRECTORY: Final = "aside"
_TURN: Final = TurnId(0)
_MODE: Final = "dontAsk"
_NOTE: Final = (
    "Note from Roomkey: this is a side question about the work so far. Answer it shortly from what you know;"
    " you may read files, and nothing else. Do not go on with the work itself."
)
_NO: Final = Deny(
    reason="This is a side question: you may read, and change nothing. Answer from what you know."
)
_STOPPING: Final = "I am about to stop. Ask again when I am back."
_NOTHING: Final = "Nothing was said here yet, so there is nothing to ask about. Just say it."


@dataclass(slots=True)
class _Open:
    limit: asyncio.Timeout
    over: asyncio.Event = field(default_factory=asyncio.Event)
    is_cut: bool = False


class Asides:
    """The side questions of all rooms, one at a time in each. A room's turn, session and files do not notice.

    Each has a process, a conversation and a private directory of its own, and leaves none of them.
    """

    def __init__(self, engine: Engine, *, limit_s: float = LIMIT_S) -> None:
        self._engine = engine
        self._limit_s = limit_s
        self._open: dict[SessionKey, _Open] = {}
        self._is_over = False

    async def ask(self, key: SessionKey, asked: Prompt) -> str:
        """Ask the copy of a room's session as it is now; return its answer. Counts as a turn that runs.

        Raises UserError, AgentError, StateError.
        """
        if "copy" not in self._engine.adapter.can:
            vendor = self._engine.adapter.vendor
            raise UserError(f"The agent of this room ({vendor}) takes no side questions.")
        if key in self._open:
            raise UserError("A side question is being answered here already. Wait for that answer first.")
        if self._is_over:
            raise UserError(_STOPPING)
        mine = self._open[key] = _Open(asyncio.timeout(self._limit_s))
        try:
            async with mine.limit:
                return await self._asked(key, asked)
        except TimeoutError as error:
            if mine.is_cut:
                raise UserError(_STOPPING) from error
            minutes = f"{self._limit_s / 60:.0f} min"
            raise UserError(f"There was no answer within {minutes}. Ask something shorter.") from error
        finally:
            del self._open[key]
            mine.over.set()

    async def tidy(self) -> None:
        """Remove what a crash left of side questions. No agent of an earlier start may live any more."""
        await asyncio.to_thread(_tidy, self._engine.paths.rooms)

    async def end(self) -> None:
        """End all of them, and take no further one. Returns when nothing is left of them."""
        self._is_over = True
        for one in list(self._open.values()):
            if not one.limit.expired():  # else it is ending already, and its limit cannot be moved
                one.is_cut = True
                one.limit.reschedule(asyncio.get_running_loop().time())
        for one in list(self._open.values()):
            await one.over.wait()

    async def _asked(self, key: SessionKey, asked: Prompt) -> str:
        record = await self._engine.store.session(key)
        if record is None:
            raise UserError(_NOTHING)
        async with self._engine.pool.place(), self._copied(record) as spec:
            return await self._answered(spec, asked)

    @asynccontextmanager
    async def _copied(self, record: SessionRecord) -> AsyncGenerator[SessionSpec]:
        """Lend a copy of a session, in a directory that is gone afterwards."""
        engine = self._engine
        room = engine.paths.room(record.key)
        home = room.root / _DIRECTORY
        new_id = engine.adapter.new_session_id()
        lock = engine.paths.session_lock(new_id)
        copy = Kept(home=home, agent_session_id=new_id, workdir=record.workdir)
        try:
            try:
                await asyncio.to_thread(_made, home)
                copies = engine.adapter.conversations.copy
                await asyncio.to_thread(copies, engine.kept(record), copy, None)
            except SessionNotFound as error:
                raise UserError(_NOTHING) from error
            except OSError as error:
                raise UserError(f"The session could not be copied: {error.strerror}.") from error
            yield replace(
                engine.spec(record),
                agent_session_id=new_id,
                home=home,
                lock=lock,
                env=child_env(home, room.temp_dir),
                expect_history=True,
                permission_mode=_MODE,
            )
        finally:
            await to_the_end(asyncio.to_thread(_remove, home, lock))

    async def _answered(self, spec: SessionSpec, asked: Prompt) -> str:
        answer: str | AgentError | UserError | StateError
        async with asyncio.TaskGroup() as tasks:
            opening = Opening(self._engine, tasks)
            try:
                session = await opening.start(spec)
                try:
                    text = compose(asked, seal=new_seal(), note=_NOTE)
                    await session.send(TurnInput(turn=_TURN, uuid=uuid4(), text=text))
                    answer = await self._followed(session)
                finally:
                    await session.close(_CLOSE_S)
            except (AgentError, UserError, StateError) as error:
                answer = error  # raised in here it would be one of a group
            finally:
                await to_the_end(opening.shut())
        if isinstance(answer, str):
            return answer
        raise answer

    async def _followed(self, session: AgentSession) -> str:
        reads = self._engine.adapter.conversations.reading_tools
        async with aclosing(session.events()) as events:
            async for event in events:
                match event:
                    case ToolStart(id=tool, name=name):
                        session.decide(tool, Allow() if name in reads else _NO)
                    case PermissionAsk(id=ask) | QuestionAsk(id=ask) | PlanAsk(id=ask):
                        await session.answer(ask, _NO)
                    case TurnDone(turn=turn) if turn == _TURN:
                        if event.status != "ok":
                            why = self._engine.redactor.text(event.text) or _ended()
                            raise AgentError(why, vendor=self._engine.adapter.vendor)
                        return self._engine.redactor.text(event.text) or "There is nothing to say to that."
                    case Exited():
                        _, text = meaning(event)
                        raise AgentError(text, vendor=self._engine.adapter.vendor)
                    case _:
                        pass
        raise AssertionError("the last event is Exited")


def _ended() -> str:
    return f"The side question came to no answer (reference {secrets.token_hex(3)}). Ask again."


def _tidy(rooms: Path) -> None:
    for left in rooms.glob(f"*/{_DIRECTORY}"):
        shutil.rmtree(left, ignore_errors=True)


def _made(home: Path) -> None:
    """Make the directory, empty: a crash may have left one."""
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(mode=0o700, parents=True)


def _remove(home: Path, lock: Path) -> None:
    shutil.rmtree(home, ignore_errors=True)
    with suppress(OSError):
        lock.unlink()
    if home.exists():
        log.warning("the copy of a side question could not be removed", extra={"path": str(home)})
