"""The probe bites: without any one flag it is red. And what no probe can see: how a box ends with its bot."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sessions.box import BOXES, Box
from sessions.box.findings import Expected
from sessions.box.probe import probe
from sessions.box.spec import BoxSpec
from sessions.errors import BoxBroken
from sessions.settings import Isolation
from tests.support.boxes import ROOT, need, room, told, until_gone

pytestmark = [pytest.mark.blocking, pytest.mark.timeout(120)]

Change = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Holed:
    """A box whose launcher is told something else."""

    whole: Box
    change: Change

    @property
    def level(self) -> Isolation:
        return self.whole.level

    def write_launcher(self, path: Path) -> None:
        self.whole.write_launcher(path)

    def describe(self, spec: BoxSpec) -> str:
        described = json.loads(self.whole.describe(spec))
        before = json.dumps(described)
        self.change(described)
        assert json.dumps(described) != before, "the change has changed nothing"
        return json.dumps(described)

    def expected(self, spec: BoxSpec) -> Expected:
        return self.whole.expected(spec)

    def lacks(self) -> str | None:
        return self.whole.lacks()


def without(*words: str) -> Change:
    """Take out the first place where these arguments stand in a row."""

    def change(described: dict[str, Any]) -> None:
        arguments = described["box"]
        for start in range(len(arguments)):
            if tuple(arguments[start : start + len(words)]) == words:
                del arguments[start : start + len(words)]
                return

    return change


def instead(old: str, new: str) -> Change:
    """Say something else wherever an argument is `old`."""

    def change(described: dict[str, Any]) -> None:
        described["box"] = [new if word == old else word for word in described["box"]]

    return change


def also(*words: str) -> Change:
    """Say more, before nothing can be mounted any more. `{root}` is where the probe's rooms are."""

    def change(described: dict[str, Any]) -> None:
        at = described["box"].index("--chdir") - 2
        root = str(Path(described["lock"]).parent)
        described["box"][at:at] = [word.replace("{root}", root) for word in words]

    return change


def unsized(described: dict[str, Any]) -> None:
    while "--size" in described["box"]:
        at = described["box"].index("--size")
        del described["box"][at : at + 2]


def unlimited(described: dict[str, Any]) -> None:
    del described["limits"]


def uncounted(described: dict[str, Any]) -> None:
    described["command"] = described["command"][-1:]


def elsewhere(described: dict[str, Any]) -> None:
    described["box"][-1] = "/"


def leaky(described: dict[str, Any]) -> None:
    described["env"]["DISCORD_BOT_TOKEN"] = "x"


def unlocked(described: dict[str, Any]) -> None:
    del described["landlock"]


def opened(right: str) -> Change:
    """Let Landlock allow this where the probe's rooms are."""

    def change(described: dict[str, Any]) -> None:
        described["landlock"][right].append(str(Path(described["lock"]).parent))

    return change


HOLES = {
    "processes": (without("--unshare-pid"), "the pid namespace is the host's"),
    "ipc": (without("--unshare-ipc"), "the ipc namespace is the host's"),
    "host name": (without("--unshare-uts"), "the uts namespace is the host's"),
    "user": (without("--unshare-user"), "it does not start"),
    "session": (without("--new-session"), "shares the bot's terminal session"),
    "capabilities": (instead("--cap-drop", "--cap-add"), "the agent has capabilities"),
    "root read-only": (without("--remount-ro", "/"), "/ can be written"),
    "dev read-only": (without("--remount-ro", "/dev"), "/dev can be written"),
    "usr read-only": (instead("--ro-bind", "--bind"), "/usr can be written"),
    "own tmp": (without("--size", str(512 * 1024**2), "--tmpfs", "/tmp"), "/tmp is not mounted"),
    "own shm": (without("--size", str(512 * 1024**2), "--tmpfs", "/dev/shm"), "/dev/shm is not mounted"),
    "sizes": (unsized, "/tmp has no size of its own"),
    "usr": (without("--ro-bind", "/usr", "/usr"), "it does not start"),
    "proc": (without("--proc", "/proc"), "namespace is the host's"),
    "workdir": (elsewhere, "the agent works in /"),
    "own rooms": (instead("--bind", "--ro-bind"), "a room's own directory cannot be written"),
    "sibling": (also("--ro-bind", "{root}/sibling", "{root}/sibling"), "another room's file can be read"),
    "sibling written": (also("--bind", "{root}/sibling", "{root}/sibling"), "directory can be written"),
    "more of the host": (also("--ro-bind", "/var", "/var"), "/var is shown"),
    "writable of the host": (also("--bind", "/var", "/var"), "/var can be written"),
    "writable memory": (also("--tmpfs", "/srv"), "/srv can be written"),
    "setenv": (also("--setenv", "HOOK", "x"), "the variable HOOK is passed on"),
    "unsetenv": (also("--unsetenv", "HOME"), "the variable HOME is not as it should be"),
    "environment": (leaky, "the variable DISCORD_BOT_TOKEN is passed on"),
    "limits": (unlimited, "RLIMIT_FSIZE is not set"),
}

if os.geteuid() != 0:  # for root there is no such limit
    HOLES["process count"] = (uncounted, "RLIMIT_NPROC is not set")


@pytest.mark.parametrize("hole", HOLES)
def test_the_probe_is_red_without_any_one_flag(hole: str, tmp_path: Path) -> None:
    need("bwrap")
    change, words = HOLES[hole]
    with pytest.raises(BoxBroken, match=words):
        probe(Holed(BOXES["bwrap"], change), tmp_path / "probe")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can write what this covers")
def test_the_probe_is_red_when_root_could_write_to_the_kernel(tmp_path: Path) -> None:
    need("bwrap")
    with pytest.raises(BoxBroken, match="settings of the kernel can be written"):
        probe(Holed(BOXES["bwrap"], without("--ro-bind-try", "/proc/sys", "/proc/sys")), tmp_path / "probe")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (unlocked, "another room's file can be read"),
        (opened("read"), "another room's file can be read"),
        (opened("write"), "another room's directory can be written"),
        (leaky, "the variable DISCORD_BOT_TOKEN is passed on"),
        (unlimited, "RLIMIT_CORE is not set"),
    ],
)
def test_the_probe_is_red_without_landlocks_rules(change: Change, words: str, tmp_path: Path) -> None:
    need("landlock")
    with pytest.raises(BoxBroken, match=words):
        probe(Holed(BOXES["landlock"], change), tmp_path / "probe")


# Starts a box whose processes detach themselves, says so, and waits to be killed.
BOT = """
import subprocess, sys
launcher, script = sys.argv[1:]
subprocess.Popen([launcher, "-c", script], stdin=subprocess.DEVNULL)
sys.stdin.read()
"""


@pytest.mark.parametrize("level", ["bwrap"])
def test_kill_9_of_the_bot_leaves_nothing_of_a_box(level: Isolation, tmp_path: Path) -> None:
    need(level)
    spec = room(tmp_path)
    launcher, environment = told(BOXES[level], spec)
    with subprocess.Popen(
        [sys.executable, "-c", BOT, launcher, "setsid sleep 1000 & echo up; sleep 1000"],
        env=environment,
        cwd=spec.workdir,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as bot:
        assert bot.stdout is not None
        assert bot.stdout.readline() == "up\n"
        os.kill(bot.pid, signal.SIGKILL)
        until_gone(spec.lock)


@pytest.mark.parametrize("level", ["bwrap"])
def test_a_box_ends_with_the_thread_that_started_it(level: Isolation, tmp_path: Path) -> None:
    """The trap: so agents are started by the event loop, which runs in the main thread to the end."""
    need(level)
    spec = room(tmp_path)
    launcher, environment = told(BOXES[level], spec)
    children: list[subprocess.Popen[bytes]] = []
    up, over = threading.Event(), threading.Event()

    def start() -> None:
        child = subprocess.Popen(
            [launcher, "-c", "echo up; sleep 1000"],
            env=environment,
            cwd=spec.workdir,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
        children.append(child)
        assert child.stdout is not None
        child.stdout.readline()
        up.set()
        over.wait(60)

    thread = threading.Thread(target=start)
    thread.start()
    assert up.wait(60)
    assert children[0].poll() is None
    over.set()
    thread.join()
    with children[0] as child:
        assert child.wait(60) == -signal.SIGKILL
    until_gone(spec.lock)


def test_where_the_kernel_allows_no_namespaces_the_sysctl_is_named(tmp_path: Path) -> None:
    """Tried in a user namespace of its own, where that can be set for nobody else."""
    need("bwrap")
    script = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
    done = subprocess.run(
        [
            *("unshare", "--user", "--map-current-user", "--keep-caps", "sh", "-c", script, "sh"),
            *(sys.executable, "-c", PROBE, str(tmp_path / "probe")),
        ],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == (
        'Agents cannot be kept apart (isolation = "bwrap"): this kernel allows no user namespaces:'
        " sudo sysctl -w user.max_user_namespaces=15000.\n"
    ), done.stderr


def test_a_missing_bubblewrap_is_named_with_what_installs_it(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, str(tmp_path / "probe")],
        cwd=ROOT,
        env={"PATH": "/nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == (
        'Agents cannot be kept apart (isolation = "bwrap"): bubblewrap is not installed: apt install'
        " bubblewrap.\n"
    ), done.stderr


PROBE = """
import sys
from pathlib import Path
from sessions.box import BOXES
from sessions.box.probe import probe
from sessions.errors import BoxBroken
try:
    probe(BOXES["bwrap"], Path(sys.argv[1]))
except BoxBroken as error:
    print(error)
"""
