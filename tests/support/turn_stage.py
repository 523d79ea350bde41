"""A running turn with an agent that says nothing by itself, and a sink that keeps what it is given."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Self
from uuid import uuid4

from sessions.agents.base import Allow, Decision, TurnInput
from sessions.clock import SystemClock
from sessions.errors import AgentGone
from sessions.events import (
    AskWithdrawn,
    Event,
    TurnDone,
    Usage,
)
from sessions.keys import TurnId
from sessions.mailbox import Alarm
from sessions.running_turn import RunningTurn
from sessions.store.values import Piece
from sessions.turn import Limits, Outcome

TURN = TurnId(1)
PROMPT = TurnInput(turn=TURN, uuid=uuid4(), text="hello")
PATIENT = Limits(silence_s=30, turn_s=60, ask_s=30)


class QuietAgent:
    """An agent session that says nothing by itself and remembers what it was told."""

    agent_session_id = "s1"

    def __init__(self, *, stops: bool = True, gone: bool = False) -> None:
        self.sent: list[TurnInput] = []
        self.answers: list[tuple[str, Decision]] = []
        self.log: list[str] = []
        self.interrupted = asyncio.Event()
        self.answered = asyncio.Event()
        self.stops = stops
        self.gone = gone
        self.turn: RunningTurn | None = None
        self.reads = True
        self.takes = True
        self.sink: Heard | None = None
        self.withdrawn_before_it_answered = False
        self.at_interrupt: Sequence[Event] = ()

    async def send(self, turn: TurnInput) -> None:
        if self.gone:
            raise AgentGone
        if not self.reads:
            await asyncio.Event().wait()
        self.sent.append(turn)

    async def steer(self, turn: TurnInput) -> bool:
        return False

    async def events(self) -> AsyncGenerator[Event, None]:
        return
        yield

    async def context(self) -> None:
        return

    async def answer(self, ask: str, decision: Decision) -> bool:
        self.answers.append((ask, decision))
        self.answered.set()
        if self.sink is not None:
            self.withdrawn_before_it_answered = AskWithdrawn(id=ask, reason="answered") in self.sink.events
        return self.takes

    def decide(self, tool: str, decision: Decision) -> None:
        self.log.append(f"{tool}: {'runs' if isinstance(decision, Allow) else 'does not run'}")

    async def interrupt(self) -> None:
        self.interrupted.set()
        for event in self.at_interrupt:
            assert self.turn is not None
            self.turn.feed(event)
        if self.stops and self.turn is not None:
            self.turn.feed(TurnDone(status="stopped", agent_session_id="s1", turn=TURN))

    async def close(self, grace_s: float) -> None:
        pass


class Heard:
    """A reply sink that keeps what it is given."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.heard = asyncio.Event()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        pass

    def emit(self, event: Event) -> None:
        self.events.append(event)
        self.heard.set()

    def waiting(self, count: int) -> None:
        pass

    async def pieces(self, outcome: Outcome) -> Sequence[Piece]:
        return ()


class Stage:
    """A turn with a quiet agent."""

    def __init__(self, limits: Limits = PATIENT, *, stops: bool = True, gone: bool = False) -> None:
        self.agent, self.sink, self.tools = QuietAgent(stops=stops, gone=gone), Heard(), list[str]()
        self.stores = list[bool]()  # whether the next tools can be stored; all can if empty
        self.asking = list[bool]()
        self.steered = 0
        self.turn = RunningTurn(
            agent=self.agent,
            sink=self.sink,
            limits=limits,
            clock=SystemClock(),
            alarm=Alarm(),
            note_tool=self._note,
            steer=self._steer,
            begin_asking=lambda: self.asking.append(True),
            end_asking=lambda: self.asking.append(False),
        )
        self.agent.turn = self.turn

    async def _note(self, title: str) -> bool:
        self.tools.append(title)
        is_stored = self.stores.pop(0) if self.stores else True
        await asyncio.sleep(0)
        self.agent.log.append(f"{title} {'stored' if is_stored else 'not stored'}")
        return is_stored

    async def _steer(self) -> None:
        self.steered += 1

    async def play(self, *events: Event) -> Outcome:
        for event in events:
            self.turn.feed(event)
        return await self.turn.run(PROMPT, now_s())


def now_s() -> float:
    return SystemClock().monotonic_s()


def done(text: str = "hi") -> TurnDone:
    return TurnDone(status="ok", agent_session_id="s2", text=text, turn=TURN, usage=Usage(cost_usd=0.5))
