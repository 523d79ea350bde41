"""Watching a database in use: what is final is said on the event loop, what may pass is not."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from sessions.errors import Corrupt, Locked
from sessions.paths import Paths
from sessions.store.sqlite_watch import Watch


def error(code: int) -> sqlite3.OperationalError:
    raised = sqlite3.OperationalError("something")
    raised.sqlite_errorcode = code
    return raised


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    paths = Paths(tmp_path)
    paths.database.write_bytes(b"a database")
    return paths


@pytest.mark.parametrize("trouble", ["deleted", "moved", "replaced"])
async def test_a_file_that_is_gone_is_final(paths: Paths, trouble: str) -> None:
    told: asyncio.Queue[Corrupt] = asyncio.Queue()
    watch = Watch(paths, paths.database.stat(), told.put_nowait)
    await asyncio.to_thread(watch.check)
    kept = paths.root / "kept"
    match trouble:
        case "deleted":
            paths.database.unlink()
        case "moved":
            paths.database.rename(kept)
        case _:
            kept.write_bytes(b"another")
            kept.rename(paths.database)
    with pytest.raises(Corrupt, match="moved or deleted") as raised:
        await asyncio.to_thread(watch.check)
    assert await told.get() is raised.value


async def test_damage_is_final_and_a_lock_is_not(paths: Paths) -> None:
    told: asyncio.Queue[Corrupt] = asyncio.Queue()
    watch = Watch(paths, paths.database.stat(), told.put_nowait)
    assert isinstance(await asyncio.to_thread(watch.explain, error(sqlite3.SQLITE_BUSY)), Locked)
    damage = await asyncio.to_thread(watch.explain, error(sqlite3.SQLITE_CORRUPT))
    assert await told.get() is damage
    assert told.empty()
