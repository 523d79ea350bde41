"""An agent's words with their secrets masked: before anything of ours shows, stores or logs them."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import cast

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
from sessions.keys import TurnId
from sessions.redaction import Growing, Redactor, masked_cut
from sessions.turn import Outcome


class RedactedEvents:
    """The events of one process, in order. Text that grows is held back where a secret may begin."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._growing = Growing(redactor)
        self._turn: TurnId | None = None

    def read(self, event: Event) -> list[Event]:
        """Return what may be shown of an event; before an end comes what was held back until then."""
        mask, cut = self._redactor.text, partial(masked_cut, redactor=self._redactor)
        match event:
            case TextDelta(text=text, turn=turn):
                if turn != self._turn:
                    self._turn, self._growing = turn, Growing(self._redactor)
                return [replace(event, text=self._growing.feed(text))]
            case TextFinal(text=text):
                self._growing = Growing(self._redactor)
                return [replace(event, text=mask(text))]
            case TurnDone(text=text):
                return [*self._rest(), replace(event, text=mask(text))]
            case Exited(cause=cause, stderr_tail=tail):
                return [*self._rest(), replace(event, cause=cut(cause), stderr_tail=cut(tail))]
            case Thinking(text=text):
                return [replace(event, text=mask(text))]
            case ToolStart(title=title):
                return [replace(event, title=cut(title))]
            case ToolEnd(output=output):
                return [replace(event, output=cut(output))]
            case PermissionAsk(title=title, arguments=arguments):
                shown = cast("Mapping[str, object]", self._redactor.fact(arguments))
                return [replace(event, title=cut(title), arguments=shown)]
            case Retry(error=error):
                return [replace(event, error=cut(error))]
            case Started() | AskWithdrawn() | RateLimit() | BackgroundTasks() | Idle():
                return [event]

    def _rest(self) -> list[Event]:
        rest = self._growing.end()
        return [TextDelta(text=rest, turn=self._turn)] if rest else []


def redacted_outcome(outcome: Outcome, redactor: Redactor) -> Outcome:
    """Return how a turn ended, with the secrets in its words masked."""
    return replace(
        outcome,
        text=redactor.text(outcome.text),
        partial=redactor.text(outcome.partial),
        notice=masked_cut(outcome.notice, redactor),
        last_tool=masked_cut(outcome.last_tool, redactor),
    )
