"""A room's live agent process: opened when needed, read for its whole life, closed for certain."""

import asyncio
import logging
import secrets
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace

from sessions.agents.base import AgentSession, Deny
from sessions.box.egress import EgressProxy
from sessions.box.mounts import Mount
from sessions.crash_points import reached
from sessions.credential_proxy import Pass
from sessions.engine import Engine
from sessions.errors import AgentError, SessionNotFound, UserError
from sessions.events import (
    BackgroundTasks,
    Event,
    Exited,
    Idle,
    PermissionAsk,
    Started,
    TextDelta,
    TextFinal,
    Thinking,
    ToolStart,
    TurnDone,
)
from sessions.given_mounts import check_mounts
from sessions.keys import SessionKey
from sessions.mailbox import Alarm
from sessions.records import SessionRecord
from sessions.redacted_events import RedactedEvents
from sessions.running_turn import RunningTurn
from sessions.store.values import Lease
from sessions.turn import Outcome

log = logging.getLogger(__name__)

OPEN_LIMIT_S = 60.0
CLOSE_GRACE_S = 5.0

_LOST = (
    "The agent's conversation of this room could not be found, so it starts anew here."
    " The files in its working directory are as they were."
)


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
        say_unasked: Callable[[Outcome], None],
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
        self._unasked: list[str] = []
        self._works_unasked = False
        self._background_tasks = 0
        self._has_exited = False
        self.alarm = Alarm()  # for the waits of the turns that run in it, one after the other
        self._pass: Pass | None = None
        self._proxy: EgressProxy | None = None

    @property
    def is_open(self) -> bool:
        """Whether a process is kept, be it at work or idle."""
        return self._session is not None and not self._has_exited

    @property
    def is_evictable(self) -> bool:
        """Whether closing the process would cut nothing off."""
        return self._background_tasks == 0 and not self._works_unasked

    async def open(self, lease: Lease, tell: Callable[[str], None]) -> AgentSession:
        """Return the live process, starting it if there is none.

        If the conversation is lost, the session is renewed first, and `tell` is given what the
        people must know, whether the start then succeeds or not. Raises AgentError.
        """
        if self._session is not None and not self._has_exited:
            self._engine.pool.busy(self._key)
            return self._session
        await self.close()
        record = await self._engine.store.ensure_session(self._engine.first_record(self._key))
        if not record.resumable:
            record = await self._renewed(lease, tell)
        try:
            session = await self._start(record)
        except SessionNotFound:
            session = await self._start(await self._renewed(lease, tell))
        self._session, self._has_exited = session, False
        self._unasked, self._works_unasked, self._background_tasks = [], False, 0
        self._reader = self._tasks.create_task(self._read(session), name=f"reader {self._key}")
        self._engine.pool.opened(self._key, self._evict)
        return session

    def follow(self, turn_id: int | None, turn: RunningTurn | None) -> None:
        """Give the events of this turn to `turn` from now on; None when it is over."""
        self._turn_id, self._turn = turn_id, turn

    async def close(self, grace_s: float = CLOSE_GRACE_S) -> None:
        """End the process, if there is one, and wait until it is reaped. One that hangs needs no grace."""
        self.alarm.close()
        session, self._session = self._session, None
        reader, self._reader = self._reader, None
        if session is None:
            await self._shut()
            return
        self._engine.pool.closed(self._key)
        try:
            await session.close(grace_s)
            if reader is not None:
                await reader
        finally:
            await self._shut()

    async def _shut(self) -> None:
        """Take back what a process was given for its life: its pass to the model, its way out."""
        self._revoke()
        proxy, self._proxy = self._proxy, None
        if proxy is not None:
            await proxy.close()

    def _revoke(self) -> None:
        given, self._pass = self._pass, None
        if given is not None and self._engine.credentials is not None:
            self._engine.credentials.revoke(given)

    async def _renewed(self, lease: Lease, tell: Callable[[str], None]) -> SessionRecord:
        log.warning("the agent's conversation was lost", extra={"key": self._key})
        tell(_LOST)
        return await self._engine.store.renew(lease, self._engine.adapter.new_session_id(), "lost")

    async def _start(self, record: SessionRecord) -> AgentSession:
        engine = self._engine
        await asyncio.to_thread(engine.paths.make_room, record.key, record.workdir, record.memory_dir)
        limit_s = min(OPEN_LIMIT_S, engine.settings.silence_s)
        spec = replace(engine.spec(record), mounts=await self._mounts(record))
        await self._shut()  # of a start that failed
        if engine.credentials is not None:
            self._pass = engine.credentials.admit(spec.env)
            spec = replace(spec, env=self._pass.env)
        if engine.egress is not None:
            self._proxy, spec = await engine.egress.open(spec, self._tasks)
        try:
            async with asyncio.timeout(limit_s):
                reached("agent.before_open")
                session = await engine.adapter.open(spec)
                reached("agent.opened")
                return session
        except TimeoutError as error:
            raise AgentError(
                f"The agent did not start within {limit_s:.0f} s. Say it again to try once more.",
                vendor=record.vendor,
                retryable=True,
            ) from error

    async def _mounts(self, record: SessionRecord) -> tuple[Mount, ...]:
        """Return what the room's agent is given beside its room, if that is still as it was given."""
        mounts = await self._engine.mounts_of(record.key)
        try:
            await check_mounts(mounts, self._engine.paths)
        except UserError as error:
            text = f"{error} An owner can also take it from this room: `/cwd`, or the settings."
            raise AgentError(text, vendor=record.vendor) from error
        return mounts

    async def _read(self, session: AgentSession) -> None:
        try:
            async with aclosing(session.events()) as events:
                redacted = RedactedEvents(self._engine.redactor)
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
                self._revoke()
                if self._turn is not None:
                    self._turn.feed(event)
                else:
                    self._evict()
            case BackgroundTasks(count=count):
                self._background_tasks = count
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
            case TextFinal(text=text):
                self._unasked.append(text)
            case PermissionAsk(id=ask):
                no = Deny(reason="Nobody asked for this, so nobody can allow it. Ask in your answer instead.")
                self._tasks.create_task(session.answer(ask, no), name=f"refusal {self._key}")
            case TurnDone(agent_session_id=agent_session_id):
                text, self._unasked, self._works_unasked = "\n\n".join(self._unasked), [], False
                if text:
                    self._say_unasked(Outcome(status="ok", text=text, agent_session_id=agent_session_id))
            case Idle():
                self._works_unasked = False
            case _:
                pass

    def _tell_pool(self, session: AgentSession) -> None:
        """What an idle process does of its own accord decides whether it may be told to go."""
        if self._turn is None and self._session is session:
            self._engine.pool.idle(self._key, evictable=self.is_evictable)
