"""Files that wait to be sent: on disk when they are handed over, gone when nobody needs them."""

import asyncio
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from sessions.spool import Spool, SpoolFull
from sessions.store.values import PieceFile
from tests.support.outbox_scene import scene

ROOT = Path(__file__).parents[2]


async def test_a_file_is_there_until_it_is_removed_and_nobody_else_can_read_it(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    kept = await spool.add("report.pdf", b"%PDF", shown="out/report.pdf")
    assert (kept.name, kept.size_bytes, kept.shown) == ("report.pdf", 4, "out/report.pdf")
    assert await spool.read(kept) == b"%PDF"
    [path] = (tmp_path / "spool").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    await spool.remove([kept])
    assert await spool.read(kept) is None
    await spool.remove([kept])


async def test_a_file_survives_a_restart_and_what_no_piece_needs_is_swept(tmp_path: Path) -> None:
    before = Spool(tmp_path / "spool")
    needed, stray = await before.add("a", b"a"), await before.add("b", b"b")
    after = Spool(tmp_path / "spool")
    assert await after.sweep({needed.spooled}) == 1
    assert (await after.read(needed), await after.read(stray)) == (b"a", None)


async def test_a_sweep_touches_nothing_that_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool" / "notes.txt").write_text("mine")
    spool = Spool(tmp_path / "spool")
    assert await spool.sweep(()) == 0
    assert (tmp_path / "spool" / "notes.txt").exists()


async def test_without_a_directory_there_is_nothing_to_sweep(tmp_path: Path) -> None:
    assert await Spool(tmp_path / "spool").sweep(()) == 0


async def test_no_more_waits_than_the_disk_is_meant_to_hold(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", limit_bytes=10)
    first = await spool.add("a", b"x" * 8)
    with pytest.raises(SpoolFull):
        await spool.add("b", b"x" * 3)
    await spool.remove([first])
    await spool.add("b", b"x" * 3)


@pytest.mark.parametrize("name", ["../roomkey.sqlite3", "/etc/passwd", "", "A" * 32])
async def test_a_stored_name_that_is_not_ours_is_neither_read_nor_removed(tmp_path: Path, name: str) -> None:
    (tmp_path / "roomkey.sqlite3").write_text("precious")
    spool = Spool(tmp_path / "spool")
    odd = PieceFile(name="a", spooled=name)
    assert await spool.read(odd) is None
    await spool.remove([odd])
    assert (tmp_path / "roomkey.sqlite3").read_text() == "precious"


async def test_a_disk_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("in the way")
    with pytest.raises(OSError, match="spool"):
        await Spool(tmp_path / "spool").add("a", b"a")


_KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from sessions.clock import SystemClock
from sessions.spool import Spool
from sessions.store import open_store
from sessions.store.values import Piece
from tests.support.outbox_scene import post

async def main(data_dir, when):
    store, spool = await open_store(data_dir, SystemClock()), Spool(data_dir / "spool")
    kept = await spool.add("a.txt", b"kept")
    if when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    await post(store, Piece(channel_id="1", files=(kept,)))
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
"""


@pytest.mark.parametrize(("when", "arrives"), [("before", []), ("after", [b"kept"])])
async def test_a_kill_around_the_commit_loses_no_file_that_was_stored_and_leaves_none(
    tmp_path: Path, when: str, arrives: list[bytes]
) -> None:
    words = (sys.executable, "-c", _KILLED, str(tmp_path), when)
    done = await asyncio.to_thread(subprocess.run, words, cwd=ROOT, timeout=120, check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(list((tmp_path / "spool").iterdir())) == 1
    async with scene(tmp_path) as it:
        await it.spool.sweep(await it.store.upkeep.spooled())
        await it.all_sent()
        assert [file.content for shown in it.port.messages.values() for file in shown.files] == arrives
    assert list((tmp_path / "spool").iterdir()) == []
