"""What shall go wrong: a list of rules, each for so many requests or events. Data; the rims carry it out."""

import re
from dataclasses import dataclass
from typing import Generic, TypeVar


@dataclass(frozen=True, slots=True)
class RestFault:
    """How a request fails. Nothing set means that it does not.

    It waits `delay_s` first. `hang` never answers; `abort` cuts the connection; else `status` is answered,
    with Discord's `code`. With `stored` the request is carried out all the same before it fails.
    With `cut` half of a good answer arrives before the connection is cut.
    A 429 names `retry_after_s` and, with `is_global`, concerns every route; without `via` it comes from the
    proxy in front of Discord: text, no `Via` header. `content_type` replaces the right one of a good answer.
    """

    status: int | None = None
    code: int = 0
    stored: bool = False
    abort: bool = False
    hang: bool = False
    cut: bool = False
    delay_s: float = 0.0
    retry_after_s: float = 0.2
    is_global: bool = False
    via: bool = True
    content_type: str | None = None

    @property
    def is_refusal(self) -> bool:
        """Whether the client gets no good answer, not even half of one."""
        return self.hang or self.abort or self.status is not None


@dataclass(frozen=True, slots=True)
class EventFault:
    """How an event fails: sent `copies` times (0 loses it), or `without` one of its keys.

    It waits `delay_s`, and so long again before each further copy, or until so many later events of its
    session are out (`behind`); what comes meanwhile overtakes it.
    """

    copies: int = 1
    without: str | None = None
    delay_s: float = 0.0
    behind: int = 0


_Fault = TypeVar("_Fault", RestFault, EventFault)


@dataclass(slots=True)
class _Rule(Generic[_Fault]):
    patterns: tuple[re.Pattern[str], ...]
    left: int
    fault: _Fault


class Faults:
    """The rules of a guild, tried oldest first; a rule that was used up is out of the way."""

    def __init__(self) -> None:
        self._rest: list[_Rule[RestFault]] = []
        self._events: list[_Rule[EventFault]] = []

    def rest(
        self,
        method: str,
        path: str,
        *,
        times: int = 1,
        status: int | None = None,
        code: int = 0,
        stored: bool = False,
        abort: bool = False,
        hang: bool = False,
        cut: bool = False,
        delay_s: float = 0.0,
        retry_after_s: float = 0.2,
        is_global: bool = False,
        via: bool = True,
        content_type: str | None = None,
    ) -> None:
        """Let the next `times` requests fail whose method and path match these regular expressions.

        The path begins below the API's base, such as `/channels/1/messages`; files are `/attachments/...`,
        and who connects to the gateway asks for `GET /gateway`.
        """
        fault = RestFault(
            status, code, stored, abort, hang, cut, delay_s, retry_after_s, is_global, via, content_type
        )
        self._rest.append(_Rule((re.compile(f"^(?:{method})$"), re.compile(path)), times, fault))

    def event(
        self,
        name: str,
        *,
        times: int = 1,
        copies: int = 1,
        without: str | None = None,
        delay_s: float = 0.0,
        behind: int = 0,
    ) -> None:
        """Let the next `times` gateway events whose name matches be lost, repeated, malformed, late or moved.

        `READY` and `RESUMED` are events too; so is `HELLO` here, which can only be lost.
        """
        fault = EventFault(copies, without, delay_s, behind)
        self._events.append(_Rule((re.compile(name),), times, fault))

    def take_rest(self, method: str, path: str) -> RestFault | None:
        """Return how this request fails, and count it."""
        return _take(self._rest, method, path)

    def take_event(self, name: str) -> EventFault | None:
        """Return how this event fails, and count it."""
        return _take(self._events, name)

    def left(self) -> int:
        """Return how many of the planned failures have not happened yet."""
        return sum(rule.left for rule in (*self._rest, *self._events))

    def clear(self) -> None:
        """Forget every rule."""
        self._rest.clear()
        self._events.clear()


def _take(rules: list[_Rule[_Fault]], *subject: str) -> _Fault | None:
    for rule in rules:
        fits = all(pattern.search(part) for pattern, part in zip(rule.patterns, subject, strict=True))
        if rule.left and fits:
            rule.left -= 1
            return rule.fault
    return None
