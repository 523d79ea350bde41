"""When a live message is sent and edited. Pure: time comes in, commands go out."""

from dataclasses import dataclass
from typing import Final

_REST: Final = 0.85
"""The part of an interval that lies at least between the end of one request and the next one."""


@dataclass(frozen=True, slots=True)
class Send:
    """Show this as a new message."""

    body: str


@dataclass(frozen=True, slots=True)
class Edit:
    """Show this in the message that is there."""

    body: str


@dataclass(frozen=True, slots=True)
class WakeAt:
    """Too soon: ask again at that time, with the newest body."""

    at_s: float


Command = Send | Edit | WakeAt


@dataclass(slots=True)
class LivePlan:
    """The pace of one live message: the first body at once, then at most one request per interval.

    Bodies in between are left out, never queued. `step` counts its command as done; `lost` and
    `failed` take that back. `over` says that a request is over, whatever came of it: one that was held
    up on its way may have arrived as late as that.
    """

    interval_s: float
    shown: str = ""
    exists: bool = False
    free_at_s: float = 0.0

    def step(self, now_s: float, body: str) -> Command | None:
        """Return what shows `body`, which is not empty; None if it is shown already."""
        if body == self.shown:
            return None
        if now_s < self.free_at_s:
            return WakeAt(self.free_at_s)
        command = Edit(body) if self.exists else Send(body)
        self.shown, self.exists, self.free_at_s = body, True, now_s + self.interval_s
        return command

    def over(self, now_s: float) -> None:
        """The last request is over: from now on counts most of an interval."""
        self.free_at_s = max(self.free_at_s, now_s + self.interval_s * _REST)

    def lost(self) -> None:
        """The message is not there, or not any more: the next one is a new one."""
        self.shown, self.exists = "", False

    def failed(self, until_s: float) -> None:
        """The chat did not take the last body, and wants nothing more before that time."""
        self.shown, self.free_at_s = "", max(self.free_at_s, until_s)
