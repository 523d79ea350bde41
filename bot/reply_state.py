"""Folds a turn's events into what to show while it runs. Pure: times come in as arguments."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final, Literal, assert_never

from bot.activity import Activity, active, at_end
from bot.durations import ago
from bot.durations import elapsed as elapsed
from bot.tail import Tail
from sessions.events import (
    Ask,
    AskWithdrawn,
    BackgroundTasks,
    Compacted,
    Event,
    Exited,
    Idle,
    PermissionAsk,
    PlanAsk,
    QuestionAsk,
    RateLimit,
    Retry,
    Started,
    TaskList,
    TextDelta,
    TextFinal,
    Thinking,
    ToolEnd,
    ToolStart,
    TurnDone,
)

_COMPACTIONS: Final = 3
_GAP: Final = "\n\n"

Withdrawal = Literal["answered", "expired", "agent", "ended"]


@dataclass(frozen=True, slots=True)
class ShownAsk:
    """A permission request; `over` says why it is not open any more."""

    ask: Ask
    over: Withdrawal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyState:
    """What a running turn looks like.

    `written` holds the whole text blocks, `writing` the one that grows; `tail` is the end of both that is
    shown. `activity` is what the agent
    does. `trouble` is why nothing happens just now, if the agent says so. `mark` is a small
    line that stands above all, `waiting` counts the turns behind this one. `compactions` are the last
    losses of context; `is_unasked` says that nobody asked for the turn.
    """

    since_s: float
    written: str = ""
    writing: str = ""
    tail: Tail = field(default_factory=Tail)
    activity: Activity = field(default_factory=Activity)
    asks: Mapping[str, ShownAsk] = field(default_factory=lambda: MappingProxyType({}))
    trouble: str = ""
    mark: str = ""
    waiting: int = 0
    is_unasked: bool = False
    compactions: tuple[Compacted, ...] = ()
    is_done: bool = False

    @property
    def text(self) -> str:
        """All that was said so far."""
        return _joined(self.written, self.writing)

    @property
    def is_asking(self) -> bool:
        """Whether the agent waits for a person."""
        return any(shown.over is None for shown in self.asks.values())


def fold(state: ReplyState, event: Event, now_s: float) -> ReplyState:
    """Return what to show after `event`; `state` itself if it changes nothing."""
    match event:
        case TextDelta(text=text):
            writing = state.writing + text
            tail = _moved(state.tail, state.written, writing)
            return replace(state, writing=writing, tail=tail, trouble="")
        case TextFinal(text=text):
            written = _joined(state.written, text)
            tail = _moved(state.tail if text.startswith(state.writing) else Tail(), written)
            return replace(state, written=written, writing="", tail=tail, trouble="")
        case ToolStart() | ToolEnd() | TaskList() | BackgroundTasks() | Thinking():
            activity = active(state.activity, event, now_s)
            trouble = "" if isinstance(event, ToolStart | Thinking) else state.trouble
            if activity is state.activity and trouble == state.trouble:
                return state
            return replace(state, activity=activity, trouble=trouble)
        case PermissionAsk(id=ask) | QuestionAsk(id=ask) | PlanAsk(id=ask):
            return replace(state, asks={**state.asks, ask: ShownAsk(event)})
        case AskWithdrawn(id=ask, reason=reason) if ask in state.asks:
            over = replace(state.asks[ask], over=reason)
            return replace(state, asks={**state.asks, ask: over})
        case Retry(attempt=attempt, limit=limit):
            return replace(state, trouble=f"the model does not answer, try {attempt} of {limit}")
        case RateLimit(status="rejected", resets_at=resets_at):
            over = f", over {ago(resets_at)}" if resets_at else ""
            return replace(state, trouble=f"the limit of this login is reached{over}")
        case TurnDone():
            return replace(state, is_done=True, activity=at_end(state.activity))
        case Compacted():
            return replace(state, compactions=(*state.compactions, event)[-_COMPACTIONS:])
        case Started(turn=None):
            return replace(state, is_unasked=True)
        case Started() | AskWithdrawn() | RateLimit() | Idle() | Exited():
            return state
    assert_never(event)


def _moved(tail: Tail, written: str, writing: str = "") -> Tail:
    # Joining them would copy the whole text for each word of it.
    gap = len(_GAP) if written and writing else 0
    if tail.is_enough(len(written) + gap + len(writing)):
        return tail
    return tail.moved(_joined(written, writing))


def _joined(*blocks: str) -> str:
    return _GAP.join(block for block in blocks if block)
