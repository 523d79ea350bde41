"""SDK messages -> Event: sorts what Claude Code reports into turns. Pure; the state is one process's.

Prompts carry a uuid of ours and results are matched by it, never by counting: a finished background
task starts a turn nobody asked for, and a prompt may be answered inside such a turn.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from claude_agent_sdk import (
    AssistantMessage,
    ConversationResetMessage,
    Message,
    RateLimitEvent,
    ResultMessage,
    StreamEvent,
    SystemMessage,
    TextBlock,
    ToolResultBlock,
    ToolUseBlock,
    UserMessage,
)

from sessions.agents.base import TurnInput
from sessions.agents.claude_fields import Json, as_int, as_list, as_map, input_tokens
from sessions.agents.claude_frames import delta, rate_limit, retry
from sessions.agents.claude_results import paragraphs, turn_done
from sessions.agents.claude_start import disobedience
from sessions.agents.claude_tools import tool_output, tool_title
from sessions.agents.claude_transcript import Answer
from sessions.events import (
    BackgroundTasks,
    Event,
    Idle,
    Problem,
    Started,
    TextFinal,
    ToolEnd,
    ToolStart,
    TurnDone,
)
from sessions.keys import TurnId

_OUTPUT_CHARS: Final = 2000
_SYNTHETIC: Final = "<synthetic>"


@dataclass(frozen=True, slots=True)
class Skipped:
    """Claude Code does not work on the prompt, because its session knows the uuid already."""

    turn: TurnInput


@dataclass(frozen=True, slots=True)
class Unfit:
    """The process did not start as it was told to; it must be ended before it does anything."""

    cause: str


class Translation:
    """What one process has said so far, as far as later messages need it.

    `session_id` is the agent session id as last reported. `turn` is what the process works on now:
    None for nothing, or for something nobody asked for.
    """

    def __init__(self, session_id: str, workdir: Path, memory_dir: Path) -> None:
        self.session_id = session_id
        self.turn: TurnId | None = None
        self._workdir = workdir
        self._memory_dir = memory_dir
        self._init: Json | None = None
        self._sent: TurnInput | None = None
        self._blocks: list[str] = []
        self._tools: dict[str, TurnId | None] = {}
        self._error: str | None = None
        self._context_tokens: int | None = None
        self._state = "idle"

    @property
    def awaits_result(self) -> bool:
        """Whether a prompt was written that has no result yet."""
        return self._sent is not None

    @property
    def has_begun(self) -> bool:
        """Whether the process works on that prompt by now."""
        return self._sent is not None and self.turn == self._sent.turn

    def expect(self, turn: TurnInput) -> None:
        """Note that a prompt was written. At most one may await its result."""
        self._sent = turn

    def knows_tool(self, tool_use_id: str) -> bool:
        """Whether the call with this id has been reported and has not ended."""
        return tool_use_id in self._tools

    def turn_of_tool(self, tool_use_id: str) -> TurnId | None:
        """Return the turn that made a call."""
        return self._tools.get(tool_use_id, self.turn)

    def read(self, message: Message) -> Iterator[Event | Skipped | Unfit]:
        """Translate one message; what it does not know it passes over."""
        match message:
            case StreamEvent(parent_tool_use_id=None):
                yield from self._join(message.user_message_uuids)
                yield from self._stream(message.event)
            case AssistantMessage():
                yield from self._join(message.user_message_uuids)
                yield from self._assistant(message)
            case UserMessage(content=list(blocks)):
                yield from self._tool_results(blocks)
            case ResultMessage():
                yield from self._result(message)
            case RateLimitEvent():
                yield rate_limit(message, self.turn)
            case ConversationResetMessage():
                self.session_id = message.new_conversation_id
            case SystemMessage():
                yield from self._system(message.subtype, message.data)
            case _:
                pass

    def answered_before(self, turn: TurnInput, answer: Answer) -> Iterator[Event]:
        """Report a skipped prompt's answer as it stands in the transcript."""
        self._sent = None
        if answer.finished:
            yield from (TextFinal(text=block, turn=turn.turn) for block in answer.blocks)
            yield self._answered(answer.blocks, turn.turn)
        else:
            text = "The answer to this was cut off half-way. Say “continue” to have it finished."
            yield self._failed("no_result", text, turn.turn)

    def unfit(self, cause: str) -> Iterator[Event]:
        """Report the prompt under way as failed because of how the process started."""
        turn, self._sent = self._sent, None
        if turn is not None:
            yield self._failed("other", cause, turn.turn)

    def _system(self, subtype: str, data: Json) -> Iterator[Event | Skipped | Unfit]:
        match subtype:
            case "init":
                yield from self._begin(data)
            case "status":
                yield from self._join(data.get("user_message_uuids"))
            case "session_state_changed":
                yield from self._state_changed(str(data.get("state")))
            case "background_tasks_changed":
                yield BackgroundTasks(count=len(as_list(data.get("tasks"))))
            case "api_retry":
                yield retry(data, self.turn)
            case _:
                pass

    def _begin(self, data: Json) -> Iterator[Event | Unfit]:
        """A turn begins: ours if it names our uuid, else one that nobody asked for."""
        # Only the first one: a `cd` of the agent moves it, within the same process (2.1.327).
        workdir = self._workdir if self._init is None else None
        self._init = data
        self.session_id = str(data.get("session_id") or self.session_id)
        self._blocks = []
        self._error = None
        ours = self._named(data.get("user_message_uuids"))
        self.turn = ours.turn if ours is not None else None
        cause = disobedience(data, workdir=workdir, memory_dir=self._memory_dir)
        yield self._started(data) if cause is None else Unfit(cause)

    def _join(self, uuids: object) -> Iterator[Event]:
        """A prompt may be taken into a turn that is under way; from there on the turn is its own."""
        ours = self._named(uuids)
        if ours is None or self.turn == ours.turn:
            return
        yield from self._close_background()
        self.turn = ours.turn
        if self._init is not None:
            yield self._started(self._init)

    def _close_background(self) -> Iterator[Event]:
        if self._blocks:
            yield self._answered(self._blocks, None)
            self._blocks = []

    def _stream(self, event: Json) -> Iterator[Event]:
        match event.get("type"):
            case "message_start":
                self._context_tokens = input_tokens(as_map(as_map(event.get("message")).get("usage")))
            case "message_delta" if self._context_tokens is not None:
                self._context_tokens += as_int(as_map(event.get("usage")).get("output_tokens")) or 0
            case "content_block_delta":
                yield from delta(as_map(event.get("delta")), self.turn)
            case _:
                pass

    def _assistant(self, message: AssistantMessage) -> Iterator[Event]:
        of_subagent = message.parent_tool_use_id is not None
        if message.model == _SYNTHETIC:  # the CLI's own words, such as those about a failed request
            self._error = self._error if of_subagent else message.error
            return
        for block in message.content:
            match block:
                case TextBlock(text=text) if not of_subagent:
                    self._blocks.append(text)
                    yield TextFinal(text=text, turn=self.turn)
                case ToolUseBlock(id=tool_use_id, name=name, input=arguments):
                    self._tools[tool_use_id] = self.turn
                    title = tool_title(name, arguments)
                    yield ToolStart(id=tool_use_id, name=name, title=title, turn=self.turn)
                case _:
                    pass

    def _tool_results(self, blocks: Sequence[object]) -> Iterator[Event]:
        for block in blocks:
            match block:
                case ToolResultBlock(tool_use_id=tool_use_id) if tool_use_id in self._tools:
                    yield ToolEnd(
                        id=tool_use_id,
                        failed=bool(block.is_error),
                        output=tool_output(block.content)[:_OUTPUT_CHARS],
                        turn=self._tools.pop(tool_use_id),
                    )
                case _:
                    pass

    def _result(self, message: ResultMessage) -> Iterator[Event]:
        self.session_id = message.session_id
        kind = message.origin["kind"] if message.origin is not None else "human"
        # An interrupted turn may name no prompt at all.
        ours = self._named(message.user_message_uuids) or (self._sent if kind == "human" else None)
        if ours is not None:
            if self.turn != ours.turn:
                yield from self._close_background()
            self.turn, self._sent = ours.turn, None
        yield turn_done(
            message,
            turn=self.turn,
            blocks=self._blocks,
            error=self._error,
            context_tokens=self._context_tokens,
        )
        self.turn, self._blocks = None, []
        self._tools.clear()

    def _state_changed(self, state: str) -> Iterator[Event | Skipped]:
        before, self._state = self._state, state
        if state != "idle":
            return
        yield Idle()
        if before == "idle" and self._sent is not None:  # it never ran: the uuid is known
            yield Skipped(self._sent)

    def _named(self, uuids: object) -> TurnInput | None:
        """Return the prompt that awaits its result, if `uuids` names it."""
        return self._sent if self._sent is not None and str(self._sent.uuid) in as_list(uuids) else None

    def _started(self, data: Json) -> Started:
        return Started(
            agent_session_id=self.session_id,
            model=str(data.get("model", "")),
            workdir=str(data.get("cwd", "")),
            memory_dir=str(self._memory_dir),
            tools=tuple(str(tool) for tool in as_list(data.get("tools"))),
            turn=self.turn,
        )

    def _answered(self, blocks: Sequence[str], turn: TurnId | None) -> TurnDone:
        return TurnDone(status="ok", agent_session_id=self.session_id, text=paragraphs(blocks), turn=turn)

    def _failed(self, problem: Problem, text: str, turn: TurnId) -> TurnDone:
        return TurnDone(
            status="failed", agent_session_id=self.session_id, text=text, problem=problem, turn=turn
        )
