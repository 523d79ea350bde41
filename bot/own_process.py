"""Closes this process to others of its user: its memory and environment, no core dump, private files."""

import ctypes
import os
import resource
import sys
from collections.abc import MutableMapping
from typing import Final

from sessions.child_env import is_passed_on
from sessions.errors import StateError

_PR_SET_DUMPABLE: Final = 4
_PRIVATE: Final = 0o077
_KEPT: Final = frozenset(
    {"HOME", "USER", "LOGNAME", "TMPDIR", "CLAUDE_CONFIG_DIR", "DBUS_SESSION_BUS_ADDRESS"}
)
_KEPT_PREFIXES: Final = ("XDG_", "LD_", "FAKETIME", "ROOMKEY_")


def close_to_others() -> None:
    """Do all of that; to be called before any secret is read. Children that exec another program are as ever.

    An agent without a box runs as our user: it could read the token out of `/proc/<pid>/environ`.

    Raises:
        StateError: the kernel refuses.
    """
    os.umask(_PRIVATE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        system = ctypes.CDLL(None, use_errno=True)
        if system.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
            reason = os.strerror(ctypes.get_errno())
            raise StateError(
                f"This process cannot be closed to others of its user: {reason}."
                " Allow it prctl(PR_SET_DUMPABLE), for example in the unit's SystemCallFilter."
            )


def forget_variables(environ: MutableMapping[str, str]) -> None:
    """Remove every variable that neither Roomkey nor an agent needs: all that is started inherits the rest.

    An agent's environment is an allow-list anyway; but until it is set up, for some milliseconds, the
    program that does that has ours, and other processes of our user can read it.
    """
    for name in [*environ]:
        if not (name in _KEPT or name.startswith(_KEPT_PREFIXES) or is_passed_on(name)):
            del environ[name]
