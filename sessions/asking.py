"""What a running turn asks of people right now, until when, and for how long it has waited for them. Pure."""

from collections.abc import Callable

from sessions.ask_events import Ask, PermissionAsk
from sessions.turn import Limits


class Asking:
    """The open asks of one turn. Times are on the monotonic clock and come in as arguments.

    `begin` and `end` hear when the turn waits for people, and when it does not any more. A permission is
    asked for as briefly as the turn lasts; what questions and plans wait is not counted as its time.
    """

    def __init__(self, limits: Limits, begin: Callable[[], None], end: Callable[[], None]) -> None:
        self._limits = limits
        self._begin = begin
        self._end = end
        self._until_s: dict[str, float] = {}
        self._limit_s: dict[str, float] = {}
        self._patient: set[str] = set()
        self._patient_since_s = 0.0
        self.waited_s = 0.0
        """For how long questions and plans have been open, those that are open now left out."""

    @property
    def is_open(self) -> bool:
        """Whether anything is asked."""
        return bool(self._until_s)

    @property
    def is_patient(self) -> bool:
        """Whether a question or a plan is open, so that the turn's own time stands still."""
        return bool(self._patient)

    @property
    def ends_s(self) -> list[float]:
        """Until when each open ask may be answered."""
        return list(self._until_s.values())

    @property
    def open_ids(self) -> list[str]:
        """The asks that are open."""
        return list(self._until_s)

    def open(self, ask: Ask, now_s: float) -> None:
        """Something is asked from now on."""
        if not self._until_s:
            self._begin()
        is_patient = not isinstance(ask, PermissionAsk)
        self._limit_s[ask.id] = self._limits.question_s if is_patient else self._limits.ask_s
        self._until_s[ask.id] = now_s + self._limit_s[ask.id]
        if is_patient:
            if not self._patient:
                self._patient_since_s = now_s
            self._patient.add(ask.id)

    def close(self, ask: str, now_s: float) -> bool:
        """Whether it was open; it is not any more."""
        was_open = self._until_s.pop(ask, None) is not None
        if ask in self._patient:
            self._patient.discard(ask)
            if not self._patient:
                self.waited_s += max(0.0, now_s - self._patient_since_s)
        if was_open and not self._until_s:
            self._end()
        return was_open

    def expired(self, now_s: float) -> list[tuple[str, float]]:
        """Return the open asks whose time is over, and how long each had."""
        return [(ask, self._limit_s[ask]) for ask, until_s in self._until_s.items() if until_s <= now_s]
