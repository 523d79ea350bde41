"""Children: ended for certain with all they started; locks; work that a cancellation does not cut short."""

import asyncio
import contextlib
import fcntl
import os
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import Final, TypeVar

_T = TypeVar("_T")
_LOOK_S: Final = 0.02
_KILL_LIMIT_S: Final = 5.0


async def to_the_end(work: Coroutine[object, object, _T]) -> _T:
    """Run `work` to its end even if the caller is cancelled meanwhile; the cancellation follows then.

    `asyncio.shield` alone would leave the work behind without an owner.
    """
    task = asyncio.get_running_loop().create_task(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        task.exception()  # the cancellation outranks it; asked for, so that it counts as seen
        raise cancelled
    return task.result()


async def end_group(group: int, grace_s: float) -> None:
    """End every process of a group: SIGTERM, `grace_s` seconds, SIGKILL. Returns when none is left.

    With no grace it is SIGKILL at once. A group that is gone already is fine. Our own children
    among them are reaped by the loop that started them.
    """
    if group <= 1:  # it never started; and to the system 0 is our own group
        return
    if grace_s > 0 and _signal(group, signal.SIGTERM) and await _gone(group, grace_s):
        return
    if _signal(group, signal.SIGKILL):
        await _gone(group, _KILL_LIMIT_S)


async def end_marked(entry: str) -> None:
    """Kill every process with a variable in its environment that begins with `entry`: `NAME=start`.

    Finds what has left its group and what its parent has left behind. Needs `/proc`; without it,
    as where nothing matches, it does nothing.
    """
    deadline_s = asyncio.get_running_loop().time() + _KILL_LIMIT_S
    while await asyncio.to_thread(_kill_marked, b"\0" + entry.encode()):
        if asyncio.get_running_loop().time() >= deadline_s:
            return
        await asyncio.sleep(_LOOK_S)


def try_lock(lock: Path) -> int | None:
    """Lock a file for this process alone; blocks, but not for the lock. Made if it is not there.

    Returns an open file descriptor that holds the lock until it is closed, None if another has it.
    """
    handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle


def is_locked(lock: Path) -> bool:
    """Whether a living process holds this lock file; blocks."""
    handle = try_lock(lock)
    if handle is not None:
        os.close(handle)
    return handle is None


def holder_of(lock: Path) -> int | None:
    """Return the process that a session's lock file names; None if it is not the session's own. Blocks.

    An agent can reach the file that its box holds open, and write any number there. So the process
    must carry the lock's path in its environment, which is the bot's to give.
    """
    try:
        pid = int(lock.read_text(encoding="ascii"))
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if os.fsencode(lock) in environment else None


async def _gone(group: int, limit_s: float) -> bool:
    # Looked at again and again: there is no event for the end of processes that are not our children.
    deadline_s = asyncio.get_running_loop().time() + limit_s
    while _signal(group, 0):
        if asyncio.get_running_loop().time() >= deadline_s:
            return False
        await asyncio.sleep(_LOOK_S)
    return True


def _signal(group: int, number: int) -> bool:
    """Send a signal (0: none, only look); False if the group has no process any more."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):  # the latter: the number has a new owner, not ours
        return False
    return True


def _kill_marked(entry: bytes) -> bool:
    """Kill once what is marked; False if nothing was."""
    found = False
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(ProcessLookupError, FileNotFoundError, PermissionError):
            # First the handle, then the look: so the signal cannot hit a later process of that number.
            handle = os.pidfd_open(int(place.name))
            try:
                if entry in b"\0" + (place / "environ").read_bytes():
                    signal.pidfd_send_signal(handle, signal.SIGKILL)
                    found = True
            finally:
                os.close(handle)
    return found
