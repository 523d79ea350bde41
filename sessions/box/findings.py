"""What a look from inside a box has found -> what of its promises does not hold. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

_OCTAL: Final = re.compile(r"\\([0-7]{3})")
_MEMORY: Final = frozenset({"/tmp", "/run", "/dev/shm"})  # noqa: S108 -- the box's own
_ROOTS: Final = ("/bin", "/lib", "/lib32", "/lib64", "/libx32", "/sbin")
_SYSTEM: Final = frozenset({"/", "/usr", "/proc", "/dev", "/opt/agent", *_ROOTS, *_MEMORY})
_BELOW: Final = ("/etc/", "/proc/", "/dev/", "/opt/agent/")
_LIMITS: Final = {
    "RLIMIT_CORE": "Max core file size",
    "RLIMIT_FSIZE": "Max file size",
    "RLIMIT_NOFILE": "Max open files",
    "RLIMIT_NPROC": "Max processes",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a box promises. `writable` and `shown` are paths of the host that it may write and see.

    With `has_own_mounts` nothing else is there at all, and `namespaces` are its own.
    """

    env: Mapping[str, str]
    writable: frozenset[str] = frozenset()
    shown: frozenset[str] = frozenset()
    namespaces: frozenset[str] = frozenset()
    limits: Mapping[str, int] = field(default_factory=dict[str, int])
    has_own_mounts: bool = False
    has_no_new_privileges: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What an agent in the box sees: its environment, files of `/proc/self`, and what it could do."""

    env: Mapping[str, str]
    workdir: str
    namespaces: Mapping[str, str]
    mounts: str
    status: str
    limits: str
    stat: str
    did: frozenset[str]
    """Of `read-sibling`, `read-bot`, `wrote-sibling`, `wrote-own`, `wrote-kernel`, `found-secret`."""


def breaches(seen: Seen, expected: Expected, host_namespaces: Mapping[str, str], workdir: str) -> list[str]:
    """Return what does not hold, each as a clause for people; nothing if all does."""
    found = [*_environment(seen, expected), *_limits(seen, expected)]
    if seen.workdir != workdir:
        found.append(f"the agent works in {seen.workdir or 'no directory'}")
    if "found-secret" in seen.did:
        found.append("a secret of the bot is visible inside")
    if not (expected.has_own_mounts or expected.has_no_new_privileges):
        return found
    if "wrote-own" not in seen.did:
        found.append("a room's own directory cannot be written")
    told = {
        "read-sibling": "another room's file can be read",
        "wrote-sibling": "another room's directory can be written",
        "read-bot": "the bot's environment can be read",
        "wrote-kernel": "settings of the kernel can be written",
    }
    found += [clause for name, clause in told.items() if name in seen.did]
    if _field(seen.status, "NoNewPrivs") != "1":
        found.append("programs inside can gain privileges")
    if any(int(_field(seen.status, name) or "1", 16) for name in ("CapEff", "CapBnd")):
        found.append("the agent has capabilities")
    for name in sorted(expected.namespaces):
        if seen.namespaces.get(name, "") in ("", host_namespaces.get(name)):
            found.append(f"the {name} namespace is the host's")
    if expected.has_own_mounts:
        found += _mounts(seen.mounts, expected)
        if _terminal_session(seen.stat) == "0":
            found.append("the agent shares the bot's terminal session")
    return found


def _environment(seen: Seen, expected: Expected) -> Iterator[str]:
    for name in sorted(seen.env.keys() | expected.env.keys()):
        if name not in expected.env:
            yield f"the variable {name} is passed on"
        elif seen.env.get(name) != expected.env[name]:
            yield f"the variable {name} is not as it should be"


def _limits(seen: Seen, expected: Expected) -> Iterator[str]:
    for name, most in expected.limits.items():
        text = next((line for line in seen.limits.splitlines() if line.startswith(_LIMITS[name])), "")
        soft, hard = [*text.removeprefix(_LIMITS[name]).split(), "", ""][:2]
        if not (soft.isdecimal() and hard.isdecimal() and int(soft) <= most and int(hard) <= most):
            yield f"{name} is not set"


def _mounts(mountinfo: str, expected: Expected) -> Iterator[str]:
    there = dict(_mount_points(mountinfo.splitlines()))
    for place, (is_writable, is_sized) in sorted(there.items()):
        is_device = place.startswith("/dev/")
        if place in _MEMORY:
            if not is_sized:
                yield f"{place} has no size of its own"
        elif is_writable and not (is_device or place == "/proc" or place in expected.writable):
            yield f"{place} can be written"
        if not (place in _SYSTEM | expected.shown or place.startswith(_BELOW)):
            yield f"{place} is shown"
    for place in sorted((_MEMORY | expected.shown) - there.keys()):
        yield f"{place} is not mounted"


def _mount_points(lines: Iterable[str]) -> Iterator[tuple[str, tuple[bool, bool]]]:
    """Yield each mount's place, whether it can be written and whether it has a size of its own."""
    for line in lines:
        before, _, behind = line.partition(" - ")
        parts, options = before.split(" "), behind.split(" ")
        if len(parts) > 5:
            place = _OCTAL.sub(lambda code: chr(int(code[1], 8)), parts[4])
            writable = "rw" in parts[5].split(",") and "rw" in options[-1].split(",")
            yield place, (writable, "size=" in options[-1])


def _field(status: str, name: str) -> str:
    return next(
        (line.split(":")[1].strip() for line in status.splitlines() if line.startswith(f"{name}:")), ""
    )


def _terminal_session(stat: str) -> str:
    """Return the session's process id; 0 if its leader is outside of the box."""
    fields = stat.rpartition(")")[2].split()
    return fields[3] if len(fields) > 3 else "0"
