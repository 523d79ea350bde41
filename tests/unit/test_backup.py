"""A backup holds what has to be kept, no secret and nothing through a link; it is whole or not there."""

import json
import os
import subprocess
import sys
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sessions.backup import Backup, write_backup
from sessions.errors import UserError
from sessions.paths import Paths
from tests.support.rooms_on_disk import LAB, left_behind

NOW = datetime(2030, 1, 1, tzinfo=UTC)

# Blocking is what this is about: the fixture alone needs a loop.


@pytest.fixture
async def _left(tmp_path: Path) -> Paths:
    return await left_behind(tmp_path / "data")


@pytest.fixture
def paths(_left: Paths) -> Paths:
    return _left


def write(paths: Paths, target: Path, *, workdirs: bool = False, force: bool = False) -> Backup:
    return write_backup(paths, target, workdirs=workdirs, version="1.2.3", now=NOW, force=force)


def names(target: Path) -> set[str]:
    with tarfile.open(target) as archive:
        return set(archive.getnames())


def everything(target: Path) -> bytes:
    with tarfile.open(target) as archive:
        return b"".join(
            file.read() for member in archive if member.isfile() and (file := archive.extractfile(member))
        )


@pytest.mark.parametrize("ending", [".tar", ".tar.gz", ".tgz"])
def test_it_holds_store_settings_memory_and_conversations(paths: Paths, tmp_path: Path, ending: str) -> None:
    target = tmp_path / f"b{ending}"
    done = write(paths, target)
    found = names(target)
    assert {"roomkey.sqlite3", "roomkey.toml", "manifest.json", "sessions/lab/memory/notes.md"} <= found
    assert any(name.endswith("/id-of-lab.jsonl") for name in found)
    assert not any("/work" in name or "/tmp" in name for name in found)
    assert target.stat().st_mode & 0o777 == 0o600
    assert done.files == len([name for name in found if "." in name.rpartition("/")[2]]) - 1
    assert done.elsewhere == []
    assert sorted(path.name for path in tmp_path.iterdir()) == [target.name, "data"]


def test_files_that_wait_to_be_sent_come_along(paths: Paths, tmp_path: Path) -> None:
    paths.spool.mkdir()
    (paths.spool / ("0" * 32)).write_bytes(b"a picture")
    write(paths, tmp_path / "b.tar")
    assert f"spool/{'0' * 32}" in names(tmp_path / "b.tar")


def test_work_comes_along_by_choice(paths: Paths, tmp_path: Path) -> None:
    write(paths, tmp_path / "b.tar", workdirs=True)
    with tarfile.open(tmp_path / "b.tar") as archive:
        assert archive.getmember("sessions/lab/work/src/a.py").mode == 0o600
        assert archive.getmember("sessions/lab/work/run.sh").mode == 0o700


def test_no_secret_is_in_it_under_any_name(paths: Paths, tmp_path: Path) -> None:
    memory = paths.room(LAB).memory_dir
    (memory / "mine").hardlink_to(paths.root / "discord-token")
    (memory / "soft").symlink_to(paths.root / "discord-token")
    done = write(paths, tmp_path / "b.tar", workdirs=True)
    assert b"canary" not in everything(tmp_path / "b.tar")
    assert {line.rpartition("/")[2].partition(":")[0] for line in done.left_out} == {
        "mine",
        ".credentials.json",
    }


def test_no_link_is_followed_and_a_pipe_holds_nobody_up(paths: Paths, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("canary outside")
    memory, home = paths.room(LAB).memory_dir, paths.room(LAB).home
    os.mkfifo(memory / "pipe")
    (memory / "out").symlink_to(outside)
    home.rename(home.with_name("was"))
    home.symlink_to(outside)
    write(paths, tmp_path / "b.tar")
    assert b"canary" not in everything(tmp_path / "b.tar")
    with tarfile.open(tmp_path / "b.tar") as archive:
        assert archive.getmember("sessions/lab/memory/out").issym()
    assert "sessions/lab/memory/pipe" not in names(tmp_path / "b.tar")


def test_the_manifest_names_every_file_and_the_version(paths: Paths, tmp_path: Path) -> None:
    write(paths, tmp_path / "b.tar")
    with tarfile.open(tmp_path / "b.tar") as archive:
        assert archive.getnames()[-1] == "manifest.json"
        file = archive.extractfile("manifest.json")
        assert file is not None
        manifest = json.loads(file.read())
        plain = {member.name for member in archive if member.isfile()} - {"manifest.json"}
    assert set(manifest["files"]) == plain
    assert (manifest["format"], manifest["roomkey"], manifest["root"]) == (1, "1.2.3", str(paths.root))
    assert manifest["schema"] >= 3


@pytest.mark.parametrize("name", ["b.zip", "b.tar.zst", "b"])
def test_an_odd_name_is_refused(paths: Paths, tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="ends in"):
        write(paths, tmp_path / name)


def test_a_file_is_not_written_over_unasked(paths: Paths, tmp_path: Path) -> None:
    target = tmp_path / "b.tar"
    target.write_text("kept")
    with pytest.raises(UserError, match="exists already"):
        write(paths, target)
    assert target.read_text() == "kept"
    write(paths, target, force=True)
    assert "manifest.json" in names(target)


# Of a process: the kernel refuses what is larger, as a full disk does.
_WITH_LITTLE_ROOM = """
import resource, sys
from datetime import UTC, datetime
from pathlib import Path
from sessions.backup import write_backup
from sessions.errors import UserError
from sessions.paths import Paths
resource.setrlimit(resource.RLIMIT_FSIZE, (4 * 1024**2, 4 * 1024**2))
try:
    paths, target = Paths(Path(sys.argv[1])), Path(sys.argv[2])
    write_backup(paths, target, workdirs=False, version="1", now=datetime.now(UTC))
except UserError as error:
    print(error)
"""


@pytest.mark.parametrize("ending", [".tar", ".tar.gz"])
def test_a_full_disk_ends_it_and_leaves_no_file_out(paths: Paths, tmp_path: Path, ending: str) -> None:
    # Larger than what is held in memory, and nothing once it is packed.
    (paths.room(LAB).memory_dir / "a-large-one").write_bytes(b"0" * 12 * 1024**2)
    target = tmp_path / f"b{ending}"
    words = (sys.executable, "-c", _WITH_LITTLE_ROOM, str(paths.root), str(target))
    done = subprocess.run(words, check=True, capture_output=True, text=True, timeout=120)
    assert done.stdout == f"{target} cannot be written: File too large.\n"
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_what_a_killed_backup_left_is_in_nobodys_way(paths: Paths, tmp_path: Path) -> None:
    for name in (".b.tar.part", ".b.tar.sqlite3.part"):
        (tmp_path / name).write_text("half")
    write(paths, tmp_path / "b.tar")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.tar", "data"]


def test_nothing_is_left_where_it_cannot_be_written(paths: Paths, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be written"):
        write(paths, tmp_path / "absent" / "b.tar")
    with pytest.raises(UserError, match="no database"):
        write(Paths(tmp_path / "empty"), tmp_path / "b.tar")
    assert not (tmp_path / "b.tar").exists()
