"""Paths: everything below one root, and files in an agent's directory opened without following links."""

import os
from pathlib import Path

import pytest

from sessions.errors import EXIT_BAD_STATE, StateError
from sessions.keys import session_key
from sessions.paths import INBOX, Paths, open_beneath


def write(descriptor: int, content: bytes) -> None:
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_everything_lies_below_the_data_directory(tmp_path: Path) -> None:
    paths = Paths(tmp_path)
    room = paths.room(session_key("42"))
    everything = [
        paths.database,
        paths.lock,
        paths.backups,
        paths.imports,
        paths.launcher,
        paths.session_lock("../../../etc/passwd"),
        room.workdir,
        room.memory_dir,
        room.home,
    ]
    assert all(path.is_relative_to(tmp_path) and ".." not in path.parts for path in everything)
    assert len(set(everything)) == len(everything)


def test_rooms_whose_keys_differ_only_in_case_are_apart(tmp_path: Path) -> None:
    paths = Paths(tmp_path)
    names = {str(paths.room(session_key(key)).root).lower() for key in ("Room", "room", "ROOM")}
    assert len(names) == 3


def test_locks_of_different_agent_sessions_are_apart(tmp_path: Path) -> None:
    paths = Paths(tmp_path)
    assert len({paths.session_lock(name) for name in ("a", "A", "a/b", "a b", "a\ud800", "")}) == 6


def test_what_is_made_is_for_nobody_else(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "new" / "data")
    key = session_key("room")
    room = paths.room(key)
    for _ in range(2):
        paths.create()
        paths.make_room(key, room.workdir, room.memory_dir)
    for made in (paths.root, paths.backups, paths.session_locks, paths.launcher.parent, room.root):
        assert mode(made) == 0o700
    assert all(mode(made) == 0o700 for made in (room.workdir, room.memory_dir, room.home))


def test_a_bound_workdir_takes_the_place_of_the_rooms_own(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "data")
    key = session_key("room")
    paths.make_room(key, tmp_path / "elsewhere", paths.room(key).memory_dir)
    assert (tmp_path / "elsewhere").is_dir()
    assert not paths.room(key).workdir.exists()


def test_links_to_the_data_directory_are_followed_once_and_for_all(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert Paths.at(tmp_path / "link" / ".." / "link").root == tmp_path / "real"


def test_a_data_directory_below_dot_claude_is_refused(tmp_path: Path) -> None:
    hidden = tmp_path / ".claude" / "data"
    hidden.mkdir(parents=True)
    (tmp_path / "link").symlink_to(hidden)
    for make, path in ((Paths, hidden), (Paths.at, tmp_path / "link")):
        with pytest.raises(StateError, match=r"\.claude") as caught:
            make(path)
        assert caught.value.exit_code == EXIT_BAD_STATE


def test_a_file_is_made_below_its_directory(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(open_beneath(tmp_path, INBOX, name), name.encode())
    assert (tmp_path / INBOX / "a").read_bytes() == b"a"
    assert (mode(tmp_path / INBOX), mode(tmp_path / INBOX / "b")) == (0o700, 0o600)


def test_an_existing_file_is_never_opened(tmp_path: Path) -> None:
    write(open_beneath(tmp_path, "a"), b"first")
    with pytest.raises(FileExistsError):
        open_beneath(tmp_path, "a")
    assert (tmp_path / "a").read_bytes() == b"first"


@pytest.mark.parametrize("dangling", [True, False])
def test_a_file_that_is_a_link_is_not_followed(tmp_path: Path, dangling: bool) -> None:
    work, outside = tmp_path / "work", tmp_path / "outside"
    work.mkdir()
    if not dangling:
        outside.write_text("precious")
    (work / "a").symlink_to(outside)
    with pytest.raises(FileExistsError):
        open_beneath(work, "a")
    assert outside.exists() is not dangling


def test_a_directory_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    work, outside = tmp_path / "work", tmp_path / "outside"
    work.mkdir()
    outside.mkdir()
    (work / INBOX).symlink_to(outside)
    with pytest.raises(OSError, match=INBOX):
        open_beneath(work, INBOX, "a")
    with pytest.raises(OSError, match=INBOX):
        open_beneath(work / INBOX, "a")
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/a", "a\0b"])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    for names in ((name,), (name, "a")):
        with pytest.raises(ValueError, match="not a file name"):
            open_beneath(tmp_path, *names)


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    descriptors = Path("/proc/self/fd")
    before = len(list(descriptors.iterdir()))
    os.close(open_beneath(tmp_path, "x", "y", "a"))
    with pytest.raises(FileExistsError):
        open_beneath(tmp_path, "x", "y", "a")
    assert len(list(descriptors.iterdir())) == before
