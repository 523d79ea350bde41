"""What an agent does in a turn that nobody asked for, collected until it is done. Pure."""

from collections.abc import Sequence
from typing import Final

from sessions.events import BackgroundTasks, Compacted, Event, Started, TextFinal, ToolEnd, ToolStart

_EVENTS: Final = 200
_SHORTENED: Final = "My conversation had grown too long, so I went on from a summary of it."


class Unasked:
    """The words of one process that belong to no turn of ours, and the events that led to them."""

    def __init__(self) -> None:
        self._blocks: list[str] = []
        self._events: list[Event] = []
        self.tasks: BackgroundTasks | None = None  # what runs in the background, as last heard

    def take(self, event: Event) -> None:
        """Take an event that belongs to nobody's turn, or is about what runs beside them."""
        match event:
            case TextFinal(text=text):
                self._blocks.append(text)
            case BackgroundTasks():
                self.tasks = event
                self._note(event)
            case Started() | ToolStart() | ToolEnd() | Compacted():
                self._note(event)
            case _:
                pass

    def asked(self) -> None:
        """A turn of ours begins or ends: what ended in the background by then was told in it."""
        self._events = [] if self.tasks is None else [self.tasks]

    def done(self) -> tuple[str, Sequence[Event]]:
        """Return the words, "" for none, and what was done for them; nothing is kept of it."""
        text, events = "\n\n".join(self._blocks), tuple(self._events)
        if not text and any(isinstance(event, Compacted) for event in events):
            text = _SHORTENED
        self._blocks = []
        self.asked()
        return text, events

    def _note(self, event: Event) -> None:
        if len(self._events) < _EVENTS:
            self._events.append(event)
