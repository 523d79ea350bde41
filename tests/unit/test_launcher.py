"""The launcher, run as the agent's SDK runs it."""

import fcntl
import json
import os
import subprocess
from pathlib import Path

import pytest

from sessions.box import BOXES, launcher


@pytest.fixture
def wrapper(tmp_path: Path) -> Path:
    path = tmp_path / "launch it"
    BOXES["none"].write_launcher(path)
    return path


def run(
    wrapper: Path, program: str, *arguments: str, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    description = launcher.describe(program, env or {}, str(wrapper.with_name("lock")))
    surroundings = {
        launcher.DESCRIPTION: description,
        "DISCORD_BOT_TOKEN": "token-canary",
        "CLAUDE_CODE_ENTRYPOINT": "sdk-py",
    }
    return subprocess.run(
        [str(wrapper), *arguments],
        env=surroundings,
        cwd=wrapper.parent,
        capture_output=True,
        text=True,
        check=False,
    )


def test_only_its_owner_may_run_it(wrapper: Path) -> None:
    assert wrapper.stat().st_mode & 0o777 == 0o700


def test_writing_it_again_leaves_nothing_beside_it(wrapper: Path) -> None:
    BOXES["none"].write_launcher(wrapper)
    assert [path.name for path in wrapper.parent.iterdir()] == [wrapper.name]


def test_the_environment_is_what_was_described_and_what_the_sdk_sets(wrapper: Path) -> None:
    done = run(wrapper, "/usr/bin/env", env={"ANTHROPIC_API_KEY": "sk"})
    assert dict(line.split("=", 1) for line in done.stdout.splitlines()) == {
        "ANTHROPIC_API_KEY": "sk",
        "CLAUDE_CODE_ENTRYPOINT": "sdk-py",
        "PWD": str(wrapper.parent),
        "ROOMKEY_SESSION": str(wrapper.with_name("lock")),
    }


def test_neither_the_kernel_s_copy_nor_the_command_line_holds_more(wrapper: Path) -> None:
    done = run(wrapper, "/bin/cat", "/proc/self/environ", "/proc/self/cmdline", env={"KEY": "key-canary"})
    assert "token-canary" not in done.stdout
    environ, cmdline = done.stdout.rsplit("\0/bin/cat", 1)
    assert "key-canary" in environ
    assert "key-canary" not in cmdline


def test_arguments_arrive_unchanged(wrapper: Path) -> None:
    arguments = ["--settings", '{"a": "b c"}', "", "$HOME `id`", "-", "line\nbreak"]
    done = run(wrapper, "/bin/sh", "-c", 'printf "%s\\0" "$@"', "sh", *arguments)
    assert done.stdout.split("\0")[:-1] == arguments


def test_the_exit_code_is_the_program_s(wrapper: Path) -> None:
    assert run(wrapper, "/bin/sh", "-c", "exit 42").returncode == 42


def test_the_lock_is_held_while_the_program_lives_and_names_its_group(wrapper: Path) -> None:
    lock = wrapper.with_name("lock")
    probe = f'cat "{lock}"; echo; echo $$; ps -o pgid= -p $$; flock -n "{lock}" true || echo held'
    done = run(wrapper, "/bin/sh", "-c", probe, env={"PATH": os.environ["PATH"]})
    in_file, pid, group, held = done.stdout.split()
    assert in_file == pid == group
    assert held == "held"
    with lock.open() as handle:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_held_lock_refuses_the_start(wrapper: Path) -> None:
    lock = wrapper.with_name("lock")
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        handle.write("1234")
        handle.flush()
        done = run(wrapper, "/bin/echo", "started")
    assert (done.returncode, done.stdout) == (launcher.EXIT_BUSY, "")
    assert lock.read_text() == "1234"


def test_a_link_in_place_of_the_lock_is_not_followed(wrapper: Path) -> None:
    victim = wrapper.with_name("victim")
    victim.write_text("precious")
    wrapper.with_name("lock").symlink_to(victim)
    assert run(wrapper, "/bin/echo", "started").returncode != 0
    assert victim.read_text() == "precious"


def test_a_missing_program_is_said(wrapper: Path) -> None:
    done = run(wrapper, "/no/such/program")
    assert done.returncode == launcher.EXIT_MISSING
    assert "/no/such/program" in done.stderr


def test_the_description_is_json() -> None:
    described = json.loads(launcher.describe("/p", {"A": "ü"}, "/l"))
    assert described == {"program": "/p", "env": {"A": "ü"}, "lock": "/l"}
