"""What the owner gives a room beside its own directories: `Mount`, how it is written, which are refused."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sessions.off_limits import off_limits
from sessions.paths import Paths

_MODES: Final = {"ro": False, "rw": True}


@dataclass(frozen=True, slots=True, order=True)
class Mount:
    """A directory or file of the host that an agent sees at its own path."""

    path: Path
    writable: bool


def parse_mount(text: str) -> Mount:
    """Read `/srv/repo:ro` or `/srv/out:rw`.

    Raises:
        ValueError: it is not written so, or is no absolute path.
    """
    name, colon, mode = text.rpartition(":")
    if not colon or mode not in _MODES:
        raise ValueError(f"{text!r} must end in :ro (read) or :rw (read and write), as in /srv/repo:ro")
    if not name.startswith("/") or "\0" in name:
        raise ValueError(f"{name!r} must be an absolute path, as in /srv/repo:ro")
    return Mount(Path(name), _MODES[mode])


def written(mount: Mount) -> str:
    """Write a mount as `parse_mount` reads it."""
    return f"{mount.path}:{'rw' if mount.writable else 'ro'}"


def refusal(mount: Mount, paths: Paths) -> str | None:
    """Return why an agent cannot be given this, as a sentence that says what to do; None if it can. Blocks.

    Refused are links anywhere in the path, what is neither directory nor regular file, and what is
    off limits.
    """
    path = mount.path
    if not os.path.exists(path):  # noqa: PTH110 -- a path that may not be looked at is no error of ours
        return f"The mount {path} does not exist. Make it first, or take it from this room."
    real = path.resolve()
    if real != path or ".." in path.parts:
        return f"The mount {path} leads over a link to {real}. Name that one if it is meant."
    if not (path.is_dir() or path.is_file()):
        return f"The mount {path} is neither a directory nor a file. Name one of these."
    if why := off_limits(path, paths, writable=mount.writable):
        hint = "" if off_limits(path, paths, writable=False) else ", or mount it with :ro"
        return f"The mount {path} {why}. Name another one{hint}."
    if mount.writable and not os.access(path, os.W_OK):
        return (
            f"The mount {path} cannot be written by Roomkey. Change its owner or mode, or mount it with :ro."
        )
    return None
