"""What every kind of box holds, and what only the strong ones do: each case runs in all that promise it."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sessions.box import BOXES, Box, launcher
from sessions.box.mounts import Mount
from sessions.box.probe import probe
from sessions.process import end_group, end_marked, holder_of, is_locked
from sessions.settings import BoxSettings, Isolation
from tests.support.boxes import (
    left_behind,
    need,
    open_directory,
    room,
    run,
    run_as_ordinary,
    running,
    told,
    until_free,
    until_gone,
)

pytestmark = [pytest.mark.blocking, pytest.mark.timeout(120)]

ALL: tuple[Isolation, ...] = tuple(BOXES)
WALLS: tuple[Isolation, ...] = tuple(level for level in BOXES if level != "none")
OWN_PROCESSES: tuple[Isolation, ...] = ("bwrap", "strict")
FOR_ALL_USERS: tuple[Isolation, ...] = ("bwrap", "landlock")
"""`strict` runs this interpreter inside, which may lie where an ordinary user cannot look."""


@pytest.fixture(params=ALL, scope="module")
def box(request: pytest.FixtureRequest) -> Box:
    """Every box."""
    need(request.param)
    return BOXES[request.param]


@pytest.fixture(params=WALLS, scope="module")
def wall(request: pytest.FixtureRequest) -> Box:
    """Every box that keeps rooms apart."""
    need(request.param)
    return BOXES[request.param]


@pytest.fixture(params=OWN_PROCESSES, scope="module")
def cell(request: pytest.FixtureRequest) -> Box:
    """Every box with processes of its own."""
    need(request.param)
    return BOXES[request.param]


@pytest.fixture(params=FOR_ALL_USERS, scope="module")
def plain_wall(request: pytest.FixtureRequest) -> Box:
    """Every box that needs no Python of its own."""
    need(request.param)
    return BOXES[request.param]


@pytest.fixture(params=sorted({*OWN_PROCESSES} & {*FOR_ALL_USERS}), scope="module")
def plain_cell(request: pytest.FixtureRequest) -> Box:
    """Every box with processes of its own that needs no Python."""
    need(request.param)
    return BOXES[request.param]


@pytest.fixture
def ordinary_room() -> Iterator[Path]:
    with open_directory() as root:
        (root / "room").mkdir()
        yield root / "room"


def test_the_probe_is_content_and_leaves_nothing(box: Box, tmp_path: Path) -> None:
    probe(box, tmp_path / "probe")
    assert list(tmp_path.iterdir()) == []


def test_the_environment_is_what_was_described(box: Box, tmp_path: Path) -> None:
    spec = room(tmp_path)
    passed_on = {"CLAUDE_CODE_ENTRYPOINT": "sdk-py", "DISCORD_BOT_TOKEN": "canary", "ROOMKEY_X": "canary"}
    done = run(box, spec, "exec env", env=passed_on)
    assert dict(line.split("=", 1) for line in done.stdout.splitlines()) == {
        **box.expected(spec).env,
        "CLAUDE_CODE_ENTRYPOINT": "sdk-py",
        "PWD": str(spec.workdir),
        launcher.SESSION: str(spec.lock),
    }


def test_no_process_in_sight_knows_the_bots_secrets(wall: Box, tmp_path: Path) -> None:
    """Process 1 of a box shows the environment that it was started with."""
    done = run(
        wall,
        room(tmp_path),
        "cat /proc/[0-9]*/environ /proc/1/cmdline; echo looked",
        env={"DISCORD_BOT_TOKEN": "token-canary"},
    )
    assert "looked" in done.stdout
    assert "token-canary" not in done.stdout


def test_the_command_line_shows_neither_secrets_nor_mounts(cell: Box, tmp_path: Path) -> None:
    shown = tmp_path / "shown"
    shown.mkdir()
    done = run(cell, room(tmp_path / "room", mounts=(Mount(shown, False),)), "cat /proc/1/cmdline")
    assert "--args" in done.stdout
    assert str(shown) not in done.stdout
    assert str(tmp_path) not in done.stdout.replace(str(tmp_path / "room" / "launcher"), "")


def test_arguments_and_the_exit_code_pass_unchanged(box: Box, tmp_path: Path) -> None:
    arguments = ["--settings", '{"a": "b c"}', "", "$HOME `id`", "-", "line\nbreak"]
    done = run(box, room(tmp_path), 'printf "%s\\0" "$@"; exit 42', *arguments)
    assert done.stdout.split("\0")[:-1] == arguments
    assert done.returncode == 42


def test_a_room_works_in_its_own_directories_at_their_own_paths(box: Box, tmp_path: Path) -> None:
    spec = room(tmp_path)
    done = run(
        box,
        spec,
        f'pwd; for d in "{spec.workdir}" "{spec.memory_dir}" "$HOME" "$TMPDIR"; do echo 1 > "$d/x"; done',
    )
    assert (done.stdout, done.stderr) == (f"{spec.workdir}\n", "")
    for place in (spec.workdir, spec.memory_dir, spec.home):
        assert (place / "x").read_text() == "1\n"
        assert (place / "x").stat().st_uid == os.geteuid()


def test_another_room_is_neither_read_nor_written(wall: Box, tmp_path: Path) -> None:
    other = room(tmp_path / "other").workdir
    (other / "secret").write_text("canary")
    spec = room(tmp_path / "mine")
    run(
        wall,
        spec,
        f'cat "{other}/secret" > got; ls "{tmp_path}" >> got; echo x > "{other}/planted";'
        f' ln -s "{other}" l; cat l/secret >> got',
    )
    assert (spec.workdir / "got").read_text().replace("mine", "").strip() == ""
    assert [path.name for path in other.iterdir()] == ["secret"]


def test_nothing_but_the_room_can_be_written(wall: Box, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o777)
    places = ("/", "/usr", "/etc", "/home", "/var", str(outside))
    done = run(
        wall,
        room(tmp_path / "room"),
        " ".join(f'echo x > "{place}/roomkey-test" && echo wrote;' for place in places),
    )
    assert "wrote" not in done.stdout
    assert list(outside.iterdir()) == []


def test_settings_of_the_kernel_cannot_be_written(wall: Box, tmp_path: Path) -> None:
    """Root without capabilities is still root to /proc/sys: through core_pattern it had the machine."""
    files = "/proc/sys/kernel/core_pattern /proc/sys/vm/swappiness /proc/mtrr"
    script = f"for f in {files}; do true >> $f && echo opened; done"
    assert "opened" not in run(wall, room(tmp_path), script).stdout


def test_a_mount_is_shown_as_it_was_given(wall: Box, tmp_path: Path) -> None:
    repo, out = tmp_path / "repo", tmp_path / "repo" / "out"
    out.mkdir(parents=True)
    (repo / "text").write_text("words")
    spec = room(tmp_path / "room", mounts=(Mount(out, True), Mount(repo, False)))
    done = run(wall, spec, f'cat "{repo}/text"; echo 1 > "{repo}/text"; echo 2 > "{out}/made"')
    assert done.stdout == "words"
    assert (repo / "text").read_text() == "words"
    assert (out / "made").read_text() == "2\n"


def test_a_directory_that_became_a_link_starts_nothing(wall: Box, tmp_path: Path) -> None:
    """Else an agent that may write above it could have any directory of the machine mounted."""
    (tmp_path / "secret").mkdir()
    shared = tmp_path / "shared"
    shared.symlink_to(tmp_path / "secret")
    done = run(wall, room(tmp_path / "room", mounts=(Mount(shared, True),)), "echo started")
    assert (done.returncode, done.stdout) == (launcher.EXIT_LINKED, "")
    assert str(shared) in done.stderr


def test_the_lock_is_held_while_the_program_lives_and_names_it(box: Box, tmp_path: Path) -> None:
    spec = room(tmp_path)
    with running(box, spec, "echo up; read -r line") as child:
        assert is_locked(spec.lock)
        assert holder_of(spec.lock) == child.pid
        assert run(box, spec, "echo second").returncode == launcher.EXIT_BUSY
    until_free(spec.lock)


def test_the_file_of_the_lock_cannot_be_written_by_what_it_locks(wall: Box, tmp_path: Path) -> None:
    """What stands in it is killed at the next start."""
    script = (
        "for fd in /proc/self/fd/*; do"
        " case $(readlink $fd) in */lock) echo 1 > $fd && echo wrote;; esac; done"
    )
    spec = room(tmp_path)
    assert "wrote" not in run(wall, spec, script).stdout
    assert spec.lock.read_text() != "1\n"


async def test_ending_the_group_and_the_marked_leaves_nothing(box: Box, tmp_path: Path) -> None:
    spec = room(tmp_path)
    with running(
        box, spec, "setsid sleep 1000 & (setsid sh -c 'sleep 1000 & sleep 1000' &) ; echo up; sleep 1000"
    ):
        group = holder_of(spec.lock)
        assert group is not None
        await end_group(group, 0)
        await end_marked(f"{launcher.SESSION}={spec.lock}")
        assert left_behind(spec.lock) == []


def test_what_detached_itself_ends_with_the_box(cell: Box, tmp_path: Path) -> None:
    spec = room(tmp_path)
    with running(cell, spec, "setsid sleep 1000 & echo up; read -r line") as child:
        assert any("sleep" in line for line in left_behind(spec.lock))
        os.kill(child.pid, signal.SIGKILL)
        until_gone(spec.lock)


def test_the_kernel_counts_the_processes_of_each_box(plain_cell: Box, ordinary_room: Path) -> None:
    """An ordinary user; for root the kernel has no such limit."""
    bomb = "i=0; while [ $i -lt 300 ]; do sleep 30 & i=$((i+1)); done; echo all"
    done = run_as_ordinary(plain_cell, ordinary_room, bomb, BoxSettings(processes=64))
    assert "all" not in done.stdout
    assert "fork" in done.stderr


def test_an_ordinary_user_has_the_same_box(plain_wall: Box, ordinary_room: Path) -> None:
    (ordinary_room.parent / "secret").write_text("canary")
    script = (
        f'id -u; cat "{ordinary_room.parent}/secret"; echo 1 > own && cat own;'
        " grep NoNewPrivs /proc/self/status"
    )
    done = run_as_ordinary(plain_wall, ordinary_room, script)
    assert "canary" not in done.stdout
    assert done.stdout.split()[1:] == ["1", "NoNewPrivs:", "1"], done.stderr


def test_a_box_fits_into_the_box_for_an_ordinary_user(plain_cell: Box, ordinary_room: Path) -> None:
    """The vendors' own sandboxes are bubblewrap again, with processes and a /proc of their own."""
    script = "bwrap --unshare-all --ro-bind / / --proc /proc --dev /dev echo nested"
    assert run_as_ordinary(plain_cell, ordinary_room, script).stdout == "nested\n"


def test_a_box_without_a_proc_of_its_own_fits_into_the_box_for_everybody(cell: Box, tmp_path: Path) -> None:
    done = run(cell, room(tmp_path), "bwrap --unshare-all --ro-bind / / --dev /dev echo nested")
    assert done.stdout == "nested\n", done.stderr


@pytest.mark.fault("F29", "an agent fills /tmp and /dev/shm", "its own are full, nothing else")
def test_memory_of_a_box_is_bounded(cell: Box, tmp_path: Path) -> None:
    fill = (
        "for d in /tmp /dev/shm /run; do head -c 64M /dev/zero > $d/x || echo full; done;"
        " echo x > /dev/x && echo wrote"
    )
    done = run(cell, room(tmp_path, limits=BoxSettings(tmp_mib=2)), fill)
    assert done.stdout == "full\n" * 3


def test_a_file_has_a_largest_size(wall: Box, tmp_path: Path) -> None:
    spec = room(tmp_path, limits=BoxSettings(file_mib=1))
    run(wall, spec, "head -c 8M /dev/zero > big")
    assert (spec.workdir / "big").stat().st_size == 1024**2


def test_when_memory_runs_out_an_agent_goes_before_the_bot(wall: Box, tmp_path: Path) -> None:
    done = run(wall, room(tmp_path), "cat /proc/self/oom_score_adj; grep core /proc/self/limits")
    score, *core = done.stdout.split()
    assert int(score) > int(Path("/proc/self/oom_score_adj").read_text())
    assert core[4:6] == ["0", "0"]


def test_a_missing_program_is_said(box: Box, tmp_path: Path) -> None:
    line, environment = told(box, room(tmp_path))
    description = json.loads(environment[launcher.DESCRIPTION])
    environment[launcher.DESCRIPTION] = json.dumps({**description, "program": "/no/such/program"})
    done = subprocess.run([line], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == launcher.EXIT_MISSING
    assert "/no/such/program" in done.stderr
