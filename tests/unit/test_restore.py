"""A restore gives back what was there, checks everything first, and loses nothing of what it replaces."""

import asyncio
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sessions.backup import write_backup
from sessions.clock import SystemClock
from sessions.errors import Corrupt, Locked, TooNew, UserError
from sessions.instance import hold_instance
from sessions.paths import Paths
from sessions.restore import Restored, restore
from sessions.room_words import RoomWords
from sessions.store import open_store
from tests.support.rooms_on_disk import LAB, TRANSCRIPT, left_behind, transcript

NOW = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
async def _left(tmp_path: Path) -> Paths:
    return await left_behind(tmp_path / "data")


@pytest.fixture
def paths(_left: Paths) -> Paths:
    return _left


@pytest.fixture
def backup(paths: Paths, tmp_path: Path) -> Path:
    target = tmp_path / "b.tar.gz"
    write_backup(paths, target, workdirs=True, version="1.2.3", now=NOW)
    return target


def rows(paths: Paths, question: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(paths.database)) as connection:
        return connection.execute(question).fetchall()


def files(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def test_a_new_directory_gets_everything(backup: Path, paths: Paths, tmp_path: Path) -> None:
    new = Paths(tmp_path / "new")
    assert restore(backup, new.root, NOW) == Restored(made=NOW, files=6, aside=None, workdirs=True)
    room = new.room(LAB)
    assert (room.memory_dir / "notes.md").read_text() == "notes"
    assert (room.workdir / "run.sh").stat().st_mode & 0o777 == 0o700
    assert (room.workdir / "src" / "a.py").stat().st_mode & 0o777 == 0o600
    assert (room.home / "link").readlink() == Path("/etc/passwd")
    assert new.root.stat().st_mode & 0o777 == 0o700
    assert rows(new, "SELECT prompt FROM turn") == rows(paths, "SELECT prompt FROM turn")
    assert not (new.root / "discord-token").exists()
    assert not (new.root / ".restoring").exists()


async def test_what_was_set_in_rooms_comes_back(paths: Paths, tmp_path: Path) -> None:
    store = await open_store(paths.root, SystemClock())
    await RoomWords(store).change(LAB, {"model": "large", "prompt": "be kind"})
    await store.close()
    backup, new = tmp_path / "c.tar.gz", tmp_path / "new"
    await asyncio.to_thread(write_backup, paths, backup, workdirs=False, version="1.2.3", now=NOW)
    await asyncio.to_thread(restore, backup, new, NOW)
    restored = await open_store(new, SystemClock())
    words = RoomWords(restored)
    await words.load()
    assert (words.room(LAB).model, words.room(LAB).prompt) == ("large", "be kind")
    await restored.close()


def test_rooms_and_conversations_are_found_where_they_lie_now(backup: Path, tmp_path: Path) -> None:
    new = Paths(tmp_path / "elsewhere" / "new")
    restore(backup, new.root, NOW)
    room = new.room(LAB)
    assert rows(new, "SELECT workdir, memory_dir FROM session") == [(str(room.workdir), str(room.memory_dir))]
    assert transcript(new).read_text() == TRANSCRIPT


def test_it_counts_as_another_store_so_that_no_nonce_comes_twice(
    backup: Path, paths: Paths, tmp_path: Path
) -> None:
    restore(backup, tmp_path / "new", NOW)
    question = "SELECT text FROM fact WHERE scope = 'store'"
    assert rows(paths, question) != rows(Paths(tmp_path / "new"), question)


def test_what_is_there_is_never_written_over_unasked(backup: Path, paths: Paths) -> None:
    before = files(paths.root)
    with pytest.raises(UserError, match="--force"):
        restore(backup, paths.root, NOW)
    assert {name: content for name, content in files(paths.root).items() if name != "roomkey.lock"} == before


def test_what_is_there_is_moved_aside_and_the_token_stays(backup: Path, paths: Paths) -> None:
    (paths.room(LAB).memory_dir / "notes.md").write_text("newer")
    done = restore(backup, paths.root, NOW, force=True)
    assert done.aside is not None
    assert (done.aside / "sessions" / "lab" / "memory" / "notes.md").read_text() == "newer"
    assert (done.aside / "roomkey.sqlite3").exists()
    assert (paths.room(LAB).memory_dir / "notes.md").read_text() == "notes"
    assert (paths.root / "discord-token").read_text() == "canary-of-the-token"
    again = restore(backup, paths.root, NOW.replace(year=2031), force=True)
    assert done.aside.exists()
    assert again.aside != done.aside


def test_a_running_bot_keeps_its_directory(backup: Path, paths: Paths) -> None:
    with hold_instance(paths.lock), pytest.raises(Locked):
        restore(backup, paths.root, NOW, force=True)
    assert paths.database.exists()


def remade(backup: Path, change: Callable[[tarfile.TarInfo, bytes], tuple[str, bytes] | None]) -> Path:
    """Write the backup anew, each file changed or left out."""
    target = backup.with_name("changed.tar")
    with tarfile.open(backup) as old, tarfile.open(target, "w") as new:
        for member in old:
            if not member.isfile():
                new.addfile(member)
                continue
            file = old.extractfile(member)
            assert file is not None
            if (changed := change(member, file.read())) is not None:
                member.name, content = changed
                member.size = len(content)
                new.addfile(member, io.BytesIO(content))
    return target


def _manifest(**more: object) -> Callable[[tarfile.TarInfo, bytes], tuple[str, bytes]]:
    def change(member: tarfile.TarInfo, content: bytes) -> tuple[str, bytes]:
        if member.name == "manifest.json":
            content = json.dumps({**json.loads(content), **more}).encode()
        return member.name, content

    return change


def _only(name: str, content: bytes | None, new: str = "") -> Callable[..., tuple[str, bytes] | None]:
    def change(member: tarfile.TarInfo, old: bytes) -> tuple[str, bytes] | None:
        if not member.name.endswith(name):
            return member.name, old
        return None if content is None else (new or member.name, content or old)

    return change


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (_only("notes.md", b"forged"), Corrupt),
        (_only("notes.md", None), Corrupt),
        (_only("manifest.json", None), Corrupt),
        (_only("manifest.json", b"[]"), Corrupt),
        (_only("roomkey.sqlite3", b"SQLite format 3\0" + b"x" * 5000), Corrupt),
        (_only("notes.md", b"", "../../outside"), Corrupt),
        (_only("notes.md", b"", "/tmp/outside"), Corrupt),
        (_only("notes.md", b"", "sessions/lab/home/link"), Corrupt),
        (_manifest(schema=99), TooNew),
        (_manifest(format=2), TooNew),
    ],
)
def test_what_is_not_whole_or_newer_changes_nothing(
    backup: Path, paths: Paths, change: Callable[..., tuple[str, bytes] | None], error: type[Exception]
) -> None:
    before = files(paths.root)
    with pytest.raises(error):
        restore(remade(backup, change), paths.root, NOW, force=True)
    assert {name: content for name, content in files(paths.root).items() if name != "roomkey.lock"} == before
    assert not (paths.root.parent / "outside").exists()


def test_a_cut_file_is_refused_at_every_length(backup: Path, tmp_path: Path) -> None:
    whole = backup.read_bytes()
    cut, new, refused = tmp_path / "cut.tar.gz", tmp_path / "new", 0
    step = max(1, len(whole) // 40)
    for length in range(0, len(whole), step):
        cut.write_bytes(whole[:length])
        try:
            done = restore(cut, new, NOW)
        except Corrupt:
            refused += 1
            assert [path.name for path in new.iterdir()] == ["roomkey.lock"]
        else:  # nothing but the padding behind the last file is missing
            assert done.files == 6
            assert length > len(whole) - 2 * step
            shutil.rmtree(new)
    assert refused >= 38


def test_bytes_that_were_changed_on_the_way_are_refused(backup: Path, tmp_path: Path) -> None:
    whole, harmless = backup.read_bytes(), 0
    for place in range(64, len(whole), max(1, len(whole) // 40)):
        changed = tmp_path / "changed.tar.gz"
        changed.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        try:
            restore(changed, tmp_path / "new", NOW)
        except Corrupt:
            continue
        harmless += 1  # a byte that only fills up, between two parts of the compressed data
        shutil.rmtree(tmp_path / "new")
    assert harmless <= 2


# Of a process: the kernel refuses what is larger, as a full disk does.
_WITH_LITTLE_ROOM = """
import resource, sys
from datetime import UTC, datetime
from pathlib import Path
from sessions.errors import UserError
from sessions.restore import restore
resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))
try:
    restore(Path(sys.argv[1]), Path(sys.argv[2]), datetime.now(UTC))
except UserError as error:
    print(error)
"""


def test_a_full_disk_is_not_called_a_damaged_backup(backup: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    words = (sys.executable, "-c", _WITH_LITTLE_ROOM, str(backup), str(new))
    done = subprocess.run(words, check=True, capture_output=True, text=True, timeout=120)
    assert done.stdout == f"{new} cannot be written: File too large.\n"
    assert [path.name for path in new.iterdir()] == ["roomkey.lock"]


def test_another_users_directory_is_left_to_that_user(backup: Path, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign"
    if os.geteuid() == 0:
        foreign.mkdir()
        os.chown(foreign, 12345, 12345)
    else:
        foreign = Path("/")
    with pytest.raises(UserError, match="as that user, with `sudo -u"):
        restore(backup, foreign, NOW, force=True)
    assert not (foreign / "roomkey.lock").exists()


def test_no_link_of_a_backup_leads_another_one_out(backup: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    target = tmp_path / "evil.tar"
    with tarfile.open(backup) as old, tarfile.open(target, "w") as new:
        for member in old:
            new.addfile(member, old.extractfile(member) if member.isfile() else None)
        for name, leads_to in (("sessions/out", str(outside)), ("sessions/out/planted", "/etc/passwd")):
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, leads_to
            new.addfile(link)
    with pytest.raises(Corrupt, match="leads through"):
        restore(target, tmp_path / "new", NOW)
    assert list(outside.iterdir()) == []


def test_a_file_is_never_written_through_a_link_of_the_backup(backup: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    target = tmp_path / "evil.tar"
    with tarfile.open(target, "w") as archive:
        link = tarfile.TarInfo("sessions/lab/home")
        link.type, link.linkname = tarfile.SYMTYPE, str(outside)
        archive.addfile(link)
        file = tarfile.TarInfo("sessions/lab/home/planted")
        file.size = 1
        archive.addfile(file, io.BytesIO(b"x"))
    with pytest.raises(Corrupt):
        restore(target, tmp_path / "new", NOW)
    assert list(outside.iterdir()) == []


def test_a_copy_of_the_database_alone_comes_back_with_all_else_as_it_is(paths: Paths) -> None:
    copy = paths.backups / "roomkey-20300101T000000.000000Z-v3.sqlite3"
    copy.write_bytes(paths.database.read_bytes())
    with closing(sqlite3.connect(paths.database)) as connection, connection:
        connection.execute("DELETE FROM turn")
    with pytest.raises(UserError, match="--force"):
        restore(copy, paths.root, NOW)
    done = restore(copy, paths.root, NOW, force=True)
    assert len(rows(paths, "SELECT 1 FROM turn")) == 2
    assert done.aside is not None
    assert [path.name for path in done.aside.iterdir()] == ["roomkey.sqlite3"]
    assert (paths.room(LAB).memory_dir / "notes.md").exists()
    assert copy.exists()


def test_a_backup_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no backup"):
        restore(tmp_path / "absent.tar", tmp_path / "new", NOW)
