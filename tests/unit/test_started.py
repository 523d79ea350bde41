"""One started agent with all that it starts: found by its lock, and ended for certain."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sessions.box import BOXES
from sessions.box.launcher import SESSION
from sessions.box.started import Started
from sessions.process import end_marked
from sessions.settings import Isolation
from tests.support.boxes import left_behind, need, room, told

pytestmark = [pytest.mark.blocking, pytest.mark.timeout(120)]
LEVELS: tuple[Isolation, ...] = ("bwrap", "landlock", "none")


@asynccontextmanager
async def running(level: Isolation, root: Path, script: str) -> AsyncIterator[asyncio.subprocess.Process]:
    need(level)
    spec = room(root)
    launcher, environment = told(BOXES[level], spec)
    process = await asyncio.create_subprocess_exec(
        *(launcher, "-c", script),
        env=environment,
        cwd=spec.workdir,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"up\n"
    try:
        yield process
        # Who still held it open would be seen here.
        assert await process.stdout.read() == b""
    finally:
        if process.returncode is None:
            process.kill()
        await end_marked(f"{SESSION}={spec.lock}")
        await process.wait()


@pytest.mark.parametrize("level", LEVELS)
async def test_a_sweep_returns_when_nothing_is_left(level: Isolation, tmp_path: Path) -> None:
    async with running(level, tmp_path, "setsid sleep 1000 & sleep 1000 & echo up; sleep 1000"):
        started = Started(tmp_path / "lock")
        await started.find()
        await started.sweep()
        assert left_behind(tmp_path / "lock") == []


@pytest.mark.parametrize("level", LEVELS)
async def test_what_died_by_itself_is_swept_as_well(level: Isolation, tmp_path: Path) -> None:
    script = "setsid sleep 1000 & echo up; until [ -e over ]; do sleep 0.05; done"
    async with running(level, tmp_path, script) as process:
        started = Started(tmp_path / "lock")
        await started.find()
        (tmp_path / "work" / "over").touch()
        while process.returncode is None:  # its `wait` also waits for what still holds its output
            await asyncio.sleep(0.01)
        await started.sweep()
        assert left_behind(tmp_path / "lock") == []


async def test_a_group_gets_time_to_end_by_itself(tmp_path: Path) -> None:
    script = "trap 'echo 1 > ended; exit' TERM; echo up; while :; do sleep 0.05; done"
    async with running("none", tmp_path, script):
        started = Started(tmp_path / "lock")
        await started.find()
        await started.end(30)
        assert (tmp_path / "work" / "ended").exists()


async def test_no_handle_is_left_open(tmp_path: Path) -> None:
    async with running("bwrap", tmp_path, "echo up; sleep 1000"):
        before = set(Path("/proc/self/fd").iterdir())
        started = Started(tmp_path / "lock")
        await started.find()
        await started.find()
        await started.sweep()
        await started.sweep()
        assert set(Path("/proc/self/fd").iterdir()) - before == set()


async def test_of_what_never_started_nothing_is_ended(tmp_path: Path) -> None:
    """To the system group 0 is our own."""
    started = Started(tmp_path / "lock")
    await started.find()
    await started.end(0)
    await started.sweep()
