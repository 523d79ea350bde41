"""One start of a prompt's turn: composed, given to the room's agent, followed to its outcome."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

from sessions.agents.base import AgentSession, Decision, TurnInput
from sessions.crash_points import reached
from sessions.credentials import is_subscription
from sessions.engine import Engine
from sessions.errors import AgentError, AgentGone, Fenced, StateError
from sessions.images import Image
from sessions.judging import judged
from sessions.keys import TurnId
from sessions.live_agent import LiveAgent
from sessions.prompts import compose, interruption_note, new_seal, problems, prompt_uuid, with_images
from sessions.redacted_events import redacted_outcome
from sessions.results import failure, shortened, turn_cost_usd
from sessions.running_turn import RunningTurn
from sessions.store.values import Kind, Lease, Turn
from sessions.surroundings import Surroundings, around_parts
from sessions.turn import Halt, Outcome, ReplySink

log = logging.getLogger(__name__)


class _Halted(Exception):
    """The turn is to end, and its prompt was not handed over yet."""


class Attempt:
    """A turn on its way through the room's agent. `run` is called once; all else is for others."""

    def __init__(
        self, engine: Engine, lease: Lease, turn: Turn, agent: LiveAgent, sink: ReplySink, *, since_s: float
    ) -> None:
        self._engine = engine
        self._lease = lease
        self._turn = turn
        self._agent = agent
        self._sink = sink
        self._since_s = since_s
        self._notices: list[str] = []
        self._images: list[Image] = []
        self._running: RunningTurn | None = None
        self._starting: asyncio.Timeout | None = None
        self._halted: Halt | None = None
        self._is_steered = False
        self._takes_all = False
        self._wanted: set[TurnId] = set()

    @property
    def is_asking(self) -> bool:
        """Whether the turn waits for a person."""
        return self._running is not None and self._running.is_asking

    def halt(self, reason: Halt) -> None:
        """End the turn, however far it is. The first reason counts."""
        if self._halted is None:
            self._halted = reason
            if self._running is not None:
                self._running.halt(reason)
            elif self._starting is not None:
                self._starting.reschedule(asyncio.get_running_loop().time())

    def steer(self, wanted: TurnId | None = None) -> None:
        """Say that a further prompt waits which this turn may take along: that one, or all in their order."""
        if self._turn.kind is not Kind.PROMPT:
            return
        self._is_steered = True
        if wanted is None:
            self._takes_all = True
        else:
            self._wanted.add(wanted)
        if self._running is not None:
            self._running.steer()

    def waiting(self, count: int) -> None:
        """Say that so many turns wait behind this one."""
        self._sink.waiting(count)

    async def answer(self, ask: str, decision: Decision) -> bool:
        """Answer an open ask; False if it is not open any more."""
        return self._running is not None and await self._running.answer(ask, decision)

    async def run(self) -> Outcome:
        """Follow the turn to its end. What goes wrong with the agent is an outcome, too. Raises Fenced."""
        try:
            outcome = await self._follow()
        except _Halted:
            outcome = Outcome(status=self._halted or "stopped")
        except AgentError as error:
            log.warning("the agent failed", extra={"error": str(error), "stderr": error.stderr_tail[-2000:]})
            outcome = failure(error)
        finally:
            self._agent.follow(None, None)
            self._running = None
        if self._turn.kind is Kind.COMPACT:
            outcome = shortened(outcome)
        if self._notices:
            outcome = replace(outcome, notice="\n".join(self._notices))
        return redacted_outcome(await self._priced(outcome), self._engine.redactor)

    async def _priced(self, outcome: Outcome) -> Outcome:
        """Return an outcome with what its turn cost, as far as that is known."""
        if outcome.usage.cost_usd is None:
            return outcome
        try:
            record = await self._engine.store.session(self._turn.key)
        except Fenced:
            raise
        except StateError as error:
            log.debug("what a turn cost is not known", extra={"error": str(error)})
            return outcome
        if record is None:
            return outcome
        is_estimate = is_subscription(self._engine.spec(record).env)
        return replace(outcome, cost_usd=turn_cost_usd(record, outcome.usage), is_estimate=is_estimate)

    async def _follow(self) -> Outcome:
        prompt: TurnInput | None = None
        for is_last in (False, True):
            if self._agent.is_ready and (prompt or not self._engine.has_to_fetch(self._turn)):
                prompt, session = await self._prepared(prompt)  # nothing of it takes time
            else:
                async with self._haltable():
                    prompt, session = await self._prepared(prompt)
            if self._halted is not None:
                raise _Halted
            running = self._running_turn(session)
            self._agent.follow(self._turn.id, running, self._turn.address)
            self._running = running
            if self._is_steered:  # while the agent was starting
                running.steer()
            try:
                return await running.run(prompt, self._since_s)
            except AgentGone:
                # It died while it was idle: nothing was handed over, so a fresh process may try.
                if is_last:
                    raise
                self._running = None
                await self._agent.close()
        raise AssertionError("the last try returns or raises")

    def _running_turn(self, session: AgentSession) -> RunningTurn:
        async def hand_over() -> None:
            await self._hand_over(session)

        return RunningTurn(
            agent=session,
            sink=self._sink,
            limits=self._engine.limits,
            clock=self._engine.clock,
            alarm=self._agent.alarm,
            note_tool=self._note_tool,
            steer=hand_over,
            begin_asking=self._engine.pool.lend,
            end_asking=self._engine.pool.take_back,
            judge=partial(judged, self._engine, self._turn),
        )

    @asynccontextmanager
    async def _haltable(self) -> AsyncGenerator[None]:
        """Let a halt cut short what is done inside."""
        try:
            async with asyncio.timeout(0 if self._halted else None) as self._starting:
                yield
        except TimeoutError:
            if self._halted is None:
                raise
            raise _Halted from None
        finally:
            self._starting = None

    async def _prepared(self, prompt: TurnInput | None) -> tuple[TurnInput, AgentSession]:
        prompt = prompt or await self._composed()
        return prompt, await self._agent.open(self._lease, self._notices.append)

    async def _composed(self) -> TurnInput:
        turn = self._turn
        if turn.kind is Kind.COMPACT:
            return TurnInput(turn=turn.id, uuid=prompt_uuid(turn), text=turn.prompt.text, compact=True)
        seal = new_seal()
        found = await self._around(turn)
        text = await self._text(turn, seal, interruption_note(turn), tuple(around_parts(found)))
        if turn.attempt > 1:  # what it took along the last time was lost with it
            merged = await self._engine.store.merged(turn.id)
            allowed = [more for more in merged if await self._engine.may_run(more) is None]
            text = "\n\n".join([text, *[await self._text(more, seal) for more in allowed]])
        return TurnInput(turn=turn.id, uuid=prompt_uuid(turn), text=text, images=tuple(self._images))

    async def _around(self, turn: Turn) -> Surroundings:
        look = self._engine.look_around
        return await look(turn) if look.wants(turn) else Surroundings()

    async def _text(
        self, turn: Turn, seal: str, note: str = "", before: Sequence[tuple[str, str]] = ()
    ) -> str:
        if not turn.prompt.attachments:
            return compose(turn.prompt, seal=seal, note=note, before=before)
        files = with_images(await self._engine.fetched(turn))
        self._images += [file.image for file in files if file.image is not None]
        self._notices += problems(files)
        return compose(turn.prompt, files, seal=seal, note=note, before=before)

    async def _hand_over(self, session: AgentSession) -> None:
        """Give the agent what was said since, if it can take it; else it stays in the queue."""
        store, running = self._engine.store, self._turn.id
        try:
            for waiting in await store.queued(self._turn.key):
                if not self._takes_all and waiting.id not in self._wanted:
                    continue
                if not self._takes_along(waiting) or await self._engine.may_run(waiting) is not None:
                    return
                # First in the store: what was edited or deleted meanwhile is so, and after a crash the
                # decision about this turn is one about all that it took along.
                more = await store.merge(self._lease, waiting.id, running)
                if more is None:
                    continue
                self._engine.receipts_due()
                text = compose(more.prompt, seal=new_seal())
                steered = TurnInput(turn=running, uuid=prompt_uuid(more), text=text)
                if not await self._steers(session, steered):
                    await store.unmerge(more.id, running)
                    return
        except Fenced:
            raise
        except StateError as error:
            log.warning("the running turn takes nothing along", extra={"error": str(error)})

    def _takes_along(self, waiting: Turn) -> bool:
        """Whether it is a first start, answered in the same place, and ready: fetching files takes time."""
        return (
            waiting.kind is Kind.PROMPT
            and not waiting.attempt
            and not waiting.prompt.attachments
            and waiting.prompt.about is None
            and waiting.address.channel_id == self._turn.address.channel_id
        )

    async def _steers(self, session: AgentSession, more: TurnInput) -> bool:
        try:
            return await session.steer(more)
        except AgentGone:
            log.debug("the agent ended before it could be told more")  # the turn hears of it by itself
            return False

    async def _note_tool(self, title: str) -> bool:
        try:
            await self._engine.store.note(self._lease, self._turn.id, last_tool=title)
            reached("tool.noted")
        except Fenced:
            raise
        except StateError as error:
            log.warning("a tool was not noted", extra={"error": str(error)})
            return False
        return True
