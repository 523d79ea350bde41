"""A room's memory files: read and written below its directory, through no link, and never over a change."""

import os
from pathlib import Path

import pytest

from bot.memory_files import (
    SHOWN_BYTES,
    MemoryFile,
    checked_name,
    memory_files,
    named,
    read_memory,
    short,
    write_memory,
)
from sessions.errors import UserError


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    directory = tmp_path / "memory"
    directory.mkdir()
    (directory / "deploys.md").write_text("on fridays\n")
    (directory / "MEMORY.md").write_text("- [deploys](deploys.md)\n")
    (directory / ".hidden").write_text("x")
    (directory / "more").mkdir()
    (tmp_path / "secret").write_text("the token")
    (directory / "linked.md").symlink_to(tmp_path / "secret")
    return directory


def test_what_is_read_first_comes_first_and_links_do_not_come(memory: Path) -> None:
    assert [one.name for one in memory_files(memory)] == ["MEMORY.md", "deploys.md"]


def test_without_a_directory_there_is_no_file(tmp_path: Path) -> None:
    assert memory_files(tmp_path / "none") == []


def test_a_directory_that_has_become_a_link_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "memory").symlink_to(tmp_path)
    with pytest.raises(UserError, match="cannot be read"):
        memory_files(tmp_path / "memory")


@pytest.mark.parametrize("name", ["linked.md", "../secret", "more", "hard.md"])
def test_nothing_but_a_plain_file_of_its_own_is_read_or_replaced_by_its_content(
    memory: Path, tmp_path: Path, name: str
) -> None:
    os.link(tmp_path / "secret", memory / "hard.md")
    with pytest.raises(UserError):
        read_memory(memory, name)


def test_a_file_that_is_too_large_is_not_read(memory: Path) -> None:
    (memory / "large.md").write_bytes(b"x" * (SHOWN_BYTES + 1))
    with pytest.raises(UserError, match="larger than 512 KiB"):
        read_memory(memory, "large.md")


def test_a_file_is_written_whole_and_for_nobody_else(memory: Path) -> None:
    was = read_memory(memory, "deploys.md").digest
    write_memory(memory, "deploys.md", "never on fridays", was=was)
    assert read_memory(memory, "deploys.md").text == "never on fridays\n"
    assert (memory / "deploys.md").stat().st_mode & 0o077 == 0
    assert [one.name for one in memory.glob(".*")] == [".hidden"]


def test_what_the_agent_changed_meanwhile_is_not_overwritten(memory: Path) -> None:
    was = read_memory(memory, "deploys.md").digest
    (memory / "deploys.md").write_text("on mondays\n")
    for text in ("never", ""):
        with pytest.raises(UserError, match="changed that file meanwhile"):
            write_memory(memory, "deploys.md", text, was=was)
    assert (memory / "deploys.md").read_text() == "on mondays\n"


def test_what_is_gone_meanwhile_does_not_come_back(memory: Path) -> None:
    was = read_memory(memory, "deploys.md").digest
    (memory / "deploys.md").unlink()
    with pytest.raises(UserError, match="changed that file meanwhile"):
        write_memory(memory, "deploys.md", "never", was=was)


def test_a_new_file_replaces_none(memory: Path, tmp_path: Path) -> None:
    write_memory(memory, "new.md", "this", was=None)
    assert read_memory(memory, "new.md").text == "this\n"
    with pytest.raises(UserError, match=r"a file `new\.md` already"):
        write_memory(memory, "new.md", "that", was=None)
    # A link in its place is replaced itself; what it leads to stays as it is.
    write_memory(memory, "linked.md", "that", was=None)
    assert (tmp_path / "secret").read_text() == "the token"


def test_an_empty_text_deletes_a_file(memory: Path) -> None:
    write_memory(memory, "deploys.md", " \n", was=read_memory(memory, "deploys.md").digest)
    assert [one.name for one in memory_files(memory)] == ["MEMORY.md"]


def test_a_directory_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be written"):
        write_memory(tmp_path / "none", "new.md", "this", was=None)


def test_a_file_is_found_by_what_stands_for_its_name(memory: Path) -> None:
    assert named(memory, short("deploys.md")) == "deploys.md"
    with pytest.raises(UserError, match="not there any more"):
        named(memory, short("gone.md"))


@pytest.mark.parametrize(
    ("given", "name"), [("deploys", "deploys.md"), (" a.txt ", "a.txt"), ("A-b_1", "A-b_1.md")]
)
def test_a_name_is_plain(given: str, name: str) -> None:
    assert checked_name(given) == name


@pytest.mark.parametrize(
    "given", ["", ".", "..", "../x", "a/b.md", ".hidden", "x" * 61, "ü.md", "a b.md", "a\0.md"]
)
def test_any_other_name_is_refused(given: str) -> None:
    with pytest.raises(UserError, match="up to 60 letters"):
        checked_name(given)


def test_what_is_no_text_has_none() -> None:
    assert MemoryFile("x", b"\xff").text is None
