"""Folds a turn's events into what to show while it runs. Pure: times come in as arguments."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final, Literal, assert_never

from bot.measure import units
from bot.render import plain, shortened, window
from sessions.events import (
    AskWithdrawn,
    BackgroundTasks,
    Event,
    Exited,
    Idle,
    PermissionAsk,
    RateLimit,
    Retry,
    Started,
    TextDelta,
    TextFinal,
    Thinking,
    ToolEnd,
    ToolStart,
    TurnDone,
)

_TITLE_CHARS: Final = 120

Withdrawal = Literal["answered", "expired", "agent", "ended"]


@dataclass(frozen=True, slots=True)
class ToolAtWork:
    """A tool that runs: one line for people, and when it began."""

    line: str
    since_s: float


@dataclass(frozen=True, slots=True)
class ShownAsk:
    """A permission request; `over` says why it is not open any more."""

    ask: PermissionAsk
    over: Withdrawal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyState:
    """What a running turn looks like.

    `written` holds the whole text blocks, `writing` the one that grows. `tools` are at work, the
    newest last. `trouble` is why nothing happens just now, if the agent says so. `mark` is a small
    line that stands above all, `waiting` counts the turns behind this one.
    """

    since_s: float
    written: str = ""
    writing: str = ""
    tools: Mapping[str, ToolAtWork] = field(default_factory=lambda: MappingProxyType({}))
    asks: Mapping[str, ShownAsk] = field(default_factory=lambda: MappingProxyType({}))
    trouble: str = ""
    mark: str = ""
    waiting: int = 0
    is_done: bool = False

    @property
    def text(self) -> str:
        """All that was said so far."""
        return _joined(self.written, self.writing)

    @property
    def is_visible(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.tools or self.trouble or self.text.strip())

    @property
    def is_asking(self) -> bool:
        """Whether the agent waits for a person."""
        return any(shown.over is None for shown in self.asks.values())


def fold(state: ReplyState, event: Event, now_s: float) -> ReplyState:
    """Return what to show after `event`; `state` itself if it changes nothing."""
    match event:
        case TextDelta(text=text):
            return replace(state, writing=state.writing + text, trouble="")
        case TextFinal(text=text):
            return replace(state, written=_joined(state.written, text), writing="", trouble="")
        case ToolStart(id=call):
            tool = ToolAtWork(_tool_line(event), now_s)
            return replace(state, tools={**state.tools, call: tool}, trouble="")
        case ToolEnd(id=call) if call in state.tools:
            return replace(state, tools={k: v for k, v in state.tools.items() if k != call})
        case PermissionAsk(id=ask):
            return replace(state, asks={**state.asks, ask: ShownAsk(event)})
        case AskWithdrawn(id=ask, reason=reason) if ask in state.asks:
            over = replace(state.asks[ask], over=reason)
            return replace(state, asks={**state.asks, ask: over})
        case Retry(attempt=attempt, limit=limit):
            return replace(state, trouble=f"the model does not answer, try {attempt} of {limit}")
        case RateLimit(status="rejected", resets_at=resets_at):
            over = f", over <t:{resets_at.timestamp():.0f}:R>" if resets_at else ""
            return replace(state, trouble=f"the limit of this login is reached{over}")
        case TurnDone():
            return replace(state, is_done=True, tools={})
        case (
            Started()
            | Thinking()
            | ToolEnd()
            | AskWithdrawn()
            | RateLimit()
            | BackgroundTasks()
            | Idle()
            | Exited()
        ):
            return state
    assert_never(event)


def live_text(state: ReplyState, now_s: float, limit: int) -> str:
    """Return the live message: the tail of the text, then one small line about what happens now."""
    behind = f" · {state.waiting} waiting" if state.waiting else ""
    status = f"-# {_status(state, now_s)}{behind}"
    text = window(state.text, limit - units(state.mark) - units(status) - 2)
    return "\n".join(part for part in (state.mark, text, status) if part.strip())


def elapsed(seconds: float) -> str:
    """Return a duration for people, in its two largest units: `4 s`, `2 min 5 s`, `1 h`."""
    whole = max(0, int(seconds))
    parts = [(whole // 3600, "h"), (whole // 60 % 60, "min"), (whole % 60, "s")]
    first = next((at for at, (count, _) in enumerate(parts) if count), 2)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2] if count) or "0 s"


def _status(state: ReplyState, now_s: float) -> str:
    if state.trouble:
        return f"{state.trouble} · {elapsed(now_s - state.since_s)}"
    if state.tools:
        tool = list(state.tools.values())[-1]
        return f"{tool.line} · {elapsed(now_s - tool.since_s)}"
    return elapsed(now_s - state.since_s)


def _tool_line(event: ToolStart) -> str:
    # The agent chose these words: shown as they are, never as Markdown.
    title = event.title if event.title.startswith(event.name) else f"{event.name}: {event.title}"
    return plain(shortened(title.removesuffix(": "), _TITLE_CHARS))


def _joined(*blocks: str) -> str:
    return "\n\n".join(block for block in blocks if block)
