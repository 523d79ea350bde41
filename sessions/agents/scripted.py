"""An agent that plays a script, in this process: for tests, and for trying Roomkey with no model at all."""

import asyncio
import json
import os
import re
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal, assert_never
from uuid import UUID, uuid4

import aiofiles

from sessions.agents.base import AgentSession, Allow, Decision, Deny, SessionSpec, TurnInput
from sessions.agents.script import (
    Exit,
    Fail,
    Hang,
    Recall,
    Script,
    Step,
    Text,
    Think,
    Tool,
    Wait,
    read_script,
    unsealed,
)
from sessions.errors import AgentGone, SessionBusy, SessionNotFound
from sessions.events import (
    AskWithdrawn,
    Event,
    Exited,
    Idle,
    PermissionAsk,
    Started,
    TextDelta,
    TextFinal,
    Thinking,
    ToolEnd,
    ToolStart,
    TurnDone,
)
from sessions.keys import TurnId
from sessions.process import try_lock

VENDOR: Final = "scripted"
_WORD: Final = re.compile(r"\S*\s*", re.DOTALL)


class _Halted(Exception):
    """The turn was interrupted, or the session closed."""


class _Exited(Exception):
    """The script ended the process."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class ScriptedSession:
    """One conversation with the script. It lives in whoever reads `events`, and has no task of its own."""

    def __init__(self, spec: SessionSpec, script: Script, record: Path, said: list[str], lock: int) -> None:
        self._spec = spec
        self._script = script
        self._record = record
        self._said = said
        self._lock: int | None = lock
        self._inbox: asyncio.Queue[TurnInput | None] = asyncio.Queue()
        self._prompts: deque[str] = deque()  # of the running turn, those that are not played yet
        self._is_playing = False
        self._halt = asyncio.Event()
        self._asks: dict[str, asyncio.Future[Decision]] = {}
        self._tool: tuple[str, asyncio.Future[Decision]] | None = None  # that was begun and is held
        self._is_over = False

    @property
    def agent_session_id(self) -> str:
        """The id this session was opened with; it never changes."""
        return self._spec.agent_session_id

    async def send(self, turn: TurnInput) -> None:
        """Hand over a prompt."""
        if self._is_over:
            raise AgentGone("The scripted agent has ended.", vendor=VENDOR, retryable=True)
        self._halt.clear()
        self._prompts, self._is_playing = deque([unsealed(turn.text)]), True
        self._inbox.put_nowait(turn)

    async def steer(self, turn: TurnInput) -> bool:
        """Have a further prompt played when what was asked before is done."""
        if not self._is_playing or self._halt.is_set():
            return False
        self._prompts.append(unsealed(turn.text))
        return True

    async def events(self) -> AsyncGenerator[Event, None]:
        """Play what the script has for each prompt, until the session is closed."""
        code: int | None = 0
        try:
            while (turn := await self._inbox.get()) is not None:
                async with aclosing(self._play(turn)) as events:
                    async for event in events:
                        yield event
                yield Idle()
        except _Exited as error:
            code = error.code
        self._is_over, self._is_playing = True, False
        for ask in list(self._asks):
            yield self._withdrawn(ask, "ended")
        yield Exited(exit_code=code)

    async def answer(self, ask: str, decision: Decision) -> bool:
        """Answer an open ask; False if it is not open any more."""
        waiting = self._asks.get(ask)
        if waiting is None or waiting.done():
            return False
        waiting.set_result(decision)
        return True

    def decide(self, tool: str, decision: Decision) -> None:
        """Say whether the tool that was begun may run; it is held until then."""
        if self._tool is not None and self._tool[0] == tool and not self._tool[1].done():
            self._tool[1].set_result(decision)

    async def interrupt(self) -> None:
        """End the running turn."""
        self._halt.set()
        held = [] if self._tool is None else [self._tool[1]]
        for waiting in (*held, *self._asks.values()):
            if not waiting.done():
                waiting.set_exception(_Halted)

    async def close(self, grace_s: float) -> None:  # noqa: ARG002 -- there is no process that could need it
        """End the session and free its lock."""
        self._is_over = True
        await self.interrupt()
        self._inbox.put_nowait(None)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    async def _play(self, turn: TurnInput) -> AsyncGenerator[Event, None]:
        blocks: list[str] = []
        yield Started(
            agent_session_id=self.agent_session_id,
            model=VENDOR,
            workdir=str(self._spec.workdir),
            memory_dir=str(self._spec.memory_dir),
            turn=turn.turn,
        )
        done = TurnDone(status="ok", agent_session_id=self.agent_session_id, turn=turn.turn)
        while self._prompts and done.status == "ok":
            prompt = replace(turn, text=self._prompts.popleft())
            try:
                for step in self._script.steps_for(prompt.text):
                    if isinstance(step, Fail):
                        done = replace(done, status="failed", text=step.reason, problem=step.fail)
                        break
                    async with aclosing(self._step(step, prompt)) as events:
                        async for event in events:
                            if isinstance(event, TextFinal):
                                blocks.append(event.text)
                            yield event
            except _Halted:
                done = replace(done, status="stopped")
                for ask in list(self._asks):
                    yield self._withdrawn(ask, "agent", turn.turn)
            await self._remember(prompt.text)
        self._is_playing = False
        yield replace(done, text="\n\n".join(blocks)) if done.status == "ok" else done

    async def _step(self, step: Step, turn: TurnInput) -> AsyncGenerator[Event, None]:
        match step:
            case Text(text=text, over_s=over_s):
                async with aclosing(self._write(text.replace("{prompt}", turn.text), over_s, turn)) as events:
                    async for event in events:
                        yield event
            case Recall():
                text = "\n".join(["Said before:", *(f"- {text}" for text in self._said)])
                yield TextDelta(text=text, turn=turn.turn)
                yield TextFinal(text=text, turn=turn.turn)
            case Think(think=text):
                yield Thinking(text=text, turn=turn.turn)
            case Tool():
                async with aclosing(self._use(step, turn)) as events:
                    async for event in events:
                        yield event
            case Wait(wait_s=wait_s):
                await self._pause(wait_s)
            case Hang():
                await self._pause(None)
            case Exit(exit=code):
                raise _Exited(code)
            case Fail():
                raise AssertionError("a failure ends the turn and is no step of it")
            case _:
                assert_never(step)

    async def _write(self, text: str, over_s: float, turn: TurnInput) -> AsyncGenerator[Event, None]:
        words = [word for word in _WORD.findall(text) if word]
        for word in words:
            await self._pause(over_s / len(words))
            yield TextDelta(text=word, turn=turn.turn)
        yield TextFinal(text=text, turn=turn.turn)

    async def _use(self, tool: Tool, turn: TurnInput) -> AsyncGenerator[Event, None]:
        call = str(uuid4())
        self._tool = call, asyncio.get_running_loop().create_future()
        yield ToolStart(id=call, name=tool.tool, title=tool.title, turn=turn.turn)
        decision = await self._tool[1]
        self._tool = None
        failed, output = tool.failed, tool.output
        if isinstance(decision, Deny):
            failed, output = True, decision.reason
        elif tool.ask:
            self._asks[call] = asyncio.get_running_loop().create_future()
            yield PermissionAsk(id=call, tool=tool.tool, title=tool.title, turn=turn.turn)
            match await self._asks[call]:
                case Allow():
                    pass
                case Deny(reason=reason):
                    failed, output = True, reason
            del self._asks[call]
        yield ToolEnd(id=call, failed=failed, output=output, turn=turn.turn)

    async def _pause(self, wait_s: float | None) -> None:
        """Wait that long, for ever if None; raises _Halted as soon as the turn is to end."""
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._halt.wait()
        if self._halt.is_set():
            raise _Halted

    def _withdrawn(
        self, ask: str, reason: Literal["agent", "ended"], turn: TurnId | None = None
    ) -> AskWithdrawn:
        del self._asks[ask]
        return AskWithdrawn(id=ask, reason=reason, turn=turn)

    async def _remember(self, prompt: str) -> None:
        self._said.append(prompt)
        async with aiofiles.open(self._record, "a", encoding="utf-8") as record:
            await record.write(json.dumps(prompt) + "\n")


class ScriptedAdapter:
    """Starts scripted sessions. `SessionSpec.options["script"]` names the file to play."""

    vendor: str = VENDOR

    def new_session_id(self) -> str:
        """Mint an agent session id."""
        return str(uuid4())

    async def open(self, spec: SessionSpec) -> AgentSession:
        """Start a session, continuing its conversation if it has one."""
        script, record, said = await asyncio.to_thread(_load, spec)
        # After the last wait: a cancelled start must not leave it locked.
        lock = try_lock(spec.lock)
        if lock is None:
            raise SessionBusy("Another process works on this session.", vendor=VENDOR, retryable=True)
        return ScriptedSession(spec, script, record, said, lock)

    def model_url(self, env: Mapping[str, str]) -> None:  # noqa: ARG002 -- a script needs no model
        """Return None: there is no model."""
        return

    def may_have_acted(self, spec: SessionSpec, prompt: UUID) -> bool:  # noqa: ARG002 -- the same for all
        """Return False: a script does nothing outside this process."""
        return False

    def terminal_command(self, spec: SessionSpec) -> None:  # noqa: ARG002 -- there is no program to run
        """Return None: a script is not continued in a terminal."""
        return


ADAPTER: Final = ScriptedAdapter()


def _load(spec: SessionSpec) -> tuple[Script, Path, list[str]]:
    """Return what to play, the conversation's file and the prompts in it; blocks."""
    path = spec.options.get("script")
    script = read_script(None if path is None else Path(str(path)))
    record = spec.home / VENDOR / f"{spec.agent_session_id}.jsonl"
    if record.is_file():
        return script, record, [str(json.loads(line)) for line in record.read_text().splitlines()]
    if spec.expect_history:
        raise SessionNotFound(
            f"The scripted agent's record of this conversation ({spec.agent_session_id}) is gone.",
            vendor=VENDOR,
        )
    record.parent.mkdir(parents=True, exist_ok=True)
    return script, record, []
