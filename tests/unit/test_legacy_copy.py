"""Copying another program's files."""

import os
from contextlib import suppress
from pathlib import Path

import pytest

from sessions.legacy_copy import Copy, make_private, run_copy, size_bytes
from tests.support.claudeclaw import snapshot


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A directory with everything that a directory may hold."""
    source = tmp_path / "source"
    (source / "a" / "b").mkdir(parents=True)
    (source / "empty").mkdir()
    (source / "memory").mkdir()
    (source / "memory" / "note.md").write_text("remember")
    (source / "a" / "memory").write_text("not at the top")
    (source / "a" / "b" / "text").write_text("deep")
    (source / "tool").write_text("#!/bin/sh\n")
    (source / "tool").chmod(0o4755)
    (source / "inside").symlink_to("a/b/text")
    (source / "outside").symlink_to("/etc")
    (source / "dangling").symlink_to("nowhere")
    os.mkfifo(source / "pipe")
    return source


def names(directory: Path) -> set[str]:
    return {str(path.relative_to(directory)) for path in directory.rglob("*")}


def copied(source: Path, target: Path, leave_out: frozenset[str] = frozenset()) -> list[int]:
    told: list[int] = []
    run_copy(Copy(source=source, target=target, leave_out=leave_out), told.append)
    return told


def test_a_directory_is_copied_whole_but_for_pipes_and_what_is_left_out(source: Path, tmp_path: Path) -> None:
    before = snapshot(source)
    target = tmp_path / "new" / "work"
    copied(source, target, frozenset(("memory",)))
    assert names(target) == names(source) - {"pipe", "memory", "memory/note.md"}
    assert (target / "a" / "b" / "text").read_text() == "deep"
    assert snapshot(source) == before


def test_links_are_copied_as_links(source: Path, tmp_path: Path) -> None:
    copied(source, tmp_path / "target")
    assert (tmp_path / "target" / "inside").readlink() == Path("a/b/text")
    assert (tmp_path / "target" / "outside").readlink() == Path("/etc")
    assert (tmp_path / "target" / "dangling").is_symlink()


def test_copies_are_private_and_keep_only_the_right_to_run(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "new" / "target"
    before = os.umask(0o022)
    try:
        copied(source, target)
    finally:
        os.umask(before)
    paths = (target.parent, target, target / "a", target / "tool", target / "a" / "b" / "text")
    assert [path.stat().st_mode & 0o7777 for path in paths] == [0o700, 0o700, 0o700, 0o700, 0o600]


def test_progress_tells_every_byte(source: Path, tmp_path: Path) -> None:
    copy = Copy(source=source, target=tmp_path / "target")
    written = sum(map(len, ("remember", "not at the top", "deep", "#!/bin/sh\n")))
    assert sum(copied(source, copy.target)) == size_bytes(copy) == written


def test_what_is_left_out_does_not_count(source: Path, tmp_path: Path) -> None:
    copy = Copy(source=source / "memory", target=tmp_path / "target", leave_out=frozenset(("note.md",)))
    assert size_bytes(copy) == 0


def test_a_file_is_copied_with_a_new_time(tmp_path: Path) -> None:
    """Claude Code clears away conversations whose file is old."""
    old = tmp_path / "old.jsonl"
    old.write_text("{}\n")
    os.utime(old, (1, 1))
    copied(old, tmp_path / "deep" / "er" / "new.jsonl")
    new = tmp_path / "deep" / "er" / "new.jsonl"
    assert new.read_text() == "{}\n"
    assert new.stat().st_mtime > 1_000_000
    assert size_bytes(Copy(source=old, target=new)) == 3


@pytest.mark.parametrize("kind", ["file", "directory"])
def test_what_is_there_already_is_left_as_it_is(source: Path, tmp_path: Path, kind: str) -> None:
    target = tmp_path / "target"
    if kind == "file":
        target.write_text("mine")
    else:
        target.mkdir()
        (target / "mine").touch()
    before = snapshot(tmp_path)
    assert copied(source, target) == []
    assert snapshot(tmp_path) == before


def test_an_empty_directory_is_filled(source: Path, tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    copied(source, tmp_path / "target")
    assert (tmp_path / "target" / "tool").exists()


def test_what_a_killed_copy_left_is_cleared_away(source: Path, tmp_path: Path) -> None:
    (tmp_path / "target.part" / "a").mkdir(parents=True)
    (tmp_path / "target.part" / "half").write_text("ha")
    copied(source, tmp_path / "target")
    assert "half" not in names(tmp_path / "target")
    assert not (tmp_path / "target.part").exists()


def test_a_copy_that_fails_leaves_no_target(source: Path, tmp_path: Path) -> None:
    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        run_copy(Copy(source=source, target=tmp_path / "target"), fail)
    assert not names(tmp_path) & {"target", "target.part"}


def test_a_source_that_became_a_link_is_not_followed(source: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(source)
    with pytest.raises(OSError):
        copied(link, tmp_path / "target")
    assert not (tmp_path / "target").exists()
    assert size_bytes(Copy(source=link, target=tmp_path / "target")) == 0


def test_a_directory_swapped_for_a_link_while_copying_is_not_followed(source: Path, tmp_path: Path) -> None:
    """The first byte comes from the top, so the directory was listed and is not yet entered."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "secret").write_text("secret")

    def swap(_: int) -> None:
        if not (source / "a").is_symlink():
            (source / "a").rename(source / "moved")
            (source / "a").symlink_to(tmp_path / "elsewhere")

    with suppress(OSError):
        run_copy(Copy(source=source, target=tmp_path / "target"), swap)
    assert (source / "a").is_symlink()
    assert "secret" not in [name for _, _, files in os.walk(tmp_path / "target") for name in files]


def test_a_device_in_the_place_of_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        copied(Path("/dev/null"), tmp_path / "target")
    assert not (tmp_path / "target").exists()


def test_directories_that_are_missing_are_made_private(tmp_path: Path) -> None:
    make_private(tmp_path / "a" / "b")
    make_private(tmp_path / "a" / "b")
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("a", "a/b")] == [0o700, 0o700]
