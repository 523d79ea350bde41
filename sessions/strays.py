"""Agents that outlived the bot that started them: ended before any room opens."""

import asyncio
import logging
from pathlib import Path

from sessions.process import end_group, is_locked

log = logging.getLogger(__name__)


async def end_strays(session_locks: Path) -> int:
    """End every agent that still holds one of our session locks; return how many there were.

    Call it while holding the data directory's lock: then whoever holds a session lock was started
    by a bot that is gone. No other process is touched. Two processes on one agent session would
    lose turns.
    """
    groups = await asyncio.to_thread(_held_groups, session_locks)
    for group in groups:
        log.warning("an agent outlived its bot and is ended", extra={"pid": group})
        await end_group(group, 0.0)
    return len(groups)


def _held_groups(session_locks: Path) -> list[int]:
    held = [lock.read_text(encoding="ascii") for lock in session_locks.glob("*.lock") if is_locked(lock)]
    return [int(pid) for pid in held if pid.isdecimal()]
