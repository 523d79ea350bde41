"""One conversation with the scripted agent: prompts in, what its script has for them out."""

import asyncio
import os
import re
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal, assert_never
from uuid import uuid4

import aiofiles

from sessions.agents.base import Allow, Answers, Decision, Deny, SessionSpec, TurnInput
from sessions.agents.claude_questions import ask_of
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
    unsealed,
)
from sessions.agents.scripted_record import (
    VENDOR,
    Remembered,
    line_of,
    write_record,
)
from sessions.errors import AgentGone
from sessions.events import (
    Ask,
    AskWithdrawn,
    Compacted,
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

    def __init__(
        self, spec: SessionSpec, script: Script, record: Path, said: list[Remembered], lock: int
    ) -> None:
        self._spec = spec
        self._script = script
        self._record = record
        self._said = said
        self._lock: int | None = lock
        self._inbox: asyncio.Queue[TurnInput | None] = asyncio.Queue()
        self._prompts: deque[TurnInput] = deque()  # of the running turn, those that are not played yet
        self._is_playing = False
        self._halt = asyncio.Event()
        self._asks: dict[str, asyncio.Future[Decision]] = {}
        self._tool: tuple[str, asyncio.Future[Decision]] | None = None  # that was begun and is held
        self._is_over = False
        self._answer = ""  # what people said to the last ask

    @property
    def agent_session_id(self) -> str:
        """The id this session was opened with; it never changes."""
        return self._spec.agent_session_id

    async def send(self, turn: TurnInput) -> None:
        """Hand over a prompt."""
        if self._is_over:
            raise AgentGone("The scripted agent has ended.", vendor=VENDOR, retryable=True)
        self._halt.clear()
        self._prompts, self._is_playing = deque([turn]), True
        self._inbox.put_nowait(turn)

    async def steer(self, turn: TurnInput) -> bool:
        """Have a further prompt played when what was asked before is done."""
        if not self._is_playing or self._halt.is_set():
            return False
        self._prompts.append(turn)
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

    async def context(self) -> None:
        """Return None: a script fills no context."""
        return

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
        done: TurnDone = TurnDone(status="ok", agent_session_id=self.agent_session_id, turn=turn.turn)
        while self._prompts and done.status == "ok":
            handed = self._prompts.popleft()
            prompt = replace(handed, turn=turn.turn, text=unsealed(handed.text))
            if prompt.compact:
                if self._said:
                    yield await self._compact(prompt)
                continue
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
            await self._remember(Remembered(str(prompt.uuid), prompt.text))
        self._is_playing = False
        yield replace(done, text="\n\n".join(blocks)) if done.status == "ok" else done

    async def _step(self, step: Step, turn: TurnInput) -> AsyncGenerator[Event, None]:
        match step:
            case Text(text=text, over_s=over_s):
                async with aclosing(self._write(self._filled(text, turn), over_s, turn)) as events:
                    async for event in events:
                        yield event
            case Recall():
                text = "\n".join(["Said before:", *(f"- {one.text}" for one in self._said)])
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

    def _filled(self, text: str, turn: TurnInput) -> str:
        return text.replace("{prompt}", turn.text).replace("{answer}", self._answer)

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
            yield self._ask(call, tool, turn)
            match await self._asks[call]:
                case Allow(accept_edits=accept_edits):
                    self._answer = "yes, edits included" if accept_edits else "yes"
                case Answers(texts=texts):
                    self._answer = output = "; ".join(texts)
                case Deny(reason=reason):
                    self._answer = reason
                    failed, output = True, reason
            del self._asks[call]
        own = next((one for one in self._spec.tools if one.name == tool.tool), None)
        if own is not None and not failed:
            answer = await own.call(tool.input)
            failed, output = answer.failed, answer.text
        yield ToolEnd(id=call, failed=failed, output=output, turn=turn.turn)

    def _ask(self, call: str, tool: Tool, turn: TurnInput) -> Ask:
        ask = ask_of(call, tool.tool, tool.input, turn.turn, str(self._spec.workdir))
        if ask is None:
            raise AssertionError("a script asks at least one question")
        return replace(ask, title=tool.title) if isinstance(ask, PermissionAsk) and tool.title else ask

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

    async def _remember(self, prompt: Remembered) -> None:
        self._said.append(prompt)
        async with aiofiles.open(self._record, "a", encoding="utf-8") as record:
            await record.write(line_of(prompt))

    async def _compact(self, prompt: TurnInput) -> Compacted:
        count = len(self._said)
        self._said[:] = [Remembered(str(prompt.uuid), f"a summary of {count} prompts")]
        await asyncio.to_thread(write_record, self._record, self._said)
        return Compacted(before=count, after=1, asked=True, turn=prompt.turn)
