"""What a strict box adds to bubblewrap's: a network of its own, and the one way out of it."""

import json
import shutil
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from sessions.box import BOXES
from sessions.box.spec import BoxSpec
from sessions.box.strict import PORT, SOCKET, python, python_binds
from tests.support.boxes import need, room, run

pytestmark = pytest.mark.timeout(120)
STRICT = BOXES["strict"]
PROXY = f"http://127.0.0.1:{PORT}"


def told(spec: BoxSpec) -> dict[str, list[str]]:
    return json.loads(STRICT.describe(spec))


def test_the_network_is_its_own_and_the_relay_comes_before_the_program(tmp_path: Path) -> None:
    spec = replace(room(tmp_path), egress=tmp_path / "egress.sock")
    description = told(spec)
    assert "--unshare-net" in description["box"]
    words = description["command"]
    assert words[words.index("-I") :] == [
        *("-I", "-S", "/run/roomkey/relay.py", str(PORT), str(SOCKET)),
        str(Path("/bin/sh").resolve()),
    ]
    shown = description["box"].index(str(SOCKET))
    assert description["box"][shown - 2 : shown] == ["--ro-bind", str(tmp_path / "egress.sock")]


def test_every_proxy_of_the_machine_gives_way_to_the_agents_own(tmp_path: Path) -> None:
    """An address in NO_PROXY would be asked for directly, and nothing is there."""
    names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
    machines = {name: "http://proxy.corp.test" for upper in names for name in (upper, upper.lower())}
    base = room(tmp_path)
    env = STRICT.expected(replace(base, env={**base.env, **machines, "LANG": "C.UTF-8"})).env
    assert {name: env.get(name) for name in machines} == {
        **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), PROXY),
        **dict.fromkeys(("ALL_PROXY", "NO_PROXY", "all_proxy", "no_proxy")),
    }
    assert env["LANG"] == "C.UTF-8"


def test_without_socat_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "socat" else f"/usr/bin/{name}")
    assert STRICT.lacks() == "socat is not installed, and Claude's own sandbox needs it: apt install socat"


def test_our_own_python_is_shown_only_if_the_system_has_none_that_is_fit(tmp_path: Path) -> None:
    old = tmp_path / "python3.8"
    old.touch()
    assert python(tmp_path / "python3.12", old) == tmp_path / "python3.12"
    assert python(Path("/usr/local/bin/python3.12"), old) == Path("/usr/local/bin/python3.12")
    assert python_binds(Path("/usr/bin/python3.12")) == ()


@pytest.mark.blocking
def test_what_is_shown_of_our_own_python_is_enough_for_the_relay() -> None:
    need("strict")
    program = Path(sys.executable).resolve()
    binds = [
        part for bind in python_binds(program) for part in ("--ro-bind", str(bind.source), str(bind.inside))
    ]
    links = [part for name in ("bin", "lib", "lib64") for part in ("--symlink", f"usr/{name}", f"/{name}")]
    box = ["bwrap", "--unshare-all", "--ro-bind", "/usr", "/usr", *links, *binds, "--proc", "/proc"]
    done = subprocess.run(
        [*box, program, "-I", "-S", "-c", "import os, select, signal, socket, sys; print('all there')"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("all there\n", "")


@pytest.mark.blocking
def test_inside_there_is_a_loopback_and_nothing_else(tmp_path: Path) -> None:
    need("strict")
    spec = room(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as host:
        ours = f"import socket; socket.create_server(('127.0.0.1', {host.getsockname()[1]})); print('free')"
        done = run(STRICT, spec, f'cut -d: -f1 -s /proc/net/dev; "$1" -I -S -c "{ours}"', str(python()))
    assert done.stdout.split() == ["lo", "free"], done.stderr
