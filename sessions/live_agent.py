"""A room's live agent process: opened when needed, read for its whole life, closed for certain."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

from sessions.agents.base import AgentSession, ContextUse, Deny
from sessions.engine import Engine
from sessions.errors import SessionNotFound
from sessions.events import (
    BackgroundTasks,
    Event,
    Exited,
    Idle,
    PermissionAsk,
    PlanAsk,
    QuestionAsk,
    Started,
    TextDelta,
    TextFinal,
    Thinking,
    ToolStart,
    TurnDone,
)
from sessions.keys import SessionKey
from sessions.mailbox import Alarm
from sessions.opening import Opening
from sessions.records import SessionRecord
from sessions.redacted_events import RedactedEvents
from sessions.room_settings import RoomSettings
from sessions.running_turn import RunningTurn
from sessions.send_file import Here, send_file_tool
from sessions.store.values import ChatAddress, Lease
from sessions.turn import Outcome
from sessions.unasked_words import Unasked

log = logging.getLogger(__name__)

CLOSE_GRACE_S = 5.0

_LOST = (
    "The agent's conversation of this room could not be found, so it starts anew here."
    " The files in its working directory are as they were."
)


_CUT = (
    "The settings of this room have changed, so its agent was started anew; what it still had running beside"
    " was ended."
)


def started_with(room: RoomSettings) -> object:
    """Return what of a room's settings an agent's process is started with: equal, or it starts anew."""
    return room.model, room.effort, room.permission_mode, room.prompt


class LiveAgent:
    """No or one process of one room. One task opens, uses and closes it; its reader is a task of `tasks`.

    Events of the turn that runs go to that turn. What the agent does unasked is collected and given
    to `say_unasked` when it is done. Events of turns that are over are dropped.
    """

    def __init__(
        self,
        engine: Engine,
        key: SessionKey,
        tasks: asyncio.TaskGroup,
        *,
        evict: Callable[[], None],
        say_unasked: Callable[[Outcome, Sequence[Event]], None],
    ) -> None:
        self._engine = engine
        self._key = key
        self._tasks = tasks
        self._evict = evict
        self._say_unasked = say_unasked
        self._session: AgentSession | None = None
        self._reader: asyncio.Task[None] | None = None
        self._turn: RunningTurn | None = None
        self._turn_id: int | None = None
        self._address: ChatAddress | None = None
        self._workdir: Path | None = None
        self._unasked = Unasked()
        self._works_unasked = False
        self._background_tasks = 0
        self._has_exited = False
        self._is_used = False  # by the worker: from before a turn until it says that the turn is over
        self.alarm = Alarm()  # for the waits of the turns that run in it, one after the other
        self._opening = Opening(engine, tasks)
        self._settings: object = None  # of the room, as far as the process was started with them
        self.is_new = False
        """Whether the process was started for a session that had no turn yet."""

    @property
    def is_open(self) -> bool:
        """Whether a process is kept, be it at work or idle."""
        return self._session is not None and not self._has_exited

    @property
    def is_ready(self) -> bool:
        """Whether the process that is kept takes the next prompt at once: it was started as it should be."""
        return self.is_open and self._settings == started_with(self._engine.room(self._key))

    @property
    def is_evictable(self) -> bool:
        """Whether closing the process would cut nothing off."""
        return self._background_tasks == 0 and not self._works_unasked

    async def open(self, lease: Lease, tell: Callable[[str], None]) -> AgentSession:
        """Return the live process, starting it if there is none.

        If the conversation is lost, the session is renewed first, and `tell` is given what the
        people must know, whether the start then succeeds or not. Raises AgentError.
        """
        self._is_used = True
        if self._session is not None and self.is_ready:
            self._engine.pool.busy(self._key)
            return self._session
        if self.is_open and not self.is_evictable:
            tell(_CUT)
        await self.close()
        record = await self._engine.store.ensure_session(self._engine.first_record(self._key))
        if not record.resumable:
            record = await self._renewed(lease, tell)
        try:
            session = await self._start(record)
        except SessionNotFound:
            session = await self._start(await self._renewed(lease, tell))
        self._session, self._has_exited = session, False
        self._unasked, self._works_unasked, self._background_tasks = Unasked(), False, 0
        self._reader = self._tasks.create_task(self._read(session), name=f"reader {self._key}")
        self._engine.pool.opened(self._key, self._evict)
        return session

    async def context(self) -> ContextUse | None:
        """Return what fills the context of the live process; None without one, or if it does not say."""
        session = self._session
        return None if session is None or self._has_exited else await session.context()

    def follow(
        self, turn_id: int | None, turn: RunningTurn | None, address: ChatAddress | None = None
    ) -> None:
        """Give the events of this turn to `turn` from now on; None when it is over.

        What the agent sends goes to `address`, also later, of its own accord.
        """
        self._turn_id, self._turn = turn_id, turn
        self._unasked.asked()
        if turn is not None and self._unasked.tasks is not None:
            turn.feed(self._unasked.tasks)
        self._address = address or self._address

    def rest(self) -> None:
        """Nobody uses the process any more, if there is one: if there are too many, it may be told to go."""
        self._is_used = False
        if self.is_open:
            self._engine.pool.idle(self._key, evictable=self.is_evictable)

    async def close(self, grace_s: float = CLOSE_GRACE_S) -> None:
        """End the process, if there is one, and wait until it is reaped. One that hangs needs no grace."""
        self.alarm.close()
        session, self._session = self._session, None
        reader, self._reader = self._reader, None
        if session is None:
            await self._opening.shut()
            return
        self._engine.pool.closed(self._key)
        try:
            await session.close(grace_s)
            if reader is not None:
                await reader
        finally:
            await self._opening.shut()

    async def _renewed(self, lease: Lease, tell: Callable[[str], None]) -> SessionRecord:
        log.warning("the agent's conversation was lost", extra={"key": self._key})
        tell(_LOST)
        return await self._engine.store.renew(lease, self._engine.adapter.new_session_id(), "lost")

    async def _start(self, record: SessionRecord) -> AgentSession:
        self._workdir = record.workdir
        engine = self._engine
        await asyncio.to_thread(engine.paths.make_room, record.key, record.workdir, record.memory_dir)
        send_file = send_file_tool(engine, self._key, record.workdir, self._here)
        tools = () if send_file is None else (send_file,)
        self._settings, self.is_new = started_with(engine.room(self._key)), record.turn_count == 0
        return await self._opening.start(replace(engine.spec(record), tools=tools))

    def _here(self) -> Here | None:
        return None if self._address is None else Here(self._turn_id, self._address)

    async def _read(self, session: AgentSession) -> None:
        try:
            async with aclosing(session.events()) as events:
                redacted = RedactedEvents(self._engine.redactor, self._workdir)
                async for event in events:
                    for shown in redacted.read(event):
                        self._sort(session, shown)
        except Exception:  # a bug in an adapter ends its process and the turn that it works on, no room
            reference = secrets.token_hex(3)
            log.exception("an agent's events broke", extra={"key": self._key, "reference": reference})
            cause = f"Roomkey could not follow the agent any more (reference {reference})."
            self._sort(session, Exited(exit_code=None, cause=cause))

    def _sort(self, session: AgentSession, event: Event) -> None:
        match event:
            case Exited():
                self._has_exited = True
                self._opening.revoke()
                if self._turn is not None:
                    self._turn.feed(event)
                else:
                    self._evict()
            case BackgroundTasks(count=count):
                self._background_tasks = count
                self._unasked.take(event)
                if self._turn is not None:
                    self._turn.feed(event)
                self._tell_pool(session)
            case _ if event.turn is None:
                self._sort_unasked(session, event)
                self._tell_pool(session)
            case _ if self._turn is not None and event.turn == self._turn_id:
                if isinstance(event, TextDelta | Thinking | TextFinal | ToolStart):
                    self._engine.breaker.works(self._key)
                self._turn.feed(event)
            case _:
                log.debug("late event dropped", extra={"event": type(event).__name__})

    def _sort_unasked(self, session: AgentSession, event: Event) -> None:
        match event:
            case Started():
                self._works_unasked = True
                self._unasked.take(event)
            case PermissionAsk(id=ask) | QuestionAsk(id=ask) | PlanAsk(id=ask):
                no = Deny(reason="Nobody asked for this, so nobody can allow it. Ask in your answer instead.")
                self._tasks.create_task(session.answer(ask, no), name=f"refusal {self._key}")
            case TurnDone(agent_session_id=agent_session_id):
                self._works_unasked = False
                text, events = self._unasked.done()
                if text:
                    outcome = Outcome(status="ok", text=text, agent_session_id=agent_session_id)
                    self._say_unasked(outcome, events)
            case Idle():
                self._works_unasked = False
            case _:
                self._unasked.take(event)

    def _tell_pool(self, session: AgentSession) -> None:
        """What an idle process does of its own accord decides whether it may be told to go."""
        if not self._is_used and self._session is session:
            self._engine.pool.idle(self._key, evictable=self.is_evictable)
