"""One key's task: take a turn, run it, finish it. Owns the agent's process; the border for bugs."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Final, assert_never

from sessions.agents.base import Decision, TurnInput
from sessions.engine import Engine
from sessions.errors import AgentError, AgentGone, Fenced, StateError
from sessions.keys import SessionKey, TurnId
from sessions.live_agent import LiveAgent
from sessions.log import turn_context
from sessions.paths import INBOX
from sessions.prompts import Fetched, clean, compose, prompt_uuid
from sessions.records import Renewed
from sessions.results import broken, failure, result_of
from sessions.store.values import (
    ChatAddress,
    Kind,
    Lease,
    Piece,
    Take,
    Turn,
    TurnResult,
    TurnState,
)
from sessions.turn import Halt, Outcome, ReplySink, RunningTurn
from sessions.unasked import post_unasked

log = logging.getLogger(__name__)

_STORE_WAITS_S: Final = (1.0, 2.0, 5.0, 10.0, 30.0)
_FRESH = "Started fresh: I remember nothing of what was said here before. Files and memory notes stay."


class Worker:
    """Serves one key until nothing waits and no agent is kept. One task calls `run`; all else is for others.

    `woken` is set by others when something may be waiting. `retire` is asked, with no await around
    it, whether the worker may go; after True nobody will wake it any more.
    """

    def __init__(
        self, engine: Engine, key: SessionKey, woken: asyncio.Event, retire: Callable[[], bool]
    ) -> None:
        self._engine = engine
        self._key = key
        self._woken = woken
        self._retire = retire
        self._is_leaving = False
        self._is_draining = False
        self._turn: Turn | None = None
        self._running: RunningTurn | None = None
        self._halted: Halt | None = None
        self._started_s = 0.0
        self._address: ChatAddress | None = None  # where the room was last spoken to

    @property
    def turn(self) -> Turn | None:
        """The turn that runs now."""
        return self._turn

    @property
    def is_asking(self) -> bool:
        """Whether the running turn waits for a person."""
        return self._running is not None and self._running.is_asking

    @property
    def running_for_s(self) -> float | None:
        """How long the running turn has taken so far."""
        return None if self._turn is None else self._engine.clock.monotonic_s() - self._started_s

    def halt(self, reason: Halt) -> bool:
        """End the running turn; False if none runs."""
        if self._turn is None:
            return False
        self._halted = self._halted or reason
        if self._running is not None:
            self._running.halt(reason)
        return True

    def drain(self) -> None:
        """Take no further turn and end when the running one has."""
        self._is_draining = True
        self._woken.set()

    async def answer(self, turn: TurnId, ask: str, decision: Decision) -> bool:
        """Answer an open ask of the running turn; False if it is not open any more."""
        if self._running is None or self._turn is None or self._turn.id != turn:
            return False
        return await self._running.answer(ask, decision)

    async def run(self, *, after_crash: bool = False) -> None:
        """Serve until retired; after a crash, end the turn that it left behind first."""
        with turn_context(self._key):
            lease = await self._engine.store.claim(self._key, self._engine.owner)
            if after_crash:
                await self._settle(lease)
            async with asyncio.TaskGroup() as tasks:
                say = partial(self._start_unasked, tasks)
                agent = LiveAgent(self._engine, self._key, tasks, evict=self._leave, say_unasked=say)
                try:
                    await self._serve_until_idle(lease, agent)
                finally:
                    await agent.close()

    async def _serve_until_idle(self, lease: Lease, agent: LiveAgent) -> None:
        while True:
            self._woken.clear()
            await self._serve_waiting(lease, agent)
            if self._is_draining:
                return
            if agent.is_open and not self._is_leaving and not self._woken.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._engine.settings.idle_ttl_s):
                        await self._woken.wait()
                if not self._woken.is_set() and not agent.is_evictable:
                    continue
                self._is_leaving = self._is_leaving or not self._woken.is_set()
            if self._is_leaving:
                self._is_leaving = False
                await agent.close()
            elif not self._woken.is_set() and not agent.is_open:
                if self._retire():
                    return
                await self._woken.wait()

    async def _serve_waiting(self, lease: Lease, agent: LiveAgent) -> None:
        async with self._engine.pool.place():
            turn = None if self._is_draining else await self._advance(lease, None, Take.ONE)
            while turn is not None:
                result = await self._serve(lease, agent, turn)
                if agent.is_open:
                    self._engine.pool.idle(self._key, evictable=agent.is_evictable)
                passing_on = self._engine.pool.is_contended or self._is_draining
                turn = await self._advance(lease, result, Take.NONE if passing_on else Take.ONE)
                self._engine.outbox_filled()
                if passing_on:
                    self._woken.set()  # there may be more; it waits its turn behind the other rooms

    async def _advance(self, lease: Lease, finish: TurnResult | None, take: Take) -> Turn | None:
        """Commit the end of a turn and the start of the next; a store in trouble is asked again."""
        for wait_s in (*_STORE_WAITS_S, None):
            try:
                self._turn = await self._engine.store.next(lease, finish, take)
            except Fenced:
                raise
            except StateError as error:
                if wait_s is None:
                    raise
                log.warning("the store refused", extra={"error": str(error), "again_in_s": wait_s})
                await self._engine.clock.sleep(wait_s)
            else:
                self._halted = None
                self._started_s = self._engine.clock.monotonic_s()
                return self._turn
        raise AssertionError("the last try returns or raises")

    async def _serve(self, lease: Lease, agent: LiveAgent, turn: Turn) -> TurnResult:
        self._address = replace(turn.address, message_id=None)
        with turn_context(self._key, turn.id):
            try:
                match turn.kind:
                    case Kind.PROMPT:
                        return await self._prompt(lease, agent, turn)
                    case Kind.RESET:
                        return await self._reset(agent, turn)
                    case Kind.NOTICE:
                        raise AssertionError("a notice is never queued")
                    case _:
                        assert_never(turn.kind)
            except Fenced:
                raise
            except Exception:  # the one border: a bug ends its turn and nothing else
                reference = secrets.token_hex(3)
                log.exception("a turn broke", extra={"reference": reference})
                await agent.close()
                return broken(turn, reference)

    async def _settle(self, lease: Lease) -> None:
        left = (await self._engine.store.lane(self._key)).running
        if left is not None:
            await self._advance(lease, broken(left, "worker"), Take.NONE)
            self._engine.outbox_filled()

    async def _reset(self, agent: LiveAgent, turn: Turn) -> TurnResult:
        await agent.close()
        await self._engine.store.ensure_session(self._engine.first_record(self._key))
        return TurnResult(
            turn=turn.id,
            state=TurnState.DONE,
            summary=_FRESH,
            pieces=(Piece(channel_id=turn.address.channel_id, body=_FRESH),),
            change=Renewed(agent_session_id=self._engine.adapter.new_session_id(), reason="reset"),
        )

    async def _prompt(self, lease: Lease, agent: LiveAgent, turn: Turn) -> TurnResult:
        async def note_live(message_id: str) -> None:
            await self._engine.store.note(lease, turn.id, shown=True, live_message_id=message_id)

        async with self._engine.open_reply(turn, note_live) as sink:
            outcome = await self._outcome(lease, agent, turn, sink)
            pieces = await sink.pieces(outcome)
        if outcome.spent:
            await agent.close()
        return result_of(turn, outcome, pieces)

    async def _outcome(self, lease: Lease, agent: LiveAgent, turn: Turn, sink: ReplySink) -> Outcome:
        notice = ""
        try:
            files = await self._fetch(turn)
            notice = "\n".join(map(_not_taken, (file for file in files if file.path is None)))
            prompt = TurnInput(turn=turn.id, uuid=prompt_uuid(turn), text=compose(turn.prompt, files))
            for is_last in (False, True):
                session, notice_now = await agent.open(lease)
                notice = "\n".join(filter(None, (notice_now, notice)))
                if self._halted:
                    return Outcome(status=self._halted, notice=notice)
                running = RunningTurn(
                    agent=session,
                    sink=sink,
                    limits=self._engine.limits,
                    clock=self._engine.clock,
                    note_tool=partial(self._note_tool, lease, turn.id),
                )
                agent.follow(turn.id, running)
                self._running = running
                try:
                    return replace(await running.run(prompt), notice=notice)
                except AgentGone:
                    # It died while it was idle: nothing was handed over, so a fresh process may try.
                    if is_last:
                        raise
                    await agent.close()
            raise AssertionError("the last try returns or raises")
        except AgentError as error:
            log.warning("the agent failed", extra={"error": str(error), "stderr": error.stderr_tail[-2000:]})
            return replace(failure(error), notice=notice)
        finally:
            agent.follow(None, None)
            self._running = None

    async def _note_tool(self, lease: Lease, turn: TurnId, title: str) -> None:
        await self._engine.store.note(lease, turn, last_tool=title)

    async def _fetch(self, turn: Turn) -> Sequence[Fetched]:
        if not turn.prompt.attachments:
            return ()
        record = await self._engine.store.ensure_session(self._engine.first_record(self._key))
        await asyncio.to_thread(self._engine.paths.make_room, record.key, record.workdir, record.memory_dir)
        return await self._engine.fetch_files(turn, record.workdir / INBOX)

    def _leave(self) -> None:
        self._is_leaving = True
        self._woken.set()

    def _start_unasked(self, tasks: asyncio.TaskGroup, outcome: Outcome) -> None:
        if self._address is not None:
            unasked = post_unasked(self._engine, self._key, self._address, outcome)
            tasks.create_task(unasked, name=f"unasked {self._key}")


def _not_taken(file: Fetched) -> str:
    return f"I could not take {clean(file.attachment.name)[:100]}. {file.problem}"
