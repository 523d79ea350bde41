"""What a room is given beside its own: how it is written, and what is refused."""

import os
import socket
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.box.mounts import Mount, parse_mount, refusal
from sessions.paths import Paths


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    made = Paths(tmp_path / "data")
    made.create()
    return made


def test_a_mount_is_a_path_and_what_may_be_done_there() -> None:
    assert parse_mount("/srv/repo:ro") == Mount(Path("/srv/repo"), writable=False)
    assert parse_mount("/srv/a:b:rw") == Mount(Path("/srv/a:b"), writable=True)


@pytest.mark.parametrize("text", ["", "/srv/repo", "/srv/repo:", "/srv/repo:rx", "/srv/repo:RO", ":ro"])
def test_what_does_not_say_it_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="as in /srv/repo:ro"):
        parse_mount(text)


@pytest.mark.parametrize("text", ["repo:ro", "~/repo:rw", "../x:ro", "/srv\0/x:ro"])
def test_only_absolute_paths_are_taken(text: str) -> None:
    with pytest.raises(ValueError, match="absolute path"):
        parse_mount(text)


@given(st.text())
def test_any_text_is_a_mount_or_a_sentence(text: str) -> None:
    with suppress(ValueError):
        assert parse_mount(text).path.is_absolute()


def test_an_existing_directory_or_file_may_be_given(tmp_path: Path, paths: Paths) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "repo").mkdir()
    for name in ("file", "repo"):
        for writable in (False, True):
            assert refusal(Mount(tmp_path / name, writable), paths) is None


def test_what_does_not_exist_is_refused(tmp_path: Path, paths: Paths) -> None:
    assert "does not exist" in str(refusal(Mount(tmp_path / "gone", writable=False), paths))


@pytest.mark.parametrize("name", ["link", "link/inner", "real/../real"])
def test_a_path_over_a_link_is_refused_and_the_real_one_named(
    tmp_path: Path, paths: Paths, name: str
) -> None:
    (tmp_path / "real" / "inner").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    said = str(refusal(Mount(Path(f"{tmp_path}/{name}"), writable=False), paths))
    assert f"to {tmp_path}/real" in said


def test_a_link_into_the_data_directory_is_refused(tmp_path: Path, paths: Paths) -> None:
    (tmp_path / "link").symlink_to(paths.root)
    assert "leads over a link" in str(refusal(Mount(tmp_path / "link", writable=True), paths))


@pytest.mark.parametrize("inside", ["", "sessions", ".."])
def test_the_data_directory_is_refused_from_above_and_below(
    tmp_path: Path, paths: Paths, inside: str
) -> None:
    (paths.root / "sessions").mkdir()
    place = (paths.root / inside).resolve()
    said = str(refusal(Mount(place, writable=False), paths))
    assert "Roomkey's own data" in said
    assert "mount it with :ro" not in said


def test_a_program_of_roomkeys_may_be_mounted_to_read(paths: Paths) -> None:
    said = str(refusal(Mount(Path(__file__).parents[2], writable=True), paths))
    assert "mount it with :ro" in said


def test_a_socket_is_no_mount(tmp_path: Path, paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as there:
        there.bind("s")
        assert "neither a directory nor a file" in str(refusal(Mount(tmp_path / "s", writable=False), paths))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_what_roomkey_cannot_write_is_not_given_to_write(tmp_path: Path, paths: Paths) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    assert "mount it with :ro" in str(refusal(Mount(tmp_path / "closed", writable=True), paths))
