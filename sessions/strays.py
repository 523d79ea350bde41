"""Agents that outlived the bot that started them: ended before any room opens."""

import asyncio
import logging
from pathlib import Path

from sessions.process import end_group, end_marked, holder_of, is_locked

log = logging.getLogger(__name__)


async def end_strays(session_locks: Path, mark: str) -> int:
    """End every agent that still holds one of our session locks; return how many there were.

    What such agents started is ended too, also where the agent itself is gone: it carries the
    variable `mark` with the path of the lock. Call it while holding the data directory's lock: then
    all these were started by a bot that is gone. No other process is touched. Two processes on one
    agent session would lose turns.
    """
    groups = await asyncio.to_thread(_held_groups, session_locks)
    for group in groups:
        log.warning("an agent is still running and is ended", extra={"pid": group})
        await end_group(group, 0.0)
    await end_marked(f"{mark}={session_locks}/")
    return len(groups)


def _held_groups(session_locks: Path) -> list[int]:
    held = (holder_of(lock) for lock in session_locks.glob("*.lock") if is_locked(lock))
    return [group for group in held if group is not None]
