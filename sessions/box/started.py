"""One started agent with all that it starts, boxed or not: found by its lock, and ended for certain."""

import asyncio
import contextlib
import os
from pathlib import Path
from typing import Final

from sessions.box.launcher import SESSION
from sessions.process import end_group, end_marked, holder_of, is_locked

_GONE_S: Final = 5.0
_LOOK_S: Final = 0.01


class Started:
    """What the launcher has started for one session. Owned by whoever has it started."""

    def __init__(self, lock: Path) -> None:
        self._lock = lock
        self._group = 0
        self._last: int | None = None

    async def find(self) -> None:
        """Look for it, once it lives: then it can be ended as a whole, also after it died by itself."""
        await asyncio.to_thread(self._find)

    async def end(self, grace_s: float) -> None:
        """Tell its group to end; what has not after that long is killed."""
        await end_group(self._group, grace_s)

    async def sweep(self) -> None:
        """Kill what is left, also what has left the group. Returns when none of it is there any more.

        Then the lock is free: the session can be started again.
        """
        await end_group(self._group, 0)
        await end_marked(f"{SESSION}={self._lock}")
        if self._last is not None:
            last, self._last = self._last, None
            await _ended(last)
        await self._until_free()

    async def _until_free(self) -> None:
        # A box that was killed before it was found still holds it, without a sign of whose it is.
        deadline_s = asyncio.get_running_loop().time() + _GONE_S
        while await asyncio.to_thread(is_locked, self._lock):
            if asyncio.get_running_loop().time() >= deadline_s:
                return
            await asyncio.sleep(_LOOK_S)

    def _find(self) -> None:
        self._group = holder_of(self._lock) or 0
        if self._last is None and self._group:
            self._last = _first_child(self._group)


def _first_child(pid: int) -> int | None:
    """Return a handle of a process's first child; None if it has none.

    Of bubblewrap that is the first process inside: it ends last, after all others have let go of
    their files. Seen from outside they are gone earlier, while the kernel still tidies up.
    """
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        return os.pidfd_open(int(children[0])) if children else None
    except OSError:
        return None


async def _ended(handle: int) -> None:
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(handle, ended.set)
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GONE_S):
                await ended.wait()
    finally:
        loop.remove_reader(handle)
        os.close(handle)
