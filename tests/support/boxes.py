"""Boxes for tests: made at a level, run in, looked into; and Claude Code in one."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from bot.demo.model import OfflineModel
from sessions.agents.base import SessionSpec
from sessions.box import BOXES, Box
from sessions.box.launcher import DESCRIPTION, SESSION
from sessions.box.mounts import Mount
from sessions.box.probe import probe
from sessions.box.spec import BoxSpec
from sessions.errors import BoxBroken
from sessions.process import is_locked
from sessions.settings import BoxSettings, Isolation
from tests.support.agents import claude_spec

ORDINARY_UID: Final = 54_321
ROOT: Final = Path(__file__).parents[2]
_LIMIT_S: Final = 60


def need(level: Isolation) -> None:
    """Skip the test, with the reason, where this machine cannot make such a box. Blocks."""
    with tempfile.TemporaryDirectory() as scratch:
        try:
            probe(BOXES[level], Path(scratch).resolve() / "probe")
        except BoxBroken as error:
            if "does not hold" in str(error):
                raise  # the machine lacks nothing then
            pytest.skip(str(error))


def room(root: Path, *, mounts: tuple[Mount, ...] = (), limits: BoxSettings | None = None) -> BoxSpec:
    """Return a spec for `/bin/sh` whose directories are made below `root`."""
    places = {name: root / name for name in ("work", "memory", "home", "tmp")}
    for place in places.values():
        place.mkdir(parents=True, exist_ok=True)
    return BoxSpec(
        program=Path("/bin/sh"),
        workdir=places["work"],
        memory_dir=places["memory"],
        home=places["home"],
        lock=root / "lock",
        env={
            "PATH": "/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": str(places["home"]),
            "TMPDIR": str(places["tmp"]),
        },
        mounts=mounts,
        limits=limits or BoxSettings(),
    )


def told(box: Box, spec: BoxSpec) -> tuple[str, dict[str, str]]:
    """Return the launcher and the environment that make it start what `spec` says. Blocks."""
    launcher = spec.lock.with_name("launcher")
    box.write_launcher(launcher)
    return str(launcher), {"PATH": "/usr/bin:/bin", DESCRIPTION: box.describe(spec)}


def run(
    box: Box, spec: BoxSpec, script: str, *arguments: str, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a shell script in a box to its end; `env` is what the bot has in its own environment."""
    launcher, environment = told(box, spec)
    return _run([launcher, "-c", script, "sh", *arguments], {**(env or {}), **environment}, spec.workdir)


def run_as_ordinary(
    box: Box, root: Path, script: str, limits: BoxSettings | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a shell script in the box of the room at `root` as an ordinary user, whoever we are."""
    limits = limits or BoxSettings()
    spec = room(root, limits=limits)
    if os.geteuid() != 0:
        return run(box, spec, script)
    for place in (root, *root.rglob("*")):
        os.chown(place, ORDINARY_UID, ORDINARY_UID)
    line = [sys.executable, "-m", "tests.support.launch_as", str(ORDINARY_UID), box.level, str(root)]
    return _run([*line, limits.model_dump_json(), script], {"PATH": "/usr/bin:/bin"}, ROOT)


@contextmanager
def open_directory() -> Iterator[Path]:
    """Make a directory that every user may pass through; it is gone at the end."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name).resolve()


def hijacked_spec(root: Path, model: OfflineModel, isolation: Isolation) -> SessionSpec:
    """Return a spec for the real Claude Code that may use every tool without asking, in a box.

    Two with one `root` in common are siblings: pass `root / "a"` and `root / "b"`.
    """
    spec = claude_spec(root, model, isolation=isolation)
    # Claude Code refuses that mode to root, unless it is told that it is in a box.
    env = {**spec.env, "IS_SANDBOX": "1"} if os.geteuid() == 0 else spec.env
    return replace(spec, permission_mode="bypassPermissions", env=env)


def _run(line: list[str], environment: Mapping[str, str], cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        line,
        env=environment,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_LIMIT_S,
        check=False,
    )


@contextmanager
def running(box: Box, spec: BoxSpec, script: str) -> Iterator[subprocess.Popen[str]]:
    """Run a shell script that says when it is up, until the block ends; then its input is closed."""
    launcher, environment = told(box, spec)
    with subprocess.Popen(
        [launcher, "-c", script],
        env=environment,
        cwd=spec.workdir,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "up\n"
        try:
            yield child
        finally:
            try:
                child.communicate(timeout=_LIMIT_S)
            except subprocess.TimeoutExpired:
                child.kill()
                raise


def left_behind(lock: Path) -> list[str]:
    """Return the command lines of all living processes that the room with this lock has started."""
    mark, found = f"{SESSION}={lock}".encode(), list[str]()
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (place / "environ").read_bytes().split(b"\0"):
                found.append((place / "cmdline").read_text().replace("\0", " "))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return found


def until_gone(lock: Path) -> None:
    """Wait until nothing is left of what the room with this lock has started."""
    deadline_s = time.monotonic() + _LIMIT_S
    while left := left_behind(lock):
        assert time.monotonic() < deadline_s, left
        time.sleep(0.01)


def until_free(lock: Path) -> None:
    """Wait until nobody holds the lock: a box lets go of it a moment after its end was told."""
    deadline_s = time.monotonic() + _LIMIT_S
    while is_locked(lock):
        assert time.monotonic() < deadline_s
        time.sleep(0.01)
