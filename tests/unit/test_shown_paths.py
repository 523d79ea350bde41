"""Paths as people may see them."""

from pathlib import Path

import pytest

from sessions.shown_paths import shown_paths

WORK = Path("/data/rooms/lab/work")


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("/data/rooms/lab/work/src/a.py", "src/a.py"),
        ("cat /data/rooms/lab/work/a.py > /home/ann/.ssh/key", "cat a.py > …/key"),
        ("cd /data/rooms/lab/work", "cd ."),
        ("cd /data/rooms/lab/work/ && ls", "cd . && ls"),
        ("/data/rooms/lab/workshop/a", "…/a"),
        ("/data/rooms/other/work/a.py", "…/a.py"),
        ('{"path": "/srv/x/y.txt"}', '{"path": "…/y.txt"}'),
        ("--file=/srv/x/y.txt", "--file=…/y.txt"),
        ("echo hi > /dev/null", "echo hi > /dev/null"),
        ("sed s/a/b/g x/y/z", "sed s/a/b/g x/y/z"),
        ("https://example.org/a/b?c=/d", "https://example.org/a/b?c=/d"),
        ("use /help or /stop", "use /help or /stop"),
        ("1/2 and 3/4", "1/2 and 3/4"),
        ("", ""),
    ],
)
def test_the_rooms_own_paths_are_short_and_others_only_a_name(text: str, seen: str) -> None:
    assert shown_paths(text, WORK) == seen


def test_without_a_room_every_path_is_foreign() -> None:
    assert shown_paths("/data/rooms/lab/work/a.py", None) == "…/a.py"


def test_where_somebody_decides_the_paths_of_others_stay() -> None:
    text = "cp /data/rooms/lab/work/a.py /home/ann/key"
    assert shown_paths(text, WORK, keep_others=True) == "cp a.py /home/ann/key"
