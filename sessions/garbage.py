"""How often Python looks for garbage that counting references does not find: seldom."""

import gc
from typing import Final

_NEW_OBJECTS: Final = 20_000
_YOUNGER_ROUNDS: Final = (20, 50)


def collect_seldom() -> None:
    """Set the collector for a process that makes many short-lived values and few cycles.

    By default it looks after every 700 new objects, in vain: under load that is a sixth of all time.
    """
    gc.set_threshold(_NEW_OBJECTS, *_YOUNGER_ROUNDS)
