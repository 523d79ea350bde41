"""One live Claude Code process: prompts in, events out, questions answered, ended for certain."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Final
from uuid import uuid4

from claude_agent_sdk import (
    ClaudeSDKClient,
    ClaudeSDKError,
    CLIConnectionError,
    CLIJSONDecodeError,
    Message,
    PermissionResultAllow,
    PermissionResultDeny,
    ProcessError,
    ToolPermissionContext,
)

from sessions.agents.base import Allow, Decision, Deny, SessionSpec, TurnInput
from sessions.agents.claude_events import Skipped, Translation, Unfit
from sessions.agents.claude_start import VENDOR, options, start_error
from sessions.agents.claude_tools import tool_title
from sessions.agents.claude_transcript import config_dir, find_answer, find_transcript
from sessions.box.launcher import SESSION
from sessions.errors import AgentGone
from sessions.events import AskWithdrawn, Event, Exited, PermissionAsk
from sessions.process import end_group, end_marked, is_locked, to_the_end

log = logging.getLogger(__name__)

_START_LIMIT_S: Final = 50.0
_INTERRUPT_LIMIT_S: Final = 8.0
_INTERRUPT_AGAIN_S: Final = 1.0
_TERM_GRACE_S: Final = 3.0
_STDERR_LINES: Final = 40
_REPORT_LIMIT_S: Final = 2.0


class ClaudeSession:
    """One Claude Code process, with one reader for its whole life. Made by the adapter alone.

    Prompts are matched with results by their uuid. The reader only translates and enqueues, so a
    slow consumer never holds the process up.
    """

    def __init__(self, spec: SessionSpec, *, resume: bool) -> None:
        self._spec = spec
        self._stderr: deque[str] = deque(maxlen=_STDERR_LINES)
        self._client = ClaudeSDKClient(
            options(spec, resume=resume, can_use_tool=self._can_use_tool, stderr=self._stderr)
        )
        self._translation = Translation(spec.agent_session_id, spec.workdir, spec.memory_dir)
        self._read_on = asyncio.Condition()
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._asks: dict[str, asyncio.Future[Decision]] = {}
        self._group = 0
        self._reader: asyncio.Task[None] | None = None
        self._close_once = asyncio.Lock()
        self._is_closing = False
        self._is_unfit = False
        self._reaped = asyncio.Event()
        self._has_ended = False

    @property
    def agent_session_id(self) -> str:
        """The vendor's id of the session, as last reported."""
        return self._translation.session_id

    async def start(self) -> None:
        """Start the process and its reader. Raises what `AgentAdapter.open` does; then nothing is left."""
        try:
            async with asyncio.timeout(_START_LIMIT_S):
                await self._client.connect()
                # The launcher wrote it there; it is the id of the process and of its group.
                self._group = int(await asyncio.to_thread(self._spec.lock.read_text))
        except BaseException as error:
            await to_the_end(self._client.disconnect())
            if isinstance(error, ClaudeSDKError | TimeoutError):
                busy = await asyncio.to_thread(is_locked, self._spec.lock)
                raise start_error(error, self._spec, "\n".join(self._stderr), busy=busy) from error
            raise
        self._reader = asyncio.get_running_loop().create_task(self._read())  # close waits for it

    async def send(self, turn: TurnInput) -> None:
        """Hand over a prompt; returns when it is written."""
        if self._has_ended:
            raise self._gone()
        if self._translation.awaits_result:
            raise RuntimeError("a Claude session works on one prompt at a time")
        self._translation.expect(turn)
        try:
            await self._client.query(_frames(turn))
        except CLIConnectionError as error:
            raise self._gone() from error

    async def events(self) -> AsyncGenerator[Event, None]:
        """Yield everything the process says, for its whole life; call it once."""
        event: Event | None = None
        while not isinstance(event, Exited):
            event = await self._events.get()
            yield event

    async def answer(self, ask: str, decision: Decision) -> bool:
        """Answer an open `PermissionAsk`; False if it is not open any more."""
        waiting = self._asks.pop(ask, None)
        if waiting is None or waiting.done():
            return False
        waiting.set_result(decision)
        return True

    async def interrupt(self) -> None:
        """End the running turn, not the process; nothing happens if there is none."""
        # Claude Code 2.1.327 accepts an interrupt between the prompt and its start, and forgets it.
        if self._translation.awaits_result:
            await self._reaches(lambda: self._translation.has_begun, _INTERRUPT_AGAIN_S)
        with contextlib.suppress(ClaudeSDKError, TimeoutError):
            async with asyncio.timeout(_INTERRUPT_LIMIT_S):
                await self._client.interrupt()
                while not await self._reaches(
                    lambda: not self._translation.awaits_result, _INTERRUPT_AGAIN_S
                ):
                    await self._client.interrupt()

    async def close(self, grace_s: float) -> None:
        """End the process and all it started; returns when it is reaped. A cancellation waits for that.

        `grace_s` counts up to 5 s: then the SDK itself sends SIGTERM.
        """
        await to_the_end(self._close(grace_s))

    async def _close(self, grace_s: float) -> None:
        async with self._close_once:
            if self._reaped.is_set() or self._reader is None:
                return
            self._is_closing = True
            try:
                async with asyncio.TaskGroup() as tasks:
                    force = tasks.create_task(self._force(grace_s))
                    await self._client.disconnect()
                    force.cancel()
            finally:
                await self._sweep()
                self._reaped.set()
            await self._reader

    async def _sweep(self) -> None:
        """End what is left: Claude Code runs each command in a session of its own, out of the group."""
        await end_group(self._group, 0)
        await end_marked(f"{SESSION}={self._spec.lock}")

    async def _force(self, grace_s: float) -> None:
        await asyncio.sleep(grace_s)
        await end_group(self._group, _TERM_GRACE_S)

    async def _read(self) -> None:
        """Read the process to its end. Never waits for whoever consumes the events."""
        code: int | None = None
        try:
            code = await self._read_messages()
        except ProcessError as error:
            code = error.exit_code
        except ClaudeSDKError as error:  # it speaks no sense any more, such as a line without end
            log.warning("claude stream broken", extra={"error": str(error)[:200]})
        finally:
            if self._is_closing:
                code = None
                await self._reaped.wait()
            else:
                await self._sweep()
            self._has_ended = True
            for ask, waiting in self._asks.items():
                waiting.cancel()
                self._events.put_nowait(
                    AskWithdrawn(id=ask, reason="ended", turn=self._translation.turn_of_tool(ask))
                )
            self._asks.clear()
            self._events.put_nowait(Exited(exit_code=code, stderr_tail="\n".join(self._stderr)))
            await self._tell()

    async def _read_messages(self) -> int:
        while True:
            try:
                async for message in self._client.receive_messages():
                    if not self._is_unfit:
                        await self._take(message)
                    await self._tell()
            except (ProcessError, CLIConnectionError, CLIJSONDecodeError):
                raise
            except ClaudeSDKError as error:  # one odd message; the stream goes on behind it
                log.warning("claude message not understood", extra={"error": str(error)[:200]})
            else:
                return 0

    async def _take(self, message: Message) -> None:
        for item in self._translation.read(message):
            match item:
                case Skipped(turn=turn):
                    await self._answer_again(turn)
                case Unfit(cause=cause):
                    log.error("claude did not start as told", extra={"cause": cause})
                    for event in self._translation.unfit(cause):
                        self._events.put_nowait(event)
                    self._is_unfit = True
                    await end_group(self._group, 0)
                    return
                case _:
                    self._events.put_nowait(item)

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
        if transcript is None:
            return
        answer = await asyncio.to_thread(find_answer, transcript, turn.uuid)
        if answer is not None:
            for event in self._translation.answered_before(turn, answer):
                self._events.put_nowait(event)

    async def _can_use_tool(
        self, tool: str, arguments: dict[str, object], context: ToolPermissionContext
    ) -> PermissionResultAllow | PermissionResultDeny:
        ask = context.tool_use_id or str(uuid4())
        decision: asyncio.Future[Decision] = asyncio.get_running_loop().create_future()
        # The SDK hands this over past the messages; the call itself must be reported first.
        await self._reaches(lambda: self._translation.knows_tool(ask), _REPORT_LIMIT_S)
        turn = self._translation.turn_of_tool(ask)
        title = tool_title(tool, arguments)
        self._asks[ask] = decision
        self._events.put_nowait(PermissionAsk(id=ask, tool=tool, title=title, arguments=arguments, turn=turn))
        try:
            match await decision:
                case Allow():
                    return PermissionResultAllow()
                case Deny(reason=reason):
                    return PermissionResultDeny(message=reason)
        finally:
            if self._asks.pop(ask, None) is not None:  # not answered: Claude Code took it back
                reason = "ended" if self._is_closing else "agent"
                self._events.put_nowait(AskWithdrawn(id=ask, reason=reason, turn=turn))

    def _gone(self) -> AgentGone:
        tail = "\n".join(self._stderr)
        return AgentGone("Claude's process has ended.", vendor=VENDOR, stderr_tail=tail, retryable=True)


async def _frames(turn: TurnInput) -> AsyncIterator[dict[str, object]]:
    yield {
        "type": "user",
        "message": {"role": "user", "content": turn.text},
        "parent_tool_use_id": None,
        "uuid": str(turn.uuid),
        # As written: no `@path` is read in, no leading `/` is a command.
        "client_composed": True,
    }
