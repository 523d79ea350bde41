"""Which directories a room may be given."""

import os
from pathlib import Path

import pytest

from sessions.errors import BadWorkdir
from sessions.paths import Paths
from sessions.workdirs import checked_workdir


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    made = Paths(tmp_path / "data")
    made.create()
    return made


def test_an_existing_directory_is_taken_without_its_links(tmp_path: Path, paths: Paths) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "project")
    assert checked_workdir(tmp_path / "link", paths) == tmp_path / "project"


def test_what_is_no_directory_is_refused(tmp_path: Path, paths: Paths) -> None:
    (tmp_path / "file").touch()
    for name in ("file", "nothing"):
        with pytest.raises(BadWorkdir, match="is not a directory"):
            checked_workdir(tmp_path / name, paths)


def test_a_directory_below_claude_is_refused(tmp_path: Path, paths: Paths) -> None:
    (tmp_path / ".claude" / "work").mkdir(parents=True)
    with pytest.raises(BadWorkdir, match=r"below a \.claude directory"):
        checked_workdir(tmp_path / ".claude" / "work", paths)


@pytest.mark.parametrize("inside", ["", "sessions", ".."])
def test_roomkeys_own_data_is_refused_from_above_and_below(tmp_path: Path, paths: Paths, inside: str) -> None:
    (paths.root / "sessions").mkdir(exist_ok=True)
    (tmp_path / "link").symlink_to(paths.root / inside)
    with pytest.raises(BadWorkdir, match="Roomkey's own data"):
        checked_workdir(tmp_path / "link", paths)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_cannot_be_written_is_refused(tmp_path: Path, paths: Paths) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    with pytest.raises(BadWorkdir, match="may not write"):
        checked_workdir(tmp_path / "locked", paths)
