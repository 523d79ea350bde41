"""Giving a room an existing directory to work in: which ones are refused, and why."""

import os
from pathlib import Path

from sessions.errors import BadWorkdir
from sessions.off_limits import off_limits
from sessions.paths import Paths


def checked_workdir(directory: Path, paths: Paths) -> Path:
    """Return `directory` absolute and without links. Blocks.

    Raises:
        BadWorkdir: it is no directory we may write to, lies below a `.claude` directory (agents
            may not edit files there), or is off limits: the system's, or Roomkey's own.
    """
    real = directory.expanduser().resolve()
    if not real.is_dir():
        raise BadWorkdir(f"{real} is not a directory. Make it first, or name another one.")
    if not os.access(real, os.W_OK | os.X_OK):
        raise BadWorkdir(f"Roomkey may not write in {real}. Change its owner or mode, or name another one.")
    if ".claude" in real.parts:
        raise BadWorkdir(f"{real} lies below a .claude directory, where agents may not edit files.")
    if why := off_limits(real, paths, writable=True):
        raise BadWorkdir(f"{real} {why}. Name another one.")
    return real
