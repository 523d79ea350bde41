"""The store under kill -9, on a full disk and beside a program that holds its file."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from sessions.clock import SystemClock
from sessions.errors import Locked
from sessions.store.sqlite import open_sqlite
from tests.support.store_values import inbound

SUPPORT = Path(__file__).parents[1] / "support"
ROUNDS = 4
KILLED_AFTER = 700


def whole(database: Path) -> str:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute("PRAGMA integrity_check").fetchone()[0]


def acknowledged_until_killed(data: Path, first: int) -> list[int]:
    """Run the producers, kill them in the middle of a burst, return the numbers they had reported."""
    with subprocess.Popen(
        [sys.executable, SUPPORT / "store_producers.py", data, str(first)], stdout=subprocess.PIPE
    ) as producers:
        assert producers.stdout is not None
        lines = [producers.stdout.readline() for _ in range(KILLED_AFTER)]
        producers.kill()
        lines += producers.stdout.readlines()
    return [int(line) for line in lines if line.endswith(b"\n")]


def test_nothing_acknowledged_is_lost_by_kill_9(tmp_path: Path) -> None:
    data, database = tmp_path / "data", tmp_path / "data" / "roomkey.sqlite3"
    acknowledged: list[int] = []
    for _ in range(ROUNDS):
        acknowledged += acknowledged_until_killed(data, first=max(acknowledged, default=0) + 1000)
    with closing(sqlite3.connect(database)) as connection:
        stored = [number for (number,) in connection.execute("SELECT msg_id FROM turn ORDER BY seq")]
    assert len(acknowledged) >= ROUNDS * KILLED_AFTER
    assert set(acknowledged) - set(stored) == set()
    assert stored == sorted(stored)
    assert whole(database) == "ok"


def test_a_full_disk_refuses_loses_nothing_and_recovers(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, SUPPORT / "fill_the_disk.py", tmp_path / "data"],
        capture_output=True,
        text=True,
        timeout=15,
        check=True,
    )
    seen = json.loads(done.stdout)
    assert seen["accepted"] == seen["readable"] > 10
    assert seen["after"]
    assert all("Free some disk space" in error for error in seen["errors"])
    assert whole(tmp_path / "data" / "roomkey.sqlite3") == "ok"


async def test_a_file_held_by_another_program_is_reported_and_then_works_again(tmp_path: Path) -> None:
    store = await open_sqlite(tmp_path, SystemClock())
    await store._writer.submit(lambda connection: connection.execute("PRAGMA busy_timeout = 20").fetchall())
    with closing(sqlite3.connect(tmp_path / "roomkey.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Locked, match="another program"):
            await store.accept(inbound(1))
    assert (await store.accept(inbound(1))).new
    await store.close()
