"""Agents that outlived their bot: ended, and nobody else is."""

import asyncio
import os
import sys
from pathlib import Path

from sessions.strays import end_strays

HOLDER = """
import fcntl, os, sys, time
os.setsid()
lock = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
fcntl.flock(lock, fcntl.LOCK_EX)
os.write(lock, str(os.getpid()).encode())
print("held", flush=True)
time.sleep(60)
"""


async def test_whoever_holds_a_session_lock_is_ended(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDER, str(tmp_path / "a.lock"), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    await process.stdout.readline()
    assert await end_strays(tmp_path) == 1
    assert await process.wait() == -9


async def test_a_lock_that_nobody_holds_is_left_alone(tmp_path: Path) -> None:
    """The number in it may be anybody's by now; here it is this very process."""
    (tmp_path / "a.lock").write_text(str(os.getpid()))
    assert await end_strays(tmp_path) == 0


async def test_no_locks_at_all_is_fine(tmp_path: Path) -> None:
    assert await end_strays(tmp_path / "missing") == 0
