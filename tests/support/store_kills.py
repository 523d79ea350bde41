"""Kills a store's process in the middle of bursts, again and again, and says what became of its rows.

For a long campaign: `python -m tests.support.store_kills DIRECTORY ROUNDS ROWS`.
"""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

PRODUCERS = Path(__file__).with_name("store_producers.py")


@dataclass(frozen=True)
class Aftermath:
    """Counts of rows, and what SQLite says of its file."""

    acknowledged: int
    lost: int
    out_of_order: int
    integrity: str


def kill_in_bursts(data: Path, rounds: int, rows: int) -> Aftermath:
    """Let producers write, kill them once so many rows are acknowledged, and go on with the same store."""
    acknowledged: list[int] = []
    for _ in range(rounds):
        acknowledged += _acknowledged_until_killed(data, max(acknowledged, default=0) + 1000, rows)
    with closing(sqlite3.connect(data / "roomkey.sqlite3")) as connection:
        stored = [number for (number,) in connection.execute("SELECT msg_id FROM turn ORDER BY seq")]
        (integrity,) = connection.execute("PRAGMA integrity_check").fetchone()
    return Aftermath(
        acknowledged=len(acknowledged),
        lost=len(set(acknowledged) - set(stored)),
        out_of_order=sum(one > other for one, other in pairwise(stored)),
        integrity=integrity,
    )


def _acknowledged_until_killed(data: Path, first: int, rows: int) -> list[int]:
    with subprocess.Popen([sys.executable, PRODUCERS, data, str(first)], stdout=subprocess.PIPE) as producers:
        assert producers.stdout is not None
        lines = [producers.stdout.readline() for _ in range(rows)]
        producers.kill()
        lines += producers.stdout.readlines()
    return [int(line) for line in lines if line.endswith(b"\n")]


if __name__ == "__main__":
    found = kill_in_bursts(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
    sys.stdout.write(json.dumps(asdict(found)) + "\n")
