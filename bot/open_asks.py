"""What agents ask right now, by what the buttons and messages of its cards say. In memory alone."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.components import FileOut, Row
from sessions.events import Ask, PermissionAsk, PlanAsk
from sessions.keys import TurnId
from sessions.room_permissions import Facts


@dataclass(frozen=True, slots=True)
class CardView:
    """A card as it is to look: text, components, and files that go with it when it is sent."""

    text: str
    rows: tuple[Row, ...] = ()
    files: tuple[FileOut, ...] = ()


@dataclass(slots=True)
class OpenAsk:
    """One ask that is open. `answers` are those given so far to the questions of a `QuestionAsk`.

    `view` is how its card looks now. `line` is what the card becomes when it was answered elsewhere than
    with its own buttons, "" otherwise; `changed` hears of such an answer to one of several questions, and
    that its message was deleted (`is_lost`). While somebody's decision is on its way it `is_taken`.
    """

    turn: TurnId
    ask: Ask
    author_id: str | None = None
    answers: list[str] = field(default_factory=list[str])
    view: Callable[[], CardView] = lambda: CardView("")
    line: str = ""
    version: int = 0
    is_lost: bool = False
    is_taken: bool = False
    changed: Callable[[], None] = lambda: None

    def answered_elsewhere(self) -> None:
        """Let the card show what was answered without a button of its own."""
        self.version += 1
        self.changed()


class OpenAsks:
    """The asks that are open right now.

    After a restart nothing waits for an answer any more, so an old button finds nothing here and can never
    answer another ask. `facts` remembers which cards are open, so that a start can say so on them.
    """

    def __init__(self, facts: Facts | None = None) -> None:
        self.facts = facts
        self._asks: dict[tuple[TurnId, str], OpenAsk] = {}
        self._by_message: dict[str, OpenAsk] = {}

    def add(self, turn: TurnId, ask: Ask, author_id: str | None = None) -> None:
        """Something is asked, in a turn of this person."""
        self._asks[turn, short_name(ask.id)] = OpenAsk(turn, ask, author_id)

    def remove(self, turn: TurnId, ask_id: str) -> None:
        """An ask is over; nothing happens if it was over already."""
        gone = self._asks.pop((turn, short_name(ask_id)), None)
        if gone is not None:
            self._by_message = {name: one for name, one in self._by_message.items() if one is not gone}

    def shown(self, turn: TurnId, ask_id: str, message_id: str) -> None:
        """The card of an ask is this message."""
        entry = self._asks.get((turn, short_name(ask_id)))
        if entry is not None:
            self._by_message[message_id] = entry

    def lost(self, message_id: str) -> None:
        """A message was deleted; if it was the card of an ask that is open, that gets another."""
        entry = self._by_message.pop(message_id, None)
        if entry is not None:
            entry.is_lost = True
            entry.changed()

    def of_turn(self, turn: TurnId) -> list[OpenAsk]:
        """Return what a turn asks, the oldest first."""
        return [entry for entry in self._asks.values() if entry.turn == turn]

    def entry(self, turn: TurnId, name: str) -> OpenAsk | None:
        """Return an open ask by its turn and its short name."""
        return self._asks.get((turn, name))

    def alike(self, turn: TurnId, mark: str) -> OpenAsk | None:
        """Return an open ask of a turn for the same tool and arguments; None also without a mark."""
        for entry in self._asks.values():
            is_marked = isinstance(entry.ask, PermissionAsk | PlanAsk) and entry.ask.fingerprint == mark
            if mark and entry.turn == turn and is_marked:
                return entry
        return None

    def of_message(self, message_id: str | None) -> OpenAsk | None:
        """Return the open ask whose card is this message."""
        return None if message_id is None else self._by_message.get(message_id)


def short_name(ask_id: str) -> str:
    """Return an ask's name for its buttons: the vendor's own may be too long or hold any sign."""
    return hashlib.sha256(ask_id.encode("utf-8", "surrogatepass")).hexdigest()[:16]
