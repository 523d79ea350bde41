"""At each start: a box is made, and from inside it everything is tried that it forbids (`probe`)."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final, Protocol

from sessions.box.causes import cause_of, read_kernel
from sessions.box.findings import Expected, Seen, breaches
from sessions.box.launcher import DESCRIPTION, SESSION
from sessions.box.network_probe import network_breaches
from sessions.box.spec import BoxSpec
from sessions.errors import BoxBroken
from sessions.settings import BoxSettings, Isolation

_LIMIT_S: Final = 20.0
_END: Final = "-- end of part --\n"
_NAMESPACES: Final = ("user", "pid", "ipc", "uts", "mnt", "net", "cgroup")

# One shell, and one program for each part of its report: it runs at each start of the bot.
# Opening a file of the kernel to append to it changes nothing.
_SCRIPT: Final = """
work=$1 memory=$2 home=$3 sibling=$4 bot=$5
part() { echo "-- end of part --"; }
read -r word < "$sibling/secret" && echo read-sibling
echo > "$sibling/planted" && echo wrote-sibling
echo > "$work/own" && echo > "$memory/own" && echo > "$home/own" && echo wrote-own
for file in /proc/[!0-9]* /proc/sys/kernel/core_pattern; do
  [ -f "$file" ] && [ -w "$file" ] && true >> "$file" && echo wrote-kernel
done
part; pwd
part; readlink /proc/self/ns/user /proc/self/ns/pid /proc/self/ns/ipc /proc/self/ns/uts /proc/self/ns/mnt \\
  /proc/self/ns/net /proc/self/ns/cgroup
part; cat /proc/$$/environ
echo; part; cat /proc/$$/mountinfo
part; cat /proc/$$/status
part; cat /proc/$$/limits
part; cat /proc/$$/stat
part; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline
part; cat "/proc/$bot/environ"
exit 0
"""
_PARTS: Final = 10


class Probed(Protocol):
    """The part of a box that a probe needs."""

    @property
    def level(self) -> Isolation:
        """The name used in settings."""
        ...

    def write_launcher(self, path: Path) -> None:
        """Write the program that starts an agent."""
        ...

    def describe(self, spec: BoxSpec) -> str:
        """Return what the launcher is told."""
        ...

    def expected(self, spec: BoxSpec) -> Expected:
        """Return what the probe must find."""
        ...

    def lacks(self) -> str | None:
        """Return what this machine lacks for such a box."""
        ...


def probe(box: Probed, scratch: Path, limits: BoxSettings | None = None) -> None:
    """Make a box below `scratch`, which is made and removed, and hold it to its promises. Blocks, briefly.

    Call it where rooms will lie, so that it is their place which is tried, and from a thread that
    stays until it returns: a box ends with the thread that started it.

    Raises:
        BoxBroken: no such box can be made here, or it does not hold; the text is one line that says
            why and what mends it.
    """
    if lack := box.lacks():
        raise _broken(box, lack)
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        spec = _spec(scratch, limits or BoxSettings())
        box.write_launcher(scratch / "launcher")
        expected = box.expected(spec)
        own = {SESSION: str(spec.lock), "PWD": str(spec.workdir)}
        seen = _look(box, spec, scratch)
        found = breaches(
            seen, replace(expected, env={**expected.env, **own}), host_namespaces(), str(spec.workdir)
        )
        if "net" in expected.namespaces:
            found += network_breaches(spec, scratch / "launcher", box.describe)
    except OSError as error:
        raise _broken(box, f"it cannot be tried in {scratch}: {error.strerror}") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if found:
        raise _broken(box, f"it does not hold: {'; '.join(found)}")


def host_namespaces() -> Mapping[str, str]:
    """Return the namespaces of this process by name. Blocks."""
    places = (Path("/proc/self/ns", name) for name in _NAMESPACES)
    return {place.name: str(place.readlink()) for place in places if place.exists()}


def _spec(scratch: Path, limits: BoxSettings) -> BoxSpec:
    """Make a room and a sibling with a secret in it."""
    work, memory, home, sibling, temp = (
        scratch / name for name in ("room/work", "room/memory", "room/home", "sibling", "room/tmp")
    )
    for directory in (work, memory, home, sibling, temp):
        directory.mkdir(mode=0o700, parents=True)
    (sibling / "secret").write_text("of another room\n", encoding="ascii")
    return BoxSpec(
        program=Path("/bin/sh"),
        workdir=work,
        memory_dir=memory,
        home=home,
        lock=scratch / "lock",
        env={"PATH": "/usr/bin:/bin", "HOME": str(home), "TMPDIR": str(temp)},
        limits=limits,
    )


def _look(box: Probed, spec: BoxSpec, scratch: Path) -> Seen:
    """Run the script in the box. Raises BoxBroken if it did not run."""
    secret, sibling = secrets.token_hex(16), scratch / "sibling"
    places = (spec.workdir, spec.memory_dir, spec.home, sibling)
    try:
        done = subprocess.run(
            [scratch / "launcher", "-c", _SCRIPT, "sh", *places, str(os.getpid())],
            env={"PATH": "/usr/bin:/bin", "ROOMKEY_PROBE": secret, DESCRIPTION: box.describe(spec)},
            cwd=spec.workdir,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _broken(box, f"it did not start within {_LIMIT_S:.0f} s") from error
    text = done.stdout.decode("utf-8", "replace")
    parts = text.split(_END)
    if done.returncode != 0 or len(parts) != _PARTS:
        said = done.stderr.decode("utf-8", "replace")
        raise _broken(box, cause_of(done.returncode, said, read_kernel()))
    did, workdir, namespaces, environ, mounts, status, limits, stat, _, of_bot = parts
    done_to_host = {
        "wrote-own": all((place / "own").is_file() for place in places[:3]),
        "wrote-sibling": (sibling / "planted").exists(),
        "found-secret": secret in text,
        # Inside a box with processes of its own this number is another's, or nobody's.
        "read-bot": bool(of_bot) and "pid" not in box.expected(spec).namespaces,
    }
    return Seen(
        env=dict(_variable(entry) for entry in environ.rstrip("\n").split("\0") if entry),
        workdir=workdir.rstrip("\n"),
        namespaces={line.partition(":")[0]: line for line in namespaces.split()},
        mounts=mounts,
        status=status,
        limits=limits,
        stat=stat,
        did=frozenset((*did.split(), *(name for name, was in done_to_host.items() if was))),
    )


def _variable(entry: str) -> tuple[str, str]:
    name, _, text = entry.partition("=")
    return name, text


def _broken(box: Probed, cause: str) -> BoxBroken:
    return BoxBroken(f'Agents cannot be kept apart (isolation = "{box.level}"): {cause}.')
