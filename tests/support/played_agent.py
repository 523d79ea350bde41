"""An agent that a test speaks for, and the adapter that opens it."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from uuid import UUID

from sessions.agents.base import AgentSession, Decision, SessionSpec, TurnInput
from sessions.agents.conversations import Ability
from sessions.agents.scripted import ADAPTER as SCRIPTED
from sessions.errors import AgentError, AgentGone
from sessions.events import (
    BackgroundTasks,
    Event,
    Exited,
    ToolStart,
    TurnDone,
)


class PlayedSession:
    """A live agent that a test speaks for."""

    agent_session_id = "played"

    def __init__(self) -> None:
        self.inbox: asyncio.Queue[Event] = asyncio.Queue()
        self.sent: list[TurnInput] = []
        self.answered: list[Decision] = []
        self.decided: list[Decision] = []
        self.is_dead = False
        self.is_closed = False
        self.may_close = asyncio.Event()
        self.may_close.set()

    async def send(self, turn: TurnInput) -> None:
        if self.is_dead:
            raise AgentGone
        self.sent.append(turn)
        done = TurnDone(status="ok", agent_session_id="played", text=turn.text[-5:], turn=turn.turn)
        if "tool" in turn.text:
            self.inbox.put_nowait(ToolStart(id="t", name="Bash", title="Bash: ls", turn=turn.turn))
        if "build" in turn.text:
            self.inbox.put_nowait(BackgroundTasks(count=1))
        if "wait" not in turn.text:
            self.inbox.put_nowait(done)
        if "leave" in turn.text:
            self.inbox.put_nowait(Exited(exit_code=0))

    async def steer(self, turn: TurnInput) -> bool:
        return False

    async def events(self) -> AsyncGenerator[Event, None]:
        while True:
            event = await self.inbox.get()
            yield event
            if isinstance(event, Exited):
                return

    async def answer(self, ask: str, decision: Decision) -> bool:
        self.answered.append(decision)
        return True

    async def context(self) -> None:
        return

    def decide(self, tool: str, decision: Decision) -> None:
        self.decided.append(decision)

    async def interrupt(self) -> None:
        turn = self.sent[-1].turn
        self.inbox.put_nowait(TurnDone(status="stopped", agent_session_id="played", turn=turn))

    async def close(self, grace_s: float) -> None:
        self.inbox.put_nowait(Exited(exit_code=0))
        await self.may_close.wait()
        self.is_closed = True


class PlayedAdapter:
    """Opens sessions that a test speaks for."""

    vendor = "scripted"
    models = ()
    can: frozenset[Ability] = frozenset()
    conversations = SCRIPTED.conversations

    def __init__(self) -> None:
        self.opened: list[PlayedSession] = []
        self.errors: list[AgentError] = []
        self.asked = asyncio.Event()
        self.may_open = asyncio.Event()
        self.may_open.set()

    def new_session_id(self) -> str:
        return f"session-{len(self.opened)}"

    async def open(self, spec: SessionSpec) -> AgentSession:
        self.asked.set()
        await self.may_open.wait()
        if self.errors:
            raise self.errors.pop(0)
        self.opened.append(PlayedSession())
        return self.opened[-1]

    def model_url(self, env: Mapping[str, str]) -> str | None:
        return None

    def may_have_acted(self, spec: SessionSpec, prompt: UUID) -> bool:
        return True

    def terminal_command(self, spec: SessionSpec) -> str | None:
        return None
