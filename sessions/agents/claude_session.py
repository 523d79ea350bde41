"""One live Claude Code process: prompts in, events out, questions answered, ended for certain."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncGenerator, Callable
from typing import Final, cast

from claude_agent_sdk import (
    ClaudeSDKClient,
    ClaudeSDKError,
    CLIConnectionError,
    Message,
    PermissionMode,
)

from sessions.agents.base import ContextUse, Decision, SessionSpec, TurnInput, Verdict
from sessions.agents.claude_asks import Asks
from sessions.agents.claude_context import context_use
from sessions.agents.claude_events import Skipped, Translation, Unfit
from sessions.agents.claude_frames import prompt_frames
from sessions.agents.claude_gate import Gate
from sessions.agents.claude_mode import ModeBack
from sessions.agents.claude_reader import Reader
from sessions.agents.claude_start import VENDOR, options, start_error
from sessions.agents.claude_transcript import Answer, config_dir, find_answer, find_transcript
from sessions.box.started import Started
from sessions.errors import AgentGone
from sessions.events import Event, Exited, TurnDone
from sessions.process import is_locked, to_the_end

log = logging.getLogger(__name__)

_START_LIMIT_S: Final = 50.0
_STEER_LIMIT_S: Final = 8.0
_INTERRUPT_LIMIT_S: Final = 8.0
_INTERRUPT_AGAIN_S: Final = 1.0
_TERM_GRACE_S: Final = 3.0
_CONTEXT_LIMIT_S: Final = 10.0
_STDERR_LINES: Final = 40
_REPORT_LIMIT_S: Final = 2.0

_GONE: Final = "Claude's program ended before it took this. Say it again to try once more."


class ClaudeSession:
    """One Claude Code process, with one reader for its whole life. Made by the adapter alone.

    Prompts are matched with results by their uuid. The reader only translates and enqueues, so a
    slow consumer never holds the process up.
    """

    def __init__(self, spec: SessionSpec, *, resume: bool, launched: str) -> None:
        self._spec = spec
        self._stderr: deque[str] = deque(maxlen=_STDERR_LINES)
        self._translation = Translation(spec.agent_session_id, spec.workdir, spec.memory_dir)
        self._read_on = asyncio.Condition()
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._asks = Asks(self._translation, self._events.put_nowait, self._reported, str(spec.workdir))
        self._gate = Gate()
        self._client = ClaudeSDKClient(
            options(
                spec,
                resume=resume,
                launched=launched,
                can_use_tool=self._asks.ask,
                before_tool=self._gate.hook,
                stderr=self._stderr,
            )
        )
        self._source = Reader(self._client, self._take, self._tell, self._unread)
        self._started = Started(spec.lock)
        mode = cast("PermissionMode", spec.permission_mode)
        self._mode = ModeBack(lambda: self._client.set_permission_mode(mode), lambda: self._started.end(0))
        self._reader: asyncio.Task[None] | None = None
        self._close_once = asyncio.Lock()
        self._is_interrupting = False
        self._is_unfit = False
        self._reaped = asyncio.Event()
        self._has_ended = False

    @property
    def agent_session_id(self) -> str:
        """The vendor's id of the session, as last reported."""
        return self._translation.session_id

    async def start(self) -> None:
        """Start the process and its reader. Raises what `AgentAdapter.open` does; then nothing is left."""
        is_free = not await asyncio.to_thread(is_locked, self._spec.lock)
        try:
            async with asyncio.timeout(_START_LIMIT_S):
                await self._client.connect()
                await self._started.find()
        except BaseException as error:
            await to_the_end(self._undo_start(is_ours=is_free))
            if isinstance(error, Exception):  # what the SDK raises here has no common class
                busy = await asyncio.to_thread(is_locked, self._spec.lock)
                raise start_error(error, self._spec, "\n".join(self._stderr), busy=busy) from error
            raise
        self._reader = asyncio.get_running_loop().create_task(self._read())  # close waits for it

    async def _undo_start(self, *, is_ours: bool) -> None:
        """Leave nothing of a start that failed or was cut short; nothing else is touched."""
        if is_ours:
            await self._started.find()
        await self._client.disconnect()
        if is_ours:  # the SDK ends one process alone
            await self._started.sweep()

    async def send(self, turn: TurnInput) -> None:
        """Hand over a prompt; returns when it is written."""
        if self._has_ended:
            raise self._gone()
        if self._translation.ours is not None:
            raise RuntimeError("a Claude session works on one turn at a time")
        self._translation.expect(turn)
        self._gate.expect()
        self._take_mode_back()  # as a rule that is done: it began with the end of the turn before
        if not await self._mode.is_back():
            raise self._gone()
        try:
            await self._client.query(prompt_frames(turn))
        except CLIConnectionError as error:
            raise self._gone() from error

    def _take_mode_back(self) -> None:
        """End what a turn made of the permission mode, be it by an approved plan or by planning itself."""
        by_approval, by_report = self._asks.takes_mode_back(), self._translation.takes_mode_back()
        if by_approval or by_report:
            self._mode.begin()

    async def steer(self, turn: TurnInput) -> bool:
        """Hand a further prompt to the running turn; False if none runs, or it is being ended."""
        running = self._translation.ours
        if running is None or self._has_ended or self._is_interrupting:
            return False
        if running.knows(turn):
            return True
        running.steer(turn)  # before the write: its result could come at once
        try:
            async with asyncio.timeout(_STEER_LIMIT_S):
                await self._client.query(prompt_frames(turn))
        except CLIConnectionError:
            running.unsteer(turn)
            return False
        except TimeoutError:  # half of it is written, so nothing else ever can be
            self._source.cause = "Claude's program did not read what was said meanwhile, so I ended it."
            await self._started.end(0)
            return False
        return True

    async def events(self) -> AsyncGenerator[Event, None]:
        """Yield everything the process says, for its whole life; call it once."""
        event: Event | None = None
        while not isinstance(event, Exited):
            event = await self._events.get()
            yield event

    async def answer(self, ask: str, decision: Decision) -> bool:
        """Answer an open `PermissionAsk`; False if it is not open any more."""
        return self._asks.answer(ask, decision)

    def decide(self, tool: str, decision: Verdict) -> None:
        """Say whether a tool that was reported may run; it is held until then."""
        self._gate.decide(tool, decision)

    async def context(self) -> ContextUse | None:
        """Return what fills the context, by Claude Code's own count; None if it does not say."""
        try:
            async with asyncio.timeout(_CONTEXT_LIMIT_S):
                return context_use(await self._client.get_context_usage())
        except (ClaudeSDKError, TimeoutError):
            return None
        except Exception:  # the SDK gives an error of the CLI as a bare one
            log.debug("claude did not say what fills its context", exc_info=True)
            return None

    async def interrupt(self) -> None:
        """End the running turn, not the process; nothing happens if there is none."""
        self._is_interrupting = True
        try:
            # Claude Code 2.1.327 accepts an interrupt between the prompt and its start, and forgets it.
            if self._translation.ours is not None:
                await self._reaches(lambda: self._translation.has_begun, _INTERRUPT_AGAIN_S)
            await self._interrupt_until_done()
        finally:
            self._is_interrupting = False

    async def _interrupt_until_done(self) -> None:
        # Again and again: a prompt that was handed over during the turn runs once the first part is over.
        try:
            async with asyncio.timeout(_INTERRUPT_LIMIT_S):
                await self._client.interrupt()
                while not await self._reaches(lambda: self._translation.ours is None, _INTERRUPT_AGAIN_S):
                    await self._client.interrupt()
        except Exception as error:  # noqa: BLE001 -- the SDK gives an error of the CLI as a bare one
            log.info("claude was not interrupted", extra={"error": repr(error)[:200]})

    async def close(self, grace_s: float) -> None:
        """End the process and all it started; returns when it is reaped. A cancellation waits for that.

        `grace_s` counts up to 5 s: then the SDK itself sends SIGTERM.
        """
        await to_the_end(self._close(grace_s))

    async def _close(self, grace_s: float) -> None:
        async with self._close_once:
            if self._reaped.is_set() or self._reader is None:
                return
            self._source.is_closing = True
            self._asks.ending()
            await self._mode.close()
            try:
                async with asyncio.TaskGroup() as tasks:
                    force = tasks.create_task(self._force(grace_s))
                    await self._client.disconnect()
                    force.cancel()
            finally:
                await self._started.sweep()  # it runs each command in a session of its own
                self._reaped.set()
            await self._reader

    async def _force(self, grace_s: float) -> None:
        await asyncio.sleep(grace_s)
        await self._started.end(_TERM_GRACE_S)

    async def _read(self) -> None:
        """Read the process to its end. Never waits for whoever consumes the events."""
        code = None
        try:
            code = await self._source.read()
        finally:
            try:
                if self._source.is_closing:
                    code, self._source.cause = None, ""
                    await self._reaped.wait()
                else:
                    await self._started.sweep()
            finally:  # whoever reads the events waits for the last one
                self._has_ended = True
                self._asks.withdraw()
                tail = "\n".join(self._stderr)
                self._events.put_nowait(Exited(exit_code=code, cause=self._source.cause, stderr_tail=tail))
                await self._tell()

    def _unread(self) -> None:
        for event in self._translation.result_unread():
            self._events.put_nowait(event)

    async def _take(self, message: Message) -> None:
        if self._is_unfit:
            return
        for item in self._translation.read(message):
            match item:
                case Skipped(turn=turn):
                    await self._answer_again(turn)
                case Unfit(cause=cause):
                    log.error("claude did not start as told", extra={"cause": cause})
                    for event in self._translation.unfit(cause):
                        self._events.put_nowait(event)
                    self._is_unfit = True
                    await self._started.end(0)
                    return
                case _:
                    if isinstance(item, TurnDone):
                        self._take_mode_back()
                    self._events.put_nowait(item)
                    self._gate.follow(item)

    async def _tell(self) -> None:
        async with self._read_on:
            self._read_on.notify_all()

    async def _reaches(self, state: Callable[[], bool], limit_s: float) -> bool:
        """Wait until what was read makes `state` true, or the process has ended; False after `limit_s`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_s), self._read_on:
                return await self._read_on.wait_for(lambda: self._has_ended or state())
        return False

    async def _answer_again(self, turn: TurnInput) -> None:
        """Deliver the answer that the session already holds for this prompt."""
        config = config_dir(self._spec.home)
        transcript = await asyncio.to_thread(find_transcript, config, self.agent_session_id)
        answer = None if transcript is None else await asyncio.to_thread(find_answer, transcript, turn.uuid)
        for event in self._translation.answered_before(turn, answer or Answer((), finished=False)):
            self._events.put_nowait(event)

    async def _reported(self, tool_use_id: str) -> None:
        await self._reaches(lambda: self._translation.knows_tool(tool_use_id), _REPORT_LIMIT_S)

    def _gone(self) -> AgentGone:
        tail = "\n".join(self._stderr)
        return AgentGone(_GONE, vendor=VENDOR, stderr_tail=tail, retryable=True)
