"""What an agent tells us: the closed union `Event`. Values; every vendor is translated into them.

`turn` names the turn an event belongs to. None means that nobody asked for it: the agent's own
background work, or a word about the process as a whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sessions.ask_events import Ask as Ask
from sessions.ask_events import PermissionAsk as PermissionAsk
from sessions.ask_events import PlanAsk as PlanAsk
from sessions.ask_events import Question as Question
from sessions.ask_events import QuestionAsk as QuestionAsk
from sessions.keys import TurnId


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The agent has taken the prompt into work. Says what it is and where it stands."""

    agent_session_id: str
    model: str
    workdir: str
    memory_dir: str | None = None
    tools: tuple[str, ...] = ()
    turn: TurnId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextDelta:
    """More of the text block that is being written."""

    text: str
    turn: TurnId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFinal:
    """One whole text block; replaces the deltas since the last one. Blocks are paragraphs of the answer."""

    text: str
    turn: TurnId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Thinking:
    """More of what the agent thinks before it answers."""

    text: str
    turn: TurnId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolStart:
    """The agent uses a tool. `title` is one short line for people, without line breaks.

    `arguments` is what it was given, long texts shortened. `parent` is the call of the sub-agent that
    uses it, None for the agent itself.
    """

    id: str
    name: str
    title: str
    arguments: Mapping[str, object] = field(default_factory=dict[str, object])
    parent: str | None = None
    turn: TurnId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolEnd:
    """A tool has ended; `output` is the end of what it returned.

    `diff` is what it changed in a file, as a unified diff, shortened to whole lines; "" for nothing.
    """

    id: str
    failed: bool
    output: str = ""
    diff: str = ""
    turn: TurnId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One entry of the agent's own task list."""

    text: str
    state: Literal["pending", "active", "done"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskList:
    """The agent's task list as it is now, in its order; it replaces the one before."""

    tasks: tuple[Task, ...]
    turn: TurnId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskWithdrawn:
    """A question is no longer open, whatever the reason; its buttons go."""

    id: str
    reason: Literal["answered", "expired", "agent", "ended"]
    turn: TurnId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """The agent's program tries its model again by itself after `wait_s`."""

    attempt: int
    limit: int
    wait_s: float
    status: int | None = None
    error: str = ""
    turn: TurnId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """The login's limits as the vendor reports them. `resets_at` is aware, in UTC."""

    status: Literal["allowed", "warning", "rejected"]
    resets_at: datetime | None = None
    kind: str = ""
    turn: TurnId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BackgroundTasks:
    """How many tasks the agent keeps running beside its turns; `names` are one short line each."""

    count: int
    names: tuple[str, ...] = ()
    turn: TurnId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compacted:
    """The agent has replaced its conversation by a summary. Tokens of the context before and after.

    `asked` says that somebody wanted it; else it was full.
    """

    before: int | None = None
    after: int | None = None
    asked: bool = False
    turn: TurnId | None = None


Problem = Literal[
    "login",
    "rate_limit",
    "overloaded",
    "api",
    "context",
    "limit",
    "refusal",
    "silence",
    "gone",
    "no_result",
    "other",
]
"""Why a turn failed, in words that code can branch on.

`context`: the conversation does not fit the model any more. `limit`: steps or money set for a turn.
`refusal`: the model will not do it. `gone`: the program ended with an error; `no_result`: it ended,
or stopped, as if all were well. `silence`: it said nothing, or took too long.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Figures of one turn. `cost_usd` is the vendor's running total of the session."""

    input_tokens: int = 0
    output_tokens: int = 0
    context_tokens: int | None = None
    context_window: int | None = None
    cost_usd: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnDone:
    """A turn is over: exactly one for each turn sent.

    `text` is the whole answer for `ok`, a sentence about the cause for `failed`, empty for
    `stopped`. `problem` is set for `failed` alone, `resets_at` at most for `rate_limit`: when the
    limit is over, aware.
    """

    status: Literal["ok", "failed", "stopped"]
    agent_session_id: str
    text: str = ""
    problem: Problem | None = None
    resets_at: datetime | None = None
    usage: Usage = field(default_factory=Usage)
    turn: TurnId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """The agent works on nothing; with no background task it may be closed."""

    turn: TurnId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exited:
    """The process has ended; nothing comes after this.

    `exit_code` is below 0 for a signal, None if unknown. `cause` is set if it was ended because of
    something it did: one sentence.
    """

    exit_code: int | None
    cause: str = ""
    stderr_tail: str = ""
    turn: TurnId | None = None


Event = (
    Started
    | TextDelta
    | TextFinal
    | Thinking
    | ToolStart
    | ToolEnd
    | TaskList
    | PermissionAsk
    | QuestionAsk
    | PlanAsk
    | AskWithdrawn
    | Retry
    | RateLimit
    | BackgroundTasks
    | Compacted
    | TurnDone
    | Idle
    | Exited
)
