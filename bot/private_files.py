"""Whether others may change a file or directory that Roomkey trusts. Blocks; changes nothing."""

import os
import stat
from pathlib import Path
from typing import Final

_OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH
_ROOT: Final = 0


def writable_by_others(path: Path) -> str | None:
    """Return what is wrong with the owner or mode of `path`, with the remedy; None if nothing is.

    What is not there is nobody's. Links are followed: what counts is where they lead.
    """
    try:
        found = path.stat()
    except OSError:
        return None  # whoever opens it says why
    if found.st_uid not in (os.geteuid(), _ROOT):
        return f"{path} belongs to another user (uid {found.st_uid}); run: chown {os.geteuid()} {path}"
    mode = stat.S_IMODE(found.st_mode)
    if mode & _OTHERS_WRITE:
        return f"{path} has mode {mode:04o}, so that others can change it; run: chmod go-w {path}"
    return None
