"""Agents that outlived their bot: ended, and nobody else is."""

import asyncio
import os
import sys
from pathlib import Path

from sessions.strays import end_strays

MARK = "ROOMKEY_TEST_STRAY"
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
    lock = str(tmp_path / "a.lock")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", HOLDER, lock), env={"OF": lock}, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    await process.stdout.readline()
    assert await end_strays(tmp_path, MARK) == 1
    assert await process.wait() == -9


async def test_a_lock_that_nobody_holds_is_left_alone(tmp_path: Path) -> None:
    """The number in it may be anybody's by now; here it is this very process."""
    (tmp_path / "a.lock").write_text(str(os.getpid()))
    assert await end_strays(tmp_path, MARK) == 0


async def test_a_number_that_an_agent_wrote_into_its_lock_ends_nobody(tmp_path: Path) -> None:
    """The box holds that file open, so what runs in it may write there."""
    lock = tmp_path / "a.lock"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", HOLDER, str(lock)), env={"OF": str(lock)}, stdout=asyncio.subprocess.PIPE
    )
    other = await asyncio.create_subprocess_exec("/bin/sleep", "60", start_new_session=True)
    try:
        assert process.stdout is not None
        await process.stdout.readline()
        lock.write_text(str(other.pid))
        assert await end_strays(tmp_path, MARK) == 0
        assert other.returncode is None
    finally:
        for child in (process, other):
            child.kill()
            await child.wait()


async def test_no_locks_at_all_is_fine(tmp_path: Path) -> None:
    assert await end_strays(tmp_path / "missing", MARK) == 0


async def test_what_an_agent_left_behind_is_ended_although_the_agent_is_gone(tmp_path: Path) -> None:
    env = {MARK: str(tmp_path / "a.lock")}
    left = await asyncio.create_subprocess_exec("/bin/sleep", "60", env=env, start_new_session=True)
    other = await asyncio.create_subprocess_exec("/bin/sleep", "60", env={MARK: f"{tmp_path}-other/a.lock"})
    try:
        assert await end_strays(tmp_path, MARK) == 0
        assert await left.wait() == -9
        assert other.returncode is None
    finally:
        other.kill()
        await other.wait()
