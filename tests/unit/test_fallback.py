"""Which isolation the demo gets."""

from pathlib import Path

import pytest

from bot.demo.fallback import strongest
from sessions.box import BOXES
from tests.support.boxes import need


def test_the_strongest_that_works_is_taken(tmp_path: Path) -> None:
    need("bwrap")
    found = strongest(tmp_path / "probe")
    assert (found.level, found.why) == ("bwrap", "")
    assert list(tmp_path.iterdir()) == []


def test_a_weaker_one_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    found = strongest(tmp_path / "probe")
    assert found.level == ("none" if BOXES["landlock"].lacks() else "landlock")
    assert found.holds.startswith(f"{found.level}:")
    assert "apt install bubblewrap" in found.why
