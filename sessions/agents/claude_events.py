"""SDK messages -> Event: sorts what Claude Code reports into turns. Pure; the state is one process's.

Prompts carry a uuid of ours and results are matched by it, never by counting: a finished background
task starts a turn nobody asked for, and a prompt may be answered inside such a turn.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
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
    ToolUseBlock,
    UserMessage,
)

from sessions.agents.base import TurnInput
from sessions.agents.claude_calls import Calls
from sessions.agents.claude_checked import checked
from sessions.agents.claude_fields import Json, as_int, as_list, as_map, as_text, input_tokens
from sessions.agents.claude_frames import background_tasks, compacted, delta, rate_limit, retry
from sessions.agents.claude_results import paragraphs, turn_done
from sessions.agents.claude_start import disobedience
from sessions.agents.claude_transcript import Answer
from sessions.agents.claude_turn import OpenTurn
from sessions.events import Event, Idle, Problem, Started, TextFinal, TurnDone
from sessions.keys import TurnId

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
    None for nothing, or for something nobody asked for. `ours` is the turn that awaits its result.
    """

    def __init__(self, session_id: str, workdir: Path, memory_dir: Path) -> None:
        self.session_id = session_id
        self.turn: TurnId | None = None
        self._workdir = workdir
        self._memory_dir = memory_dir
        self._init: Json | None = None
        self.ours: OpenTurn | None = None
        self._own_mode = ""
        self.mode = ""
        """The permission mode as last reported: the agent may enter plan mode, and an approval ends it."""
        self._blocks: list[str] = []
        self._calls = Calls()
        self._error: str | None = None
        self._context_tokens: int | None = None
        self._resets_at: datetime | None = None
        self._state = "idle"

    @property
    def has_begun(self) -> bool:
        """Whether the process works on the turn that awaits its result."""
        return self.ours is not None and self.turn == self.ours.prompt.turn

    def expect(self, turn: TurnInput) -> None:
        """Note that a turn's first prompt was written. At most one turn may await its result."""
        self.ours = OpenTurn(turn)

    def takes_mode_back(self) -> bool:
        """Whether the process has left the permission mode that it began with; counts as taken back then.

        Claude Code 2.1.327 stays in the plan mode that the agent itself has entered, also after an interrupt.
        """
        has_left, self.mode = self.mode != self._own_mode, self._own_mode
        return has_left

    def knows_tool(self, tool_use_id: str) -> bool:
        """Whether the call with this id has been reported and has not ended."""
        return self._calls.knows(tool_use_id)

    def turn_of_tool(self, tool_use_id: str) -> TurnId | None:
        """Return the turn that made a call."""
        return self._calls.turn_of(tool_use_id, self.turn)

    def read(self, message: Message) -> Iterator[Event | Skipped | Unfit]:
        """Translate one message; what it does not know it passes over."""
        match message := checked(message):
            case StreamEvent(parent_tool_use_id=None):
                yield from self._join(message.user_message_uuids)
                yield from self._stream(message.event)
            case AssistantMessage():
                yield from self._join(message.user_message_uuids)
                yield from self._assistant(message)
            case UserMessage(content=list(blocks)):
                yield from self._calls.end(blocks, message.tool_use_result)
            case ResultMessage():
                yield from self._result(message)
            case RateLimitEvent():
                limit = rate_limit(message, self.turn)
                self._resets_at = limit.resets_at if limit.status == "rejected" else None
                yield limit
            case ConversationResetMessage():
                self.session_id = message.new_conversation_id
            case SystemMessage():
                yield from self._system(message.subtype, message.data)
            case _:
                pass

    def answered_before(self, turn: TurnInput, answer: Answer) -> Iterator[Event]:
        """Report a skipped prompt's answer as it stands in the transcript."""
        if answer.finished:
            yield from (TextFinal(text=block, turn=turn.turn) for block in answer.blocks)
            done = self._answered(answer.blocks, turn.turn)
        else:
            text = "The answer to this was cut off half-way. Say “continue” to have it finished."
            done = self._failed("no_result", text, turn.turn)
        yield from self._close(done, [str(turn.uuid)])

    def unfit(self, cause: str) -> Iterator[Event]:
        """Report the turn under way as failed because of how the process started."""
        ours, self.ours = self.ours, None
        if ours is not None:
            text = f"{cause} So I ended it before it did anything. Ask the owner of this bot to look at it."
            yield self._failed("other", text, ours.prompt.turn)

    def result_unread(self) -> Iterator[Event]:
        """Report the turn under way as over although its result could not be read."""
        ours, self.ours = self.ours, None
        if ours is not None:
            text = "Claude ended this with a report that I could not read. Say “continue” to go on."
            yield self._failed("no_result", text, ours.prompt.turn)

    def _system(self, subtype: str, data: Json) -> Iterator[Event | Skipped | Unfit]:
        self.mode = as_text(data.get("permissionMode")) or self.mode
        match subtype:
            case "init":
                yield from self._begin(data)
            case "status":
                yield from self._join(data.get("user_message_uuids"))
            case "session_state_changed":
                yield from self._state_changed(str(data.get("state")))
            case "background_tasks_changed":
                yield background_tasks(data)
            case "compact_boundary":
                yield compacted(data, self.turn)
            case "api_retry":
                yield retry(data, self.turn)
            case _:
                pass

    def _begin(self, data: Json) -> Iterator[Event | Unfit]:
        """A turn begins: ours if it names our uuid, else one that nobody asked for."""
        # Only the first one: a `cd` of the agent moves it, within the same process (2.1.327).
        workdir = self._workdir if self._init is None else None
        self._own_mode = self.mode if self._init is None else self._own_mode
        self._init = data
        self.session_id = str(data.get("session_id") or self.session_id)
        self._blocks = []
        self._error = None
        self._resets_at = None
        self._calls.begin_turn()
        ours = self._named(data.get("user_message_uuids"))
        self.turn = ours.prompt.turn if ours is not None else None
        cause = disobedience(data, workdir=workdir, memory_dir=self._memory_dir)
        yield self._started(data) if cause is None else Unfit(cause)

    def _join(self, uuids: object) -> Iterator[Event]:
        """A prompt may be taken into a turn that is under way; from there on the turn is its own."""
        ours = self._named(uuids)
        if ours is None or self.turn == ours.prompt.turn:
            return
        yield from self._close_background()
        self.turn = ours.prompt.turn
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
                case ToolUseBlock():
                    yield self._calls.begin(block, self.turn, message.parent_tool_use_id)
                case _:
                    pass

    def _result(self, message: ResultMessage) -> Iterator[Event]:
        self.session_id = message.session_id
        kind = message.origin["kind"] if message.origin is not None else "human"
        # An interrupted turn may name no prompt at all.
        ours = self._named(message.user_message_uuids) or (self.ours if kind == "human" else None)
        if ours is not None:
            if self.turn != ours.prompt.turn:
                yield from self._close_background()
            self.turn = ours.prompt.turn
        done = turn_done(
            message,
            turn=self.turn,
            blocks=self._blocks,
            error=self._error,
            context_tokens=self._context_tokens,
            resets_at=self._resets_at,
        )
        self.turn, self._blocks = None, []
        self._calls.clear()
        if ours is None:
            yield done
        else:
            yield from self._close(done, message.user_message_uuids)

    def _close(self, part: TurnDone, uuids: object) -> Iterator[TurnDone]:
        """Take a result of our turn; it ends the turn when every prompt of it is answered."""
        whole = self.ours.close(part, uuids) if self.ours is not None else part
        if whole is not None:
            self.ours = None
            yield whole

    def _state_changed(self, state: str) -> Iterator[Event | Skipped]:
        before, self._state = self._state, state
        if state != "idle":
            return
        yield Idle()
        if before == "idle" and self.ours is not None:  # it never ran: the uuid is known
            yield Skipped(self.ours.prompt)

    def _named(self, uuids: object) -> OpenTurn | None:
        """Return the turn that awaits its result, if `uuids` names a prompt of it."""
        return self.ours if self.ours is not None and self.ours.is_named_in(uuids) else None

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
