"""An agent swaps directories and files for links while we work there: nothing outside is read or written."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from sessions.beneath import NotSendable, create_beneath, list_beneath, open_outgoing, remove_beneath

DELIVERIES = 10_000
pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Path]:
    """A working directory in which an agent swaps `inbox` and `given` as fast as it can."""
    work, outside = tmp_path / "work", tmp_path / "outside"
    work.mkdir()
    outside.mkdir()
    (outside / "secret").write_text("precious")
    command = [sys.executable, "-m", "tests.support.swap_links", str(work), str(outside)]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root) as agent:
        assert agent.stdout is not None
        assert agent.stdout.readline() == b"swapping\n"
        try:
            yield work
        finally:
            agent.kill()


def test_ten_thousand_deliveries_stay_inside(work: Path) -> None:
    seen: Counter[str] = Counter()
    for number in count():
        if number >= DELIVERIES and min(seen[one] for one in ("delivered", "link met", "read", "unread")) > 0:
            break
        try:
            with os.fdopen(create_beneath(work, "inbox", f"{number}.txt"), "wb") as file:
                file.write(b"x")
            seen["delivered"] += 1
        except OSError:
            seen["link met"] += 1
        for name in ("given", "inbox/secret"):
            try:
                with (sent := open_outgoing(work, name, 1024)).file:
                    assert sent.read() in (b"mine", b"")  # empty before it is written
                seen["read"] += 1
            except NotSendable:
                seen["unread"] += 1
        with suppress(OSError):
            assert "secret" not in {one.name for one in list_beneath(work, "inbox")}
        with suppress(OSError):
            remove_beneath(work, "inbox", "secret")
    outside = work.parent / "outside"
    assert [path.name for path in outside.iterdir()] == ["secret"]
    assert (outside / "secret").read_text() == "precious"


def test_who_opens_paths_by_name_is_led_outside(work: Path) -> None:
    """Else the test above would show nothing."""
    outside = work.parent / "outside"
    for number in count():
        with suppress(OSError):
            (work / "inbox" / f"{number}.txt").write_text("x")
        if len(list(outside.iterdir())) > 1:
            return
