"""One key's task: take a turn, run it, finish it. Owns the agent's process; the border for bugs."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import chain, repeat
from typing import Final, assert_never

from sessions.agents.base import ContextUse, Decision
from sessions.attempt import Attempt
from sessions.crash_points import reached
from sessions.engine import Engine
from sessions.errors import Fenced, StateError
from sessions.events import Event
from sessions.keys import SessionKey, TurnId
from sessions.live_agent import LiveAgent
from sessions.log import turn_context
from sessions.rearranged import rearranged
from sessions.records import title_of
from sessions.results import broken, decision, dropped, result_of, unplaced
from sessions.store.values import ChatAddress, Kind, Lease, Take, Turn, TurnResult, TurnState
from sessions.switching import switched, uncompacted
from sessions.turn import Halt, LiveNote, Outcome
from sessions.unasked import post_unasked

log = logging.getLogger(__name__)

_STORE_WAITS_S: Final = (1.0, 2.0, 5.0, 10.0, 30.0)
_OWN_TIME_S: Final = 0.25
"""How long a room may go from turn to turn while others wait for its place."""


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
        self._attempt: Attempt | None = None
        self._agent: LiveAgent | None = None
        self._halted: Halt | None = None
        self._started_s = 0.0
        self._live: LiveNote | None = None
        self._waiting = 0
        self._address: ChatAddress | None = None  # where the room was last spoken to

    @property
    def is_asking(self) -> bool:
        """Whether the running turn waits for a person."""
        return self._attempt is not None and self._attempt.is_asking

    @property
    def turn(self) -> TurnId | None:
        """The turn that runs here, if one does."""
        return None if self._turn is None else self._turn.id

    @property
    def running_for_s(self) -> float | None:
        """How long the running turn has taken so far."""
        return None if self._turn is None else self._engine.clock.monotonic_s() - self._started_s

    def halt(self, reason: Halt) -> bool:
        """End the running turn, and one that is just being taken; False if none is known to run."""
        if self._halted is None:
            self._halted = reason
            if self._attempt is not None:
                self._attempt.halt(reason)
        return self._turn is not None

    def make_way(self) -> None:
        """End the turn that an agent works on; one that has ended, or is only being taken, goes its way."""
        if self._attempt is not None:
            self._attempt.halt("stopped")

    def queued(self, waiting: int, *, steer: bool = False, wanted: TurnId | None = None) -> None:
        """Hear how many wait behind the running turn, and whether it may take them, or the `wanted` one."""
        self._waiting = waiting
        if self._attempt is not None:
            self._attempt.waiting(waiting)
            if steer or wanted is not None:
                self._attempt.steer(None if steer else wanted)

    def drain(self) -> None:
        """Take no further turn and end when the running one has."""
        self._is_draining = True
        self._woken.set()

    async def answer(self, turn: TurnId, ask: str, decision: Decision) -> bool:
        """Answer an open ask of the running turn; False if it is not open any more."""
        if self._attempt is None or self.turn != turn:
            return False
        return await self._attempt.answer(ask, decision)

    async def context(self) -> ContextUse | None:
        """Return what fills the live agent's context; None without one, or if it does not say."""
        return None if self._agent is None else await self._agent.context()

    async def run(self) -> None:
        """Serve until retired or drained; a turn that a broken run left behind is ended first."""
        with turn_context(self._key):
            lease = await self._engine.store.claim(self._key, self._engine.owner)
            reached("claim")
            await self._settle(lease)
            async with asyncio.TaskGroup() as tasks:
                say = partial(self._start_unasked, tasks)
                agent = LiveAgent(self._engine, self._key, tasks, evict=self._leave, say_unasked=say)
                self._agent = agent
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
        breaker = self._engine.breaker
        if not breaker.admits(self._key):
            await self._advance(lease, None, Take.NONE)  # behind it, what woke this worker is stored
            if not (await self._engine.store.lane(self._key)).waiting:
                return
        await breaker.ready(self._key, self._say_held)
        try:
            async with self._engine.pool.place():
                await self._serve_in_place(lease, agent)
        finally:
            breaker.note(self._key, None)

    async def _serve_in_place(self, lease: Lease, agent: LiveAgent) -> None:
        may_go_on, pool = partial(self._engine.breaker.admits, self._key), self._engine.pool
        until_s = self._engine.clock.monotonic_s() + _OWN_TIME_S
        turn = None
        if may_go_on():
            turn = await self._advance(lease, None, Take.ONE)
        else:
            self._woken.set()
        while turn is not None:
            result = await self._serve(lease, agent, turn)
            log.info("turn done", extra={"id": turn.id, "state": result.state, "took_s": self.running_for_s})
            agent.rest()
            has_had_its_time = self._engine.clock.monotonic_s() >= until_s
            passing_on = self._is_draining or not may_go_on() or (has_had_its_time and pool.is_contended)
            turn = await self._advance(lease, result, Take.NONE if passing_on else Take.ONE)
            if passing_on:
                self._woken.set()  # there may be more; it waits its turn behind the other rooms

    async def _say_held(self, text: str) -> None:
        for waiting in (await self._engine.store.queued(self._key))[:1]:
            await post_unasked(self._engine, self._key, waiting.asked_at, Outcome(status="ok", text=text))

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
        self._live = None
        if finish is not None:
            reached("finish.after_commit")
        if self._turn is not None:
            reached("take.after_commit")
            self._waiting = max(0, self._waiting - 1)
        if finish is not None:
            self._engine.outbox_filled()
        if finish is not None or self._turn is not None:
            self._engine.receipts_due()
        return self._turn

    async def _serve(self, lease: Lease, agent: LiveAgent, turn: Turn) -> TurnResult:
        self._address = turn.address
        with turn_context(self._key, turn.id):
            try:
                refusal = await self._engine.may_run(turn)
                if refusal is not None:
                    return dropped(turn, refusal)
                match turn.kind:
                    case Kind.PROMPT:
                        nowhere = await self._engine.open_place(turn)
                        if nowhere is not None:
                            return unplaced(turn, nowhere)
                        return await self._prompt(lease, agent, turn)
                    case Kind.COMPACT:
                        refused = await uncompacted(self._engine, turn)
                        return refused or await self._prompt(lease, agent, turn)
                    case Kind.RESET | Kind.RESUME | Kind.REWIND:
                        reached("reset.taken")
                        await agent.close()
                        return await switched(self._engine, turn)
                    case Kind.FORK:
                        return await switched(self._engine, turn)
                    case Kind.CWD:
                        await agent.close()
                        return await rearranged(self._engine, turn)
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
                return broken(turn, reference, self._live)

    async def _settle(self, lease: Lease) -> None:
        left = (await self._engine.store.lane(self._key)).running
        if left is not None:
            reference = secrets.token_hex(3)
            log.error("a broken worker left a turn behind", extra={"reference": reference, "turn": left.id})
            await self._advance(lease, broken(left, reference, self._live), Take.NONE)

    async def _prompt(self, lease: Lease, agent: LiveAgent, turn: Turn) -> TurnResult:
        async def note_live(live: LiveNote) -> None:
            self._live = live
            await self._engine.store.note(
                lease, turn.id, shown=True, live_nonce=live.nonce, live_message_id=live.message_id
            )

        async with self._engine.open_reply(turn, note_live) as sink:
            outcome = await self._outcome(
                Attempt(self._engine, lease, turn, agent, sink, since_s=self._started_s)
            )
            reached("turn.ended")
            self._engine.breaker.note(self._key, outcome)
            if outcome.spent:
                await agent.close(grace_s=0)
            if outcome.status == "interrupted":
                if self._live is None and outcome.tools == 0 and not outcome.notice:
                    return TurnResult(turn=turn.id, state=TurnState.QUEUED)  # as if it had not begun
                made_of_it = decision(self._engine.room(self._key), turn.attempt)
                outcome = replace(outcome, decision=made_of_it)
            title = title_of(self._engine.redactor.text(turn.prompt.text)) if agent.is_new else ""
            agent.is_new = agent.is_new and outcome.agent_session_id is None
            return result_of(turn, outcome, await sink.pieces(outcome), title)

    async def _outcome(self, attempt: Attempt) -> Outcome:
        self._attempt = attempt
        if self._halted is not None:
            attempt.halt(self._halted)
        if self._waiting:
            attempt.waiting(self._waiting)
        try:
            return await attempt.run()
        finally:
            self._attempt = None
            self._is_leaving = False  # it was told to go while it was idle, and it was used since

    def _leave(self) -> None:
        self._is_leaving = True
        self._woken.set()

    def _start_unasked(self, tasks: asyncio.TaskGroup, outcome: Outcome, events: Sequence[Event]) -> None:
        if self._address is not None:
            unasked = post_unasked(self._engine, self._key, self._address, outcome, events)
            tasks.create_task(unasked, name=f"unasked {self._key}")
