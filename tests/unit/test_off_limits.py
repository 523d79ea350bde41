"""Which directories no agent is given."""

import sys
from pathlib import Path

import pytest

import sessions
from sessions.off_limits import off_limits
from sessions.paths import Paths

PATHS = Paths(Path("/srv/state/roomkey"))


@pytest.mark.parametrize(
    "name", ["/", "/etc", "/usr", "/tmp", "/run", "/home", "/proc/sys", "/dev/shm", "/sys/x"]
)
def test_the_systems_directories_are_off_limits(name: str) -> None:
    assert off_limits(Path(name), PATHS, writable=False) == "is a directory of the system"


@pytest.mark.parametrize(
    "name", ["/srv", "/srv/state", "/srv/state/roomkey", "/srv/state/roomkey/sessions/1"]
)
def test_roomkeys_data_is_off_limits_from_above_and_below(name: str) -> None:
    assert off_limits(Path(name), PATHS, writable=False) == "holds Roomkey's own data or lies in it"


@pytest.mark.parametrize(
    "place", [Path(sessions.__file__).parent, Path(sessions.__file__).parent.parent, Path(sys.prefix)]
)
def test_roomkeys_program_may_be_read_and_not_written(place: Path) -> None:
    assert off_limits(place.resolve(), PATHS, writable=False) is None
    assert off_limits(place.resolve(), PATHS, writable=True) == "holds Roomkey's own program or lies in it"


@pytest.mark.parametrize("name", ["/srv/conf/roomkey", "/srv/conf", "/srv/conf/roomkey/more"])
def test_where_the_settings_are_may_be_read_and_not_written(name: str) -> None:
    paths = Paths(PATHS.root, settings_file=Path("/srv/conf/roomkey/roomkey.toml"))
    assert off_limits(Path(name), paths, writable=False) is None
    assert off_limits(Path(name), paths, writable=True) == "holds Roomkey's settings or lies beside them"
    assert off_limits(Path(name), PATHS, writable=True) is None


@pytest.mark.parametrize(
    "name", ["/srv/repo", "/srv/state/roomkey2", "/home/ann", "/usr/local/share/x", "/var/www"]
)
def test_anything_else_may_be_given(name: str) -> None:
    assert off_limits(Path(name), PATHS, writable=True) is None
