"""Files in a directory that an agent can write: whatever it swaps, nothing outside is read or written."""

import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions import beneath
from sessions.beneath import (
    NotSendable,
    create_beneath,
    exists_beneath,
    list_beneath,
    open_beneath,
    open_outgoing,
    remove_beneath,
    rename_beneath,
)
from sessions.openat2 import openat2
from sessions.paths import INBOX

MIB = 1024**2


@pytest.fixture(params=["openat2", "step by step"])
def work(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory, beside a file that nobody may reach; on a kernel with openat2 and one without."""
    if request.param == "step by step":
        monkeypatch.setattr(beneath, "openat2", lambda *_: None)
    elif not has_openat2(tmp_path):
        pytest.skip("this kernel has no openat2")
    (tmp_path / "outside").write_text("precious")
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def has_openat2(directory: Path) -> bool:
    here = os.open(directory, os.O_RDONLY)
    try:
        opened = openat2(here, ".", os.O_RDONLY | os.O_DIRECTORY)
    finally:
        os.close(here)
    if opened is not None:
        os.close(opened)
    return opened is not None


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def write(descriptor: int, content: bytes) -> None:
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def test_a_file_is_made_below_its_directory(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(create_beneath(tmp_path, INBOX, name), name.encode())
    assert (tmp_path / INBOX / "a").read_bytes() == b"a"
    assert (mode(tmp_path / INBOX), mode(tmp_path / INBOX / "b")) == (0o700, 0o600)


def test_an_existing_file_is_never_opened(tmp_path: Path) -> None:
    write(create_beneath(tmp_path, "a"), b"first")
    with pytest.raises(FileExistsError):
        create_beneath(tmp_path, "a")
    assert (tmp_path / "a").read_bytes() == b"first"


@pytest.mark.parametrize("dangling", [True, False])
def test_a_file_that_is_a_link_is_not_followed(tmp_path: Path, dangling: bool) -> None:
    work, outside = tmp_path / "work", tmp_path / "outside"
    work.mkdir()
    if not dangling:
        outside.write_text("precious")
    (work / "a").symlink_to(outside)
    with pytest.raises(FileExistsError):
        create_beneath(work, "a")
    assert outside.exists() is not dangling


def test_a_directory_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    work, outside = tmp_path / "work", tmp_path / "outside"
    work.mkdir()
    outside.mkdir()
    (work / INBOX).symlink_to(outside)
    with pytest.raises(OSError, match=INBOX):
        create_beneath(work, INBOX, "a")
    with pytest.raises(OSError, match=INBOX):
        create_beneath(work / INBOX, "a")
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/a", "a\0b"])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    for names in ((name,), (name, "a")):
        with pytest.raises(ValueError, match="not a file name"):
            create_beneath(tmp_path, *names)


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    before = descriptors()
    os.close(create_beneath(tmp_path, "x", "y", "a"))
    with pytest.raises(FileExistsError):
        create_beneath(tmp_path, "x", "y", "a")
    assert descriptors() == before


# -- reading ------------------------------------------------------------------------------------


def test_a_plain_file_is_read(work: Path) -> None:
    (work / "a" / "b").mkdir(parents=True)
    (work / "a" / "b" / "c").write_text("hello")
    with open_beneath(work, "a", "b", "c") as file:
        assert file.read() == b"hello"


def test_a_link_is_not_read_wherever_it_stands(work: Path) -> None:
    (work / "link").symlink_to("../outside")
    (work / "up").symlink_to("..")
    (work / "dir").mkdir()
    (work / "dir" / "up").symlink_to("../..")
    (work / "in").write_text("mine")
    (work / "inner").symlink_to("in")
    for names in (("link",), ("up", "outside"), ("dir", "up", "outside"), ("inner",)):
        with pytest.raises(OSError, match=r"."):
            open_beneath(work, *names)
    with pytest.raises(OSError, match=r"."):
        open_beneath(work / "up", "outside")


def test_what_is_no_plain_file_is_not_read_and_holds_nobody_up(work: Path) -> None:
    os.mkfifo(work / "pipe")
    (work / "dir").mkdir()
    os.link(work.parent / "outside", work / "second name")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(work / "socket"))
    for name in ("pipe", "dir", "second name", "socket"):
        with pytest.raises(OSError, match=r"."):
            open_beneath(work, name)


def test_a_missing_file_is_missing(work: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_beneath(work, "no", "such")


def test_what_is_listed_is_what_lies_there(work: Path) -> None:
    (work / "box").mkdir()
    (work / "box" / "a").write_text("12345")
    (work / "box" / "link").symlink_to("../../outside")
    found = {one.name: (one.is_file, one.size_bytes) for one in list_beneath(work, "box") if one.is_file}
    assert found == {"a": (True, 5)}
    assert {one.name for one in list_beneath(work, "box")} == {"a", "link"}
    assert list_beneath(work, "none") == []
    (work / "away").symlink_to("..")
    with pytest.raises(OSError, match=r"."):
        list_beneath(work, "away")


def test_what_is_removed_is_the_link_and_not_what_it_leads_to(work: Path) -> None:
    (work / "link").symlink_to("../outside")
    remove_beneath(work, "link")
    remove_beneath(work, "link")
    (work / "up").symlink_to("..")
    with pytest.raises(OSError, match=r"."):
        remove_beneath(work, "up", "outside")
    assert (work.parent / "outside").read_text() == "precious"
    assert [path.name for path in work.iterdir()] == ["up"]


# -- sending ------------------------------------------------------------------------------------


def test_a_file_of_the_room_may_be_sent(work: Path) -> None:
    (work / "out").mkdir()
    (work / "out" / "report.txt").write_text("done")
    sent = open_outgoing(work, "./out/report.txt", MIB)
    with sent.file:
        assert (sent.name, sent.size_bytes, sent.read()) == ("report.txt", 4, b"done")


def test_a_file_that_grows_is_sent_as_it_was(work: Path) -> None:
    (work / "log").write_text("one")
    sent = open_outgoing(work, "log", MIB)
    (work / "log").write_text("one, two, three")
    with sent.file:
        assert sent.read() == b"one"


@pytest.mark.parametrize(
    "name",
    [
        "../outside",
        "/etc/passwd",
        "a/../../outside",
        "",
        ".",
        "..",
        "no\0",
        "\ud800",
        "x" * 300,
        "~/x",
        "no",
        "dir",
    ],
)
def test_nothing_else_may_be_sent(work: Path, name: str) -> None:
    (work / "dir").mkdir()
    with pytest.raises(NotSendable):
        open_outgoing(work, name, MIB)


def test_a_link_a_second_name_and_a_large_file_may_not_be_sent(work: Path) -> None:
    (work / "link").symlink_to("../outside")
    os.link(work.parent / "outside", work / "second")
    (work / "large").write_bytes(b"x" * (MIB + 1))
    with pytest.raises(NotSendable, match="no link is followed"):
        open_outgoing(work, "link", MIB)
    with pytest.raises(NotSendable, match="no plain file of its own"):
        open_outgoing(work, "second", MIB)
    with pytest.raises(NotSendable, match="larger than 1 MiB"):
        open_outgoing(work, "large", MIB)


def test_reading_and_refusing_leave_no_descriptor_open(work: Path) -> None:
    (work / "a").mkdir()
    (work / "a" / "b").write_text("x")
    os.link(work / "a" / "b", work / "c")
    before = descriptors()
    for name in ("a/b", "c", "a", "a/none", "none/b"):
        with pytest.raises(NotSendable):
            open_outgoing(work, name, MIB)
    list_beneath(work, "a")
    remove_beneath(work, "a", "none")
    assert descriptors() == before


@given(st.text(st.characters()))
def test_any_name_is_a_file_here_or_an_error_with_a_sentence(name: str) -> None:
    with pytest.raises(NotSendable):
        open_outgoing(Path("/proc/self/fdinfo/none"), name, MIB)
    for refused in (create_beneath, open_beneath):
        with pytest.raises((ValueError, OSError)):
            refused(Path("/proc/self/fdinfo/none"), name)


def test_what_is_renamed_is_the_link_and_not_what_it_leads_to(work: Path) -> None:
    (work / "link").symlink_to("../outside")
    rename_beneath(work, "link", to="other")
    assert (work / "other").is_symlink()
    assert exists_beneath(work, "other")
    assert not exists_beneath(work, "link")
    (work / "up").symlink_to("..")
    assert not exists_beneath(work, "up", "outside")
    with pytest.raises(OSError, match=r"."):
        rename_beneath(work, "up", "outside", to="taken")
    assert (work.parent / "outside").read_text() == "precious"
