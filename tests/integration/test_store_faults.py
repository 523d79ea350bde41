"""The store under kill -9, on a full disk and beside a program that holds its file."""

import asyncio
import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from sessions.clock import SystemClock
from sessions.errors import Corrupt, Locked
from sessions.store import open_store
from sessions.store.sqlite import open_sqlite
from tests.support.store_kills import kill_in_bursts
from tests.support.store_values import inbound

SUPPORT = Path(__file__).parents[1] / "support"
ROUNDS = 4
KILLED_AFTER = 700


def whole(database: Path) -> str:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute("PRAGMA integrity_check").fetchone()[0]


@pytest.mark.fault("F2", "SIGKILL of the writer in a burst", "every acknowledged row is there")
def test_nothing_acknowledged_is_lost_by_kill_9(tmp_path: Path) -> None:
    found = kill_in_bursts(tmp_path / "data", ROUNDS, KILLED_AFTER)
    assert found.acknowledged >= ROUNDS * KILLED_AFTER
    assert (found.lost, found.out_of_order, found.integrity) == (0, 0, "ok")


@pytest.mark.fault("F15", "no file may grow (RLIMIT_FSIZE)", "refused, nothing lost, works again after it")
def test_a_full_disk_refuses_loses_nothing_and_recovers(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, SUPPORT / "fill_the_disk.py", tmp_path / "data"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    seen = json.loads(done.stdout)
    assert seen["accepted"] == seen["readable"] > 10
    assert seen["after"]
    assert all("Free some disk space" in error for error in seen["errors"])
    assert whole(tmp_path / "data" / "roomkey.sqlite3") == "ok"


async def test_damage_fails_the_change_and_is_told_once_it_is_seen(tmp_path: Path) -> None:
    final: asyncio.Queue[Corrupt] = asyncio.Queue()
    store = await open_store(tmp_path, SystemClock(), on_final=final.put_nowait)
    await store.accept(inbound(1))
    await store.close()
    database = tmp_path / "roomkey.sqlite3"
    store = await open_store(tmp_path, SystemClock(), on_final=final.put_nowait)
    with database.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (database.stat().st_size - 4096))
    with pytest.raises(Corrupt):
        await store.accept(inbound(2))
    assert "is damaged" in str(await final.get())
    with pytest.raises(Corrupt):
        await store.waiting()
    await final.get()
    await store.close()


async def test_nothing_is_acknowledged_into_a_file_that_is_gone(tmp_path: Path) -> None:
    final: asyncio.Queue[Corrupt] = asyncio.Queue()
    store = await open_store(tmp_path, SystemClock(), on_final=final.put_nowait)
    await store.accept(inbound(1))
    (tmp_path / "roomkey.sqlite3").unlink()
    with pytest.raises(Corrupt, match="moved or deleted"):
        await store.accept(inbound(2))
    assert "Put it back" in str(await final.get())
    (tmp_path / "roomkey.sqlite3").touch()  # another file of that name is not the one either
    with pytest.raises(Corrupt):
        await store.accept(inbound(3))
    await store.close()


@pytest.mark.fault("F17", "another connection holds the write lock", "refused, works again after it")
async def test_a_file_held_by_another_program_is_reported_and_then_works_again(tmp_path: Path) -> None:
    store = await open_sqlite(tmp_path, SystemClock())
    await store._writer.submit(lambda connection: connection.execute("PRAGMA busy_timeout = 20").fetchall())
    with closing(sqlite3.connect(tmp_path / "roomkey.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Locked, match="another program"):
            await store.accept(inbound(1))
    assert (await store.accept(inbound(1))).new
    await store.close()
