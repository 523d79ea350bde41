"""Work that may hang is waited for, and never by the end of the process."""

import asyncio
import subprocess
import sys
import threading

import pytest

from bot.blocking import in_own_thread

HANGS = """
import asyncio, threading
from bot.blocking import in_own_thread

async def main():
    try:
        async with asyncio.timeout(0.1):
            await in_own_thread(threading.Event().wait)
    except TimeoutError:
        print("given up")

asyncio.run(main())
"""


async def test_what_the_work_returns_comes_back() -> None:
    assert await in_own_thread(lambda: 6 * 7) == 42
    assert await in_own_thread(threading.current_thread) is not threading.current_thread()


async def test_what_the_work_raises_is_raised() -> None:
    def broken() -> None:
        raise FileNotFoundError(2, "gone")

    with pytest.raises(FileNotFoundError):
        await in_own_thread(broken)


async def test_who_gives_up_does_not_hear_of_it_later() -> None:
    release, over = threading.Event(), threading.Event()

    def work() -> None:
        release.wait()
        over.set()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await in_own_thread(work)
    release.set()
    assert await asyncio.to_thread(over.wait, 60)


@pytest.mark.blocking
def test_a_process_ends_although_its_work_hangs() -> None:
    """With `asyncio.to_thread` it would not: the interpreter waits for those threads."""
    done = subprocess.run(
        [sys.executable, "-c", HANGS], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (0, "given up\n")
