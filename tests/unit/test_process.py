"""Children that are ended for certain, and work that is not cut short."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sessions.process import end_group, end_marked, is_locked, to_the_end, try_lock


@asynccontextmanager
async def shell(script: str, **env: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a script in a group of its own; it says `ready` when it stands."""
    child = await asyncio.create_subprocess_exec(
        "/bin/sh",
        "-c",
        script,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
        env={"PATH": os.environ["PATH"], **env},
    )
    assert child.stdout is not None
    assert (await child.stdout.readline()).strip() == b"ready"
    try:
        yield child
    finally:
        await end_group(child.pid, 0)
        await child.wait()


async def test_a_polite_group_ends_at_the_first_signal() -> None:
    async with shell("trap 'exit 7' TERM; echo ready; while :; do sleep 0.01; done") as child:
        await end_group(child.pid, 5)
        assert await child.wait() == 7


async def test_a_deaf_group_is_killed() -> None:
    async with shell("trap '' TERM; echo ready; while :; do sleep 0.01; done") as child:
        await end_group(child.pid, 0.05)
        assert await child.wait() == -signal.SIGKILL


async def test_children_in_the_group_end_with_it() -> None:
    async with shell("sleep 1000 & echo ready; wait") as child:
        await end_group(child.pid, 0)
        with pytest.raises(ProcessLookupError):
            os.killpg(child.pid, 0)


async def test_a_group_that_is_gone_is_fine() -> None:
    async with shell("echo ready") as child:
        await child.wait()
        await end_group(child.pid, 1)


async def test_a_marked_process_is_found_outside_its_group() -> None:
    script = "setsid sh -c 'echo ready; sleep 1000'"
    async with shell(script, ROOMKEY_SESSION="/locks/test-marked-1") as child:
        assert child.stdout is not None
        await end_marked("ROOMKEY_SESSION=/locks/test-marked-1")
        assert await child.stdout.read() == b""  # every holder of the pipe is gone


async def test_a_process_with_another_mark_is_left_alone() -> None:
    script = "echo ready; sleep 1000"
    async with shell(script, ROOMKEY_SESSION="/locks/test-other", X="ROOMKEY_SESSION=/locks/mine") as child:
        await end_marked("ROOMKEY_SESSION=/locks/mine")
        assert child.returncode is None
        os.kill(child.pid, 0)


async def test_work_goes_on_through_a_cancellation_which_follows_it() -> None:
    started, release, steps = asyncio.Event(), asyncio.Event(), list[str]()

    async def work() -> None:
        started.set()
        await release.wait()
        steps.append("done")

    async with asyncio.TaskGroup() as tasks:
        caller = tasks.create_task(to_the_end(work()))
        await started.wait()
        caller.cancel()
        caller.cancel()
        release.set()
        with pytest.raises(asyncio.CancelledError):
            await caller
    assert steps == ["done"]


async def test_work_hands_on_its_result_and_its_error() -> None:
    async def give() -> int:
        return 3

    async def fail() -> int:
        raise ValueError("no")

    assert await to_the_end(give()) == 3
    with pytest.raises(ValueError, match="no"):
        await to_the_end(fail())


def test_a_lock_is_held_until_it_is_closed(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    handle = try_lock(lock)
    assert handle is not None
    assert try_lock(lock) is None
    assert is_locked(lock)
    os.close(handle)
    assert not is_locked(lock)
