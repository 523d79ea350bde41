"""One key's task: take a turn, run it, finish it. Owns the agent's process; the border for bugs."""

import asyncio
import logging
import secrets
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from itertools import chain, repeat
from typing import Final, assert_never

from sessions.agents.base import Decision, TurnInput
from sessions.engine import Engine
from sessions.errors import AgentError, AgentGone, Fenced, StateError
from sessions.keys import SessionKey, TurnId
from sessions.live_agent import LiveAgent
from sessions.log import turn_context
from sessions.prompts import compose, problems, prompt_uuid
from sessions.records import Renewed
from sessions.results import broken, failure, result_of
from sessions.store.values import ChatAddress, Kind, Lease, Piece, Take, Turn, TurnResult, TurnState
from sessions.turn import Halt, Outcome, ReplySink, RunningTurn
from sessions.unasked import post_unasked

log = logging.getLogger(__name__)

_STORE_WAITS_S: Final = (1.0, 2.0, 5.0, 10.0, 30.0)
_OWN_TIME_S: Final = 0.25
"""How long a room may go from turn to turn while others wait for its place."""
_FRESH = "Started fresh: I remember nothing of what was said here before. Files and memory notes stay."


class _Halted(Exception):
    """The turn is to end, and its prompt was not handed over yet."""

    def __init__(self, reason: Halt) -> None:
        super().__init__(reason)
        self.reason: Halt = reason


class Worker:
    """Serves one key until nothing waits and no agent is kept. One task calls `run`; all else is for others.

    `woken` is set by others when something may be waiting. `retire` is called, with no await
    between the last look at `woken` and the call, when the worker goes; it must not be woken then.
    """

    def __init__(
        self, engine: Engine, key: SessionKey, woken: asyncio.Event, retire: Callable[[], None]
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
        self._starting: asyncio.Timeout | None = None
        self._started_s = 0.0
        self._live_message_id: str | None = None
        self._address: ChatAddress | None = None  # where the room was last spoken to

    @property
    def is_asking(self) -> bool:
        """Whether the running turn waits for a person."""
        return self._running is not None and self._running.is_asking

    @property
    def running_for_s(self) -> float | None:
        """How long the running turn has taken so far."""
        return None if self._turn is None else self._engine.clock.monotonic_s() - self._started_s

    def halt(self, reason: Halt) -> bool:
        """End the running turn, and one that is just being taken; False if none is known to run."""
        if self._halted is None:
            self._halted = reason
            if self._running is not None:
                self._running.halt(reason)
            elif self._starting is not None:
                self._starting.reschedule(asyncio.get_running_loop().time())
        return self._turn is not None

    def drain(self) -> None:
        """Take no further turn and end when the running one has."""
        self._is_draining = True
        self._woken.set()

    async def answer(self, turn: TurnId, ask: str, decision: Decision) -> bool:
        """Answer an open ask of the running turn; False if it is not open any more."""
        if self._running is None or self._turn is None or self._turn.id != turn:
            return False
        return await self._running.answer(ask, decision)

    async def run(self) -> None:
        """Serve until retired or drained; a turn that a broken run left behind is ended first."""
        with turn_context(self._key):
            lease = await self._engine.store.claim(self._key, self._engine.owner)
            await self._settle(lease)
            async with asyncio.TaskGroup() as tasks:
                say = partial(self._start_unasked, tasks)
                agent = LiveAgent(self._engine, self._key, tasks, evict=self._leave, say_unasked=say)
                try:
                    await self._serve_until_idle(lease, agent)
                finally:
                    await agent.close()

    async def _serve_until_idle(self, lease: Lease, agent: LiveAgent) -> None:
        while not self._is_draining:
            self._woken.clear()
            await self._serve_waiting(lease, agent)
            if agent.is_open:
                await self._rest(agent)
            if self._is_leaving or not agent.is_open:
                self._is_leaving = False
                await agent.close()
                if not self._woken.is_set():
                    self._retire()
                    return

    async def _rest(self, agent: LiveAgent) -> None:
        """Keep the idle process until somebody wakes this worker or its time is over."""
        while not self._woken.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(self._engine.settings.idle_ttl_s):
                    await self._woken.wait()
            if not self._woken.is_set() and agent.is_evictable:
                self._leave()

    async def _serve_waiting(self, lease: Lease, agent: LiveAgent) -> None:
        async with self._engine.pool.place():
            until_s = self._engine.clock.monotonic_s() + _OWN_TIME_S
            turn = None if self._is_draining else await self._advance(lease, None, Take.ONE)
            while turn is not None:
                result = await self._serve(lease, agent, turn)
                log.info(
                    "turn done", extra={"id": turn.id, "state": result.state, "took_s": self.running_for_s}
                )
                if agent.is_open:
                    self._engine.pool.idle(self._key, evictable=agent.is_evictable)
                has_had_its_time = self._engine.clock.monotonic_s() >= until_s
                passing_on = self._is_draining or (has_had_its_time and self._engine.pool.is_contended)
                turn = await self._advance(lease, result, Take.NONE if passing_on else Take.ONE)
                if passing_on:
                    self._woken.set()  # there may be more; it waits its turn behind the other rooms

    async def _advance(self, lease: Lease, finish: TurnResult | None, take: Take) -> Turn | None:
        """Commit the end of a turn and the start of the next; a store in trouble is asked again and again."""
        for wait_s in chain(_STORE_WAITS_S, repeat(_STORE_WAITS_S[-1])):
            self._halted = None  # whoever halts from here on means the turn that comes of this
            try:
                self._turn = await self._engine.store.next(
                    lease, finish, Take.NONE if self._is_draining else take
                )
            except Fenced:
                raise
            except StateError as error:
                log.warning("the store refused", extra={"error": str(error), "again_in_s": wait_s})
                await self._engine.clock.sleep(wait_s)
            else:
                break
        self._started_s = self._engine.clock.monotonic_s()
        self._live_message_id = None
        if finish is not None:
            self._engine.outbox_filled()
        return self._turn

    async def _serve(self, lease: Lease, agent: LiveAgent, turn: Turn) -> TurnResult:
        self._address = turn.address
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
                return broken(turn, reference, self._live_message_id)

    async def _settle(self, lease: Lease) -> None:
        left = (await self._engine.store.lane(self._key)).running
        if left is not None:
            reference = secrets.token_hex(3)
            log.error("a broken worker left a turn behind", extra={"reference": reference, "turn": left.id})
            await self._advance(lease, broken(left, reference, self._live_message_id), Take.NONE)

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
            self._live_message_id = message_id
            await self._engine.store.note(lease, turn.id, shown=True, live_message_id=message_id)

        async with self._engine.open_reply(turn, note_live) as sink:
            outcome = await self._outcome(lease, agent, turn, sink)
            pieces = await sink.pieces(outcome)
        if outcome.spent:
            await agent.close()
        return result_of(turn, outcome, pieces)

    async def _outcome(self, lease: Lease, agent: LiveAgent, turn: Turn, sink: ReplySink) -> Outcome:
        notices: list[str] = []
        try:
            outcome = await self._follow(lease, agent, turn, sink, notices.append)
        except _Halted as halted:
            outcome = Outcome(status=halted.reason)
        except AgentError as error:
            log.warning("the agent failed", extra={"error": str(error), "stderr": error.stderr_tail[-2000:]})
            outcome = failure(error)
        finally:
            agent.follow(None, None)
            self._running = None
        return replace(outcome, notice="\n".join(notices)) if notices else outcome

    async def _follow(
        self, lease: Lease, agent: LiveAgent, turn: Turn, sink: ReplySink, tell: Callable[[str], None]
    ) -> Outcome:
        prompt: TurnInput | None = None
        for is_last in (False, True):
            async with self._haltable():
                prompt = prompt or await self._composed(turn, tell)
                session = await agent.open(lease, tell)
            self._is_leaving = False  # it was told to go while it was idle, and it is not any more
            running = RunningTurn(
                agent=session,
                sink=sink,
                limits=self._engine.limits,
                clock=self._engine.clock,
                note_tool=partial(self._note_tool, lease, turn.id),
                begin_asking=self._engine.pool.lend,
                end_asking=self._engine.pool.take_back,
            )
            agent.follow(turn.id, running)
            self._running = running
            try:
                return await running.run(prompt)
            except AgentGone:
                # It died while it was idle: nothing was handed over, so a fresh process may try.
                if is_last:
                    raise
                self._running = None
                await agent.close()
        raise AssertionError("the last try returns or raises")

    @asynccontextmanager
    async def _haltable(self) -> AsyncGenerator[None]:
        """Let a halt cut short what is done inside. Raises _Halted."""
        try:
            async with asyncio.timeout(0 if self._halted else None) as self._starting:
                yield
        except TimeoutError:
            if self._halted is None:
                raise
        finally:
            self._starting = None
        if self._halted is not None:
            raise _Halted(self._halted)

    async def _note_tool(self, lease: Lease, turn: TurnId, title: str) -> None:
        try:
            await self._engine.store.note(lease, turn, last_tool=title)
        except Fenced:
            raise
        except StateError as error:  # only what is said after a crash suffers
            log.warning("a tool was not noted", extra={"error": str(error)})

    async def _composed(self, turn: Turn, tell: Callable[[str], None]) -> TurnInput:
        files = await self._engine.fetched(turn)
        for problem in problems(files):
            tell(problem)
        return TurnInput(turn=turn.id, uuid=prompt_uuid(turn), text=compose(turn.prompt, files))

    def _leave(self) -> None:
        self._is_leaving = True
        self._woken.set()

    def _start_unasked(self, tasks: asyncio.TaskGroup, outcome: Outcome) -> None:
        if self._address is not None:
            unasked = post_unasked(self._engine, self._key, self._address, outcome)
            tasks.create_task(unasked, name=f"unasked {self._key}")
