"""Old files in a room's inbox: ours go, all others stay, and no link is followed."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sessions.inbox import remove_old

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def put(inbox: Path, name: str, *, age: timedelta) -> None:
    inbox.mkdir(exist_ok=True)
    (inbox / name).write_text("x")
    when = (NOW - age).timestamp()
    os.utime(inbox / name, (when, when))


def test_what_people_sent_long_ago_goes(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    old, new = timedelta(days=31), timedelta(days=29)
    for name in ("123_1.txt", "123_10_2.jpeg", "notes.txt", "123_1.tar.gz", "123_1.txt~"):
        put(inbox, name, age=old)
    put(inbox, "124_1.txt", age=new)
    assert remove_old(tmp_path, NOW - timedelta(days=30)) == 2
    kept = {"notes.txt", "123_1.tar.gz", "123_1.txt~", "124_1.txt"}
    assert {path.name for path in inbox.iterdir()} == kept


def test_a_room_without_an_inbox_has_nothing_old(tmp_path: Path) -> None:
    assert remove_old(tmp_path, NOW) == 0


def test_an_inbox_that_is_a_link_is_left_alone(tmp_path: Path) -> None:
    put(tmp_path / "outside", "123_1.txt", age=timedelta(days=99))
    work = tmp_path / "work"
    work.mkdir()
    (work / "inbox").symlink_to("../outside")
    with pytest.raises(OSError, match=r"."):
        remove_old(work, NOW)
    assert (tmp_path / "outside" / "123_1.txt").exists()


def test_a_link_with_such_a_name_is_left_alone(tmp_path: Path) -> None:
    put(tmp_path / "outside", "123_1.txt", age=timedelta(days=99))
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "123_1.txt").symlink_to("../outside/123_1.txt")
    assert remove_old(tmp_path, NOW) == 0
    assert (tmp_path / "outside" / "123_1.txt").read_text() == "x"
