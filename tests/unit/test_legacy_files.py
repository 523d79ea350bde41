"""Finding and reading claudeclaw's files."""

import os
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sessions.legacy_files import LIMIT_BYTES, NotClaudeclaw, SourceFile, job_names, locate, read_files
from tests.support.claudeclaw import CURRENT, SINGLE, THREAD_KEY, install, snapshot, text_of


def read(directory: Path) -> dict[str, SourceFile]:
    return {file.name: file for file in read_files(locate(directory))}


def test_an_installation_is_found_from_its_project_and_from_its_state(tmp_path: Path) -> None:
    state = install(tmp_path, {"sessions.json": CURRENT})
    assert locate(tmp_path) == locate(state)
    assert (locate(state).project, locate(state).state) == (tmp_path, state)


def test_a_state_directory_that_was_moved_has_no_project(tmp_path: Path) -> None:
    (tmp_path / "sessions.json").write_text(text_of(CURRENT))
    assert locate(tmp_path).project is None
    assert list(read(tmp_path)) == ["sessions.json"]


def test_agents_alone_make_a_project(tmp_path: Path) -> None:
    (tmp_path / "agents" / "bob").mkdir(parents=True)
    (tmp_path / "agents" / "bob" / "session.json").write_text(text_of(SINGLE))
    assert list(read(tmp_path)) == ["agents/bob/session.json"]


@pytest.mark.parametrize("name", ["missing", "file", "loop"])
def test_what_is_no_directory_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(NotClaudeclaw, match="is not a directory"):
        locate(tmp_path / name)


def test_a_directory_without_anything_of_claudeclaw_is_refused(tmp_path: Path) -> None:
    (tmp_path / "agents" / "bob").mkdir(parents=True)
    with pytest.raises(NotClaudeclaw, match="holds nothing of claudeclaw"):
        read(tmp_path)


def test_jobs_alone_are_something_of_claudeclaw(tmp_path: Path) -> None:
    state = install(
        tmp_path, {"jobs/daily.md": b"x", "jobs/notes.txt": b"x", "agents/bob/jobs/weekly.md": b"x"}
    )
    assert read(state) == {}
    assert job_names(locate(state)) == ("jobs/daily.md", "agents/bob/jobs/weekly.md")


def test_files_come_in_the_order_in_which_they_count(tmp_path: Path) -> None:
    expected = [
        ("sessions.json", "sessions", "default", None),
        ("session.json", "session", "default", None),
        ("agents/bob/session.json", "agent", "agent:bob", "bob"),
        (f"agents/fix-{THREAD_KEY}/session.json", "agent", THREAD_KEY, f"fix-{THREAD_KEY}"),
        ("session_1.backup", "backup", "default", None),
        ("session_fallback.json", "fallback", "default", None),
        ("fallback-sessions/agent%3Abob.json", "fallback", "agent:bob", None),
        ("agents/bob/session_fallback.json", "fallback", "agent:bob", "bob"),
        ("settings.json", "settings", "default", None),
        ("permission-mode.json", "permission-mode", "default", None),
    ]  # fmt: skip
    install(tmp_path, {name: {} for name, *_ in reversed(expected)})
    install(tmp_path, {"state.json": {}, "daemon.pid": b"1", "logs/a.log": b"x", "session_notes.txt": b"x"})
    found = read_files(locate(tmp_path))
    assert [(file.name, file.role, file.raw_key, file.agent) for file in found] == expected


def test_a_file_is_read_with_its_time(tmp_path: Path) -> None:
    state = install(tmp_path, {"sessions.json": CURRENT})
    os.utime(state / "sessions.json", (1_772_000_000, 1_772_000_000))
    file = read(tmp_path)["sessions.json"]
    assert file.data == text_of(CURRENT).encode()
    assert file.modified == datetime.fromtimestamp(1_772_000_000, UTC)
    assert file.problem is None


def test_a_file_larger_than_the_limit_is_not_taken(tmp_path: Path) -> None:
    state = install(tmp_path, {"sessions.json": b"", "session.json": b""})
    os.truncate(state / "sessions.json", LIMIT_BYTES + 1)
    os.truncate(state / "session.json", LIMIT_BYTES)
    files = read(tmp_path)
    assert (files["sessions.json"].problem, files["sessions.json"].data) == ("too-large", b"")
    assert files["session.json"].problem is None


@pytest.mark.parametrize("kind", ["directory", "pipe", "socket", "loop", "dangling", "link out"])
def test_what_cannot_be_read_as_a_file_is_corrupt_and_the_others_are_read(tmp_path: Path, kind: str) -> None:
    project = tmp_path / "p"
    state = install(project, {"session.json": SINGLE})
    path = state / "sessions.json"
    match kind:
        case "directory":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "socket":
            bind(path)
        case "loop":
            path.symlink_to(path)
        case "dangling":
            path.symlink_to(state / "nothing")
        case _:
            (tmp_path / "outside.json").write_text(text_of(CURRENT))
            path.symlink_to(tmp_path / "outside.json")
    files = read(project)
    assert (files["sessions.json"].problem, files["sessions.json"].data) == ("corrupt", b"")
    assert files["session.json"].problem is None


def bind(path: Path) -> None:
    """Make a socket by a relative name: the whole path may be too long for one."""
    here = os.open(path.parent, os.O_RDONLY)
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(f"/proc/self/fd/{here}/{path.name}")
    finally:
        os.close(here)


def test_a_link_inside_the_directory_is_read(tmp_path: Path) -> None:
    state = install(tmp_path, {"real.json": CURRENT})
    (state / "sessions.json").symlink_to("real.json")
    assert read(tmp_path)["sessions.json"].problem is None


def test_a_state_directory_that_is_a_link_is_its_target(tmp_path: Path) -> None:
    install(tmp_path / "real", {"sessions.json": CURRENT})
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / ".claude").symlink_to(tmp_path / "real" / ".claude")
    assert read(tmp_path / "project")["sessions.json"].problem is None


def test_reading_changes_nothing(tmp_path: Path) -> None:
    install(tmp_path, {"sessions.json": CURRENT, "session.json": b"{", "agents/bob/session.json": SINGLE})
    before = snapshot(tmp_path)
    read(tmp_path)
    assert snapshot(tmp_path) == before
