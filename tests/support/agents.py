"""Agents for tests: ready specs, and a talk with a live session that collects its events."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar
from uuid import UUID, uuid4

from bot.demo.model import OfflineModel
from sessions.agents.base import AgentAdapter, AgentSession, Allow, SessionSpec, TurnInput
from sessions.box import BOXES
from sessions.child_env import child_env
from sessions.events import Event, Exited, ToolStart, TurnDone
from sessions.keys import TurnId, session_key
from sessions.settings import Isolation

E = TypeVar("E")


def make_spec(
    root: Path,
    agent_session_id: str,
    *,
    env: Mapping[str, str] | None = None,
    options: Mapping[str, object] | None = None,
    isolation: Isolation = "none",
) -> SessionSpec:
    """Return a spec whose directories and launcher exist below `root`."""
    directories = {name: root / name for name in ("work", "memory", "home", "temp")}
    for directory in directories.values():
        directory.mkdir(parents=True, exist_ok=True)
    launcher = root / "launcher"
    BOXES[isolation].write_launcher(launcher)
    return SessionSpec(
        key=session_key("room"),
        agent_session_id=agent_session_id,
        workdir=directories["work"],
        memory_dir=directories["memory"],
        home=directories["home"],
        lock=root / "session.lock",
        launcher=launcher,
        isolation=isolation,
        env=child_env(directories["home"], directories["temp"], own=env or {}),
        expect_history=False,
        instructions="You are in a test.",
        options=options or {},
    )


def claude_spec(
    root: Path,
    model: OfflineModel,
    *,
    agent_session_id: str | None = None,
    isolation: Isolation = "none",
) -> SessionSpec:
    """Return a spec for the real Claude Code on the offline model."""
    spec = make_spec(root, agent_session_id or str(uuid4()), env=model_login(model.url), isolation=isolation)
    return replace(spec, env={**spec.env, "CLAUDE_CODE_MAX_RETRIES": "0"})


def model_login(url: str) -> dict[str, str]:
    """Return what makes Claude Code talk to the offline model there."""
    return {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "sk-ant-offline"}


class Talk:
    """A live session and everything it has said. `events` grows while the talk is open.

    Tools may run as soon as they are reported; set `holds_tools` to decide about them yourself.
    """

    def __init__(self, session: AgentSession) -> None:
        self.session = session
        self.holds_tools = False
        self.events: list[Event] = []
        self._news = asyncio.Condition()
        self._turns = 0

    async def listen(self) -> None:
        """Collect events until the process ends."""
        async for event in self.session.events():
            if isinstance(event, ToolStart) and not self.holds_tools:
                self.session.decide(event.id, Allow())
            async with self._news:
                self.events.append(event)
                self._news.notify_all()

    async def send(self, text: str, uuid: UUID | None = None) -> TurnId:
        """Send a prompt and return its turn."""
        self._turns += 1
        turn = TurnId(self._turns)
        await self.session.send(TurnInput(turn=turn, uuid=uuid or uuid4(), text=text))
        return turn

    async def steer(self, text: str, uuid: UUID | None = None) -> bool:
        """Hand a further prompt to the running turn."""
        further = TurnInput(turn=TurnId(self._turns), uuid=uuid or uuid4(), text=text)
        return await self.session.steer(further)

    async def ask(self, text: str, uuid: UUID | None = None) -> TurnDone:
        """Send a prompt and return how its turn ended."""
        return await self.done(await self.send(text, uuid))

    async def done(self, turn: TurnId | None) -> TurnDone:
        """Wait for the end of a turn."""
        return await self.first(TurnDone, lambda event: event.turn == turn)

    async def first(self, kind: type[E], fits: Callable[[E], bool] = lambda _: True, after: int = 0) -> E:
        """Wait for the first event of a kind that fits; with `after`, among those behind that place.

        Fails if the process ends without it.
        """
        async with self._news:
            while True:
                for event in self.events[after:]:
                    if isinstance(event, kind) and fits(event):
                        return event
                assert not any(isinstance(event, Exited) for event in self.events[after:]), self.events
                await self._news.wait()

    def of(self, kind: type[E], turn: TurnId | None) -> list[E]:
        """Return the events of a kind that belong to a turn."""
        return [event for event in self.events if isinstance(event, kind) and event.turn == turn]  # type: ignore[attr-defined]


@asynccontextmanager
async def talk(adapter: AgentAdapter, spec: SessionSpec) -> AsyncIterator[Talk]:
    """Open a session, listen to it, and close it at the end."""
    session = await adapter.open(spec)
    async with asyncio.TaskGroup() as tasks:
        conversation = Talk(session)
        listening = tasks.create_task(conversation.listen())
        try:
            yield conversation
        finally:
            await session.close(5)
            await listening
