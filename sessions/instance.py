"""One bot per data directory: the lock that its process holds, and the id of its start."""

import fcntl
import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

from sessions.errors import Locked

_TRIES: Final = 50
_PAUSE_S: Final = 0.01


@contextmanager
def hold_instance(lock: Path) -> Generator[UUID]:
    """Hold the lock file while the block runs; the value is an id of this start. Blocks briefly.

    The kernel frees the lock when the process ends, however it ends. The file stays; in it stand
    the holder's process id and start time.

    Raises:
        Locked: another process holds it; the text names that process.
    """
    file = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _acquire(file, lock)
        _write(file, f"{os.getpid()} {_started(os.getpid())}\n")
        try:
            yield uuid4()
        finally:
            _write(file, "")
    finally:
        os.close(file)


def holder_of(lock: Path) -> int | None:
    """Return the process that holds the lock file, 0 if it does not say which, None if nobody does. Blocks.

    Makes nothing. Raises OSError if the file is there and cannot be read.
    """
    try:
        file = os.open(lock, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _living_holder(file) or 0
    else:
        return None
    finally:
        os.close(file)


def _acquire(file: int, lock: Path) -> None:
    # A holder writes its name just after it got the lock, so at first the file may be empty or name
    # a holder that is gone. Look again for a moment before speaking of a nameless one.
    for _ in range(_TRIES):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if holder := _living_holder(file):
                break
            time.sleep(_PAUSE_S)
    else:
        holder = None
    who = f" (process {holder})" if holder else ""
    raise Locked(
        f"Another Roomkey{who} is using {lock.parent}. "
        "Stop it, or name another directory in ROOMKEY_DATA_DIR."
    )


def _living_holder(file: int) -> int | None:
    match os.pread(file, 100, 0).decode("ascii", "replace").split():
        case [pid, started] if pid.isdecimal() and _started(int(pid)) == started:
            return int(pid)
        case _:
            return None


def _write(file: int, text: str) -> None:
    os.ftruncate(file, 0)
    os.pwrite(file, text.encode("ascii"), 0)


def _started(pid: int) -> str:
    """Return a process's start time in the kernel's ticks; it tells a reused process id from ours."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return "unknown"
    # The second field is the program's name in parentheses, which may itself hold anything.
    return stat.rpartition(")")[2].split()[19]
