"""What Landlock's box lets an agent reach."""

from pathlib import Path

import pytest

from sessions.box.bwrap import Bind
from sessions.box.landlock import landlock_paths, too_old
from sessions.box.mounts import Mount
from sessions.box.spec import BoxSpec

SPEC = BoxSpec(
    program=Path("/opt/vendor/claude"),
    workdir=Path("/d/room/work"),
    memory_dir=Path("/d/room/memory"),
    home=Path("/d/room/home"),
    lock=Path("/d/locks/1.lock"),
    env={"TMPDIR": "/d/room/tmp"},
    mounts=(Mount(Path("/srv/repo"), writable=False), Mount(Path("/srv/out"), writable=True)),
)


def test_only_the_room_and_what_was_given_can_be_written() -> None:
    paths = landlock_paths(SPEC, ())
    assert set(paths["write"]) == {
        "/srv/out",
        "/d/room/work",
        "/d/room/memory",
        "/d/room/home",
        "/d/room/tmp",
    }
    assert "/srv/repo" in paths["read"]


def test_the_program_is_read_where_it_lies() -> None:
    program = Bind(Path("/opt/vendor/claude"), Path("/opt/agent/claude"))
    assert "/opt/vendor/claude" in landlock_paths(SPEC, (program,))["read"]


def test_neither_the_root_nor_etc_as_a_whole_is_read() -> None:
    shown = set(landlock_paths(SPEC, ())["read"])
    assert not {"/", "/etc", "/home", "/var", "/root", "/etc/ssl", "/dev", "/sys", "/run"} & shown


def test_devices_are_used_and_none_is_made() -> None:
    assert all(place.startswith("/dev/") for place in landlock_paths(SPEC, ())["use"])


def test_without_a_directory_for_temporary_files_none_is_given() -> None:
    spec = BoxSpec(
        program=SPEC.program,
        workdir=SPEC.workdir,
        memory_dir=SPEC.memory_dir,
        home=SPEC.home,
        lock=SPEC.lock,
        env={},
    )
    assert "/d/room/tmp" not in landlock_paths(spec, ())["write"]


@pytest.mark.parametrize("release", ["5.13.0", "6.12.3-amd64", "6.1", "10.0+"])
def test_a_kernel_that_is_new_enough_can_have_it(release: str) -> None:
    assert too_old(release) is None


@pytest.mark.parametrize("release", ["5.12.19", "4.19.0-27-amd64", "5.4", ""])
def test_an_older_one_is_named(release: str) -> None:
    assert f"this is {release}:" in str(too_old(release))
