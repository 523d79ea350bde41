"""How Python itself is set for a process with one busy event loop and a few threads that wait for it."""

import gc
import sys
from typing import Final

_NEW_OBJECTS: Final = 20_000
_YOUNGER_ROUNDS: Final = (20, 50)
_SWITCH_S: Final = 0.00002


def tune() -> None:
    """Set the garbage collector and the interpreter's lock. For the whole process; called once at its start.

    The collector finds what counting references does not. By default it looks after every 700 new objects,
    in vain: under load that is a sixth of all time.

    A thread that waits for the lock asks for it only when it has waited the switch interval, 5 ms, in which
    nobody let it go. A busy loop lets it go for an instant at each look at its sockets, before anybody is
    awake to take it: so the store's thread got it once in 100 ms while very much came in, and needs it some
    ten times for a commit.
    """
    gc.set_threshold(_NEW_OBJECTS, *_YOUNGER_ROUNDS)
    sys.setswitchinterval(_SWITCH_S)
