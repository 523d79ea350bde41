"""What is made sure of at each start, before any agent can be."""

import os
from pathlib import Path

import pytest

from bot.isolation import prepare_boxes, weak_points
from bot.settings import Settings
from sessions.errors import BadMount, BoxBroken
from sessions.paths import Paths

ROOM = "123456789012345678"


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    made = Paths(tmp_path / "data")
    made.create()
    return made


def settings(paths: Paths, **more: object) -> Settings:
    return Settings.model_validate({"data_dir": paths.root, "isolation": "none", **more})


def test_the_launcher_is_written_and_the_probe_leaves_nothing(paths: Paths) -> None:
    before = set(paths.root.iterdir())
    prepare_boxes(settings(paths), paths)
    assert paths.launcher.stat().st_mode & 0o777 == 0o700
    assert set(paths.root.iterdir()) == before


def test_what_a_killed_start_left_of_its_probe_is_in_nobodys_way(paths: Paths) -> None:
    (paths.root / "probe" / "room" / "work").mkdir(parents=True)
    prepare_boxes(settings(paths), paths)
    assert not (paths.root / "probe").exists()


def test_a_mount_that_cannot_be_given_stops_the_start_and_names_the_room(paths: Paths) -> None:
    given = settings(paths, channel={ROOM: {"mounts": [f"{paths.root}:rw"]}})
    with pytest.raises(BadMount, match=rf"\[channel\.{ROOM}\] The mount .* holds Roomkey's own data"):
        prepare_boxes(given, paths)
    assert BadMount.exit_code == 78


def test_an_isolation_that_cannot_be_had_stops_the_start(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(BoxBroken, match="apt install bubblewrap"):
        prepare_boxes(settings(paths, isolation="bwrap"), paths)
    assert BoxBroken.exit_code == 78


def test_what_a_level_does_not_hold_is_said(paths: Paths) -> None:
    assert "directories alone" in weak_points(settings(paths))[0]
    assert any("processes" in weak for weak in weak_points(settings(paths, isolation="landlock")))
    as_root = any("runs as root" in weak for weak in weak_points(settings(paths, isolation="bwrap")))
    assert as_root == (os.geteuid() == 0)
