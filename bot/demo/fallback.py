"""Which isolation the demo gets: the strongest that this machine can do. The demo alone may fall back."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sessions.box import BOXES
from sessions.box.probe import probe
from sessions.errors import BoxBroken
from sessions.settings import Isolation

_ORDER: Final[tuple[Isolation, ...]] = ("bwrap", "landlock", "none")
_HOLDS: Final = {
    "bwrap": "bwrap: each room's agent is in a box of its own",
    "landlock": "landlock: no agent reaches another room's files; processes are shared",
    "none": "none: agents are kept apart by directories alone",
}


@dataclass(frozen=True, slots=True)
class Fallback:
    """The level, what it holds in words, and why it is no stronger one; empty for the strongest."""

    level: Isolation
    holds: str
    why: str = ""


def strongest(scratch: Path) -> Fallback:
    """Try one level after the other below `scratch`, which is made and removed. Blocks."""
    why = ""
    for level in _ORDER:
        try:
            probe(BOXES[level], scratch)
        except BoxBroken as error:
            why = why or str(error)
        else:
            return Fallback(level, _HOLDS[level], why)
    raise AssertionError("without any isolation there is nothing that could fail")
