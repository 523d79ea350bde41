"""An agent's words with their secrets masked: before anything of ours shows, stores or logs them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final, TypeVar, cast

from sessions.events import (
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
from sessions.keys import TurnId
from sessions.masked_asks import masked_ask
from sessions.redaction import Growing, Redactor, masked_cut
from sessions.shown_paths import shown_paths
from sessions.turn import Outcome

OUTPUT_CHARS: Final = 2000
"""How much of the end of a tool's output is kept."""


class RedactedEvents:
    """The events of one process, in order. Text that grows is held back where a secret may begin.

    What tools do is told with paths as people may see them: `workdir` is the room's own. What a person is
    asked to allow keeps its paths; its title has those of the room relative.
    """

    def __init__(self, redactor: Redactor, workdir: Path | None = None) -> None:
        self._redactor = redactor
        self._workdir = workdir
        self._growing = Growing(redactor)
        self._thoughts = Growing(redactor)
        self._turn: TurnId | None = None
        self._thinking_turn: TurnId | None = None

    def read(self, event: Event) -> list[Event]:
        """Return what may be shown of an event; before an end comes what was held back until then."""
        if isinstance(event, Thinking):
            return [self._thought(event)]
        if isinstance(event, TextDelta | TextFinal | ToolStart | TurnDone | Exited):  # the thought is over
            return [*self._rest_of_thoughts(), *self._read(event)]
        return self._read(event)

    def _read(self, event: Event) -> list[Event]:
        mask, cut = self._redactor.text, partial(masked_cut, redactor=self._redactor)
        match event:
            case TextDelta(text=text, turn=turn):
                if turn != self._turn:
                    self._turn, self._growing = turn, Growing(self._redactor)
                return [_with_text(event, self._growing.feed(text))]
            case TextFinal(text=text):
                self._growing = Growing(self._redactor)
                return [_with_text(event, mask(text))]
            case TurnDone(text=text):
                return [*self._rest(), _with_text(event, mask(text))]
            case Exited(cause=cause, stderr_tail=tail):
                return [*self._rest(), replace(event, cause=cut(cause), stderr_tail=cut(tail))]
            case ToolStart(title=title, arguments=arguments):
                shown = cast("Mapping[str, object]", self._cut_fact(arguments))
                return [replace(event, title=self._paths(cut(title)), arguments=shown)]
            case ToolEnd(output=output, diff=diff):
                end = self._paths(self._end_of(output))
                return [replace(event, output=end, diff=self._paths(cut(diff)))]
            case TaskList(tasks=tasks):
                masked = tuple(replace(task, text=self._paths(cut(task.text))) for task in tasks)
                return [replace(event, tasks=masked)]
            case BackgroundTasks(names=names):
                return [replace(event, names=tuple(self._paths(cut(name)) for name in names))]
            case PermissionAsk(title=title):
                title = shown_paths(cut(title), self._workdir, keep_others=True)
                return [replace(masked_ask(event, self._redactor), title=title)]
            case QuestionAsk() | PlanAsk():
                return [masked_ask(event, self._redactor)]
            case Retry(error=error):
                return [replace(event, error=cut(error))]
            case Thinking() | Started() | AskWithdrawn() | RateLimit() | Compacted() | Idle():
                return [event]

    def _thought(self, event: Thinking) -> Thinking:
        if event.turn != self._thinking_turn:
            self._thinking_turn, self._thoughts = event.turn, Growing(self._redactor)
        return _with_text(event, self._thoughts.feed(event.text))

    def _rest_of_thoughts(self) -> list[Event]:
        rest = self._thoughts.end()
        return [Thinking(text=rest, turn=self._thinking_turn)] if rest else []

    def _rest(self) -> list[Event]:
        rest = self._growing.end()
        return [TextDelta(text=rest, turn=self._turn)] if rest else []

    def _paths(self, text: str) -> str:
        return shown_paths(text, self._workdir)

    def _end_of(self, output: str) -> str:
        """Return the end of an output, masked before it is cut: a secret may begin before the cut."""
        begin = max(0, len(output) - OUTPUT_CHARS)
        if begin:
            inside = (end for start, end in self._redactor.spans(output) if start < begin < end)
            begin = max(begin, *inside, begin)
        return masked_cut(output[begin:], self._redactor)

    def _cut_fact(self, fact: object) -> object:
        """Return a value of a tool's arguments, whose long texts were shortened, masked."""
        match fact:
            case str():
                return self._paths(masked_cut(fact, self._redactor))
            case Mapping():
                pairs = cast("Mapping[str, object]", fact).items()
                return {self._redactor.text(name): self._cut_fact(value) for name, value in pairs}
            case list() | tuple():
                return [self._cut_fact(value) for value in cast("Iterable[object]", fact)]
            case _:
                return fact


def redacted_outcome(outcome: Outcome, redactor: Redactor) -> Outcome:
    """Return how a turn ended, with the secrets in its words masked."""
    text, written = redactor.text(outcome.text), redactor.text(outcome.partial)
    notice, last_tool = masked_cut(outcome.notice, redactor), masked_cut(outcome.last_tool, redactor)
    if (text, written, notice, last_tool) == (
        outcome.text,
        outcome.partial,
        outcome.notice,
        outcome.last_tool,
    ):
        return outcome  # as almost every one: a copy takes longer than the look
    return replace(outcome, text=text, partial=written, notice=notice, last_tool=last_tool)


_Said = TypeVar("_Said", TextDelta, TextFinal, Thinking, TurnDone)


def _with_text(event: _Said, text: str) -> _Said:
    """Return the event with that text; itself, if that is what it has: a copy of each is not for nothing."""
    return event if text == event.text else replace(event, text=text)
