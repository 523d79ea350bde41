"""Named places at which the process can be told to kill itself, so that tests see what each leaves behind."""

import os
import signal
import threading
from typing import Final, Literal, get_args

from sessions.errors import StateError

Point = Literal[
    "event.received",
    "accept.before_commit",
    "accept.after_commit",
    "claim",
    "take.before_commit",
    "take.after_commit",
    "agent.before_open",
    "agent.opened",
    "prompt.before_send",
    "prompt.sent",
    "agent.event",
    "tool.noted",
    "live.before_send",
    "live.sent",
    "live.noted",
    "turn.ended",
    "finish.before_commit",
    "finish.after_commit",
    "outbox.before_try",
    "outbox.before_send",
    "outbox.sent",
    "outbox.done",
    "receipt.sent",
    "reset.taken",
    "reset.made",
    "recover.before",
    "settle",
    "recover.after",
    "catch_up.before",
    "catch_up.after",
    "shutdown",
]
ForkPoint = Literal["fork.marked", "fork.opened", "fork.copied"]
POINTS: Final[tuple[Point, ...]] = get_args(Point)
"""Every point of a message's way, in the order in which it passes them."""
FORK_POINTS: Final[tuple[ForkPoint, ...]] = get_args(ForkPoint)
"""What /fork passes beside them."""


class NoSuchPoint(StateError):
    """There is no crash point of that name."""


class _Plan:
    """Where to die. One for the process, as there is one process to die."""

    def __init__(self) -> None:
        self.point = ""
        self.passings_left = 0
        self.lock = threading.Lock()


_PLAN: Final = _Plan()


def plan(text: str) -> None:
    """Die when the point of that name is passed: `name`, or `name:3` for its third passing.

    Raises NoSuchPoint. An empty text plans nothing.
    """
    name, _, passing = text.partition(":")
    passing = passing or "1"
    known = (*POINTS, *FORK_POINTS)
    if text and not (name in known and passing.isdecimal() and int(passing)):
        raise NoSuchPoint(f"{text} names no crash point. There are: {', '.join(known)}.")
    _PLAN.point, _PLAN.passings_left = name, int(passing)


def reached(point: Point | ForkPoint) -> None:
    """Say that the program passes a point; it ends there if that was planned, with no chance to tidy up."""
    if _PLAN.point == point:  # one comparison of two constants, in all runs but a test's
        with _PLAN.lock:  # some points lie in the store's thread
            _PLAN.passings_left -= 1
            if _PLAN.passings_left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
