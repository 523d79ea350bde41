"""Paths: everything below one root."""

from pathlib import Path

import pytest

from sessions.errors import EXIT_BAD_STATE, StateError
from sessions.keys import session_key
from sessions.paths import Paths


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
