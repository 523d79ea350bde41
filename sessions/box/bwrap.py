"""The bubblewrap box: which flags make an agent's box, in which order (`bwrap_arguments`), and `BwrapBox`.

The order of mounts matters: what comes later covers what came before. docs/adr/0008-the-box.md says why
each flag is there and which are not.
"""

import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sessions.box.findings import Expected
from sessions.box.launcher import describe
from sessions.box.mounts import Mount
from sessions.box.none import write_launcher
from sessions.box.spec import BoxSpec
from sessions.settings import Isolation

AGENT_DIR: Final = Path("/opt/agent")
"""Where an agent's program is inside, unless it lies below `/usr`, which is there as it is."""

TMP: Final = "/tmp"  # noqa: S108 -- the box's own, nobody else is in it

_MIB: Final = 1024**2
_RUN_BYTES: Final = 16 * _MIB
_ROOTS: Final = ("bin", "lib", "lib32", "lib64", "libx32", "sbin")
# Never /etc as a whole: what everybody may read there is more than an agent has any business with.
# And no more of it than is needed: bubblewrap looks through all mounts after each.
_ETC: Final = (
    *("passwd", "group", "hosts", "nsswitch.conf", "resolv.conf", "ld.so.cache", "alternatives", "localtime"),
    *("ssl/certs", "ssl/openssl.cnf", "pki/tls/certs", "pki/ca-trust", "ca-certificates", "crypto-policies"),
)
_CERTIFICATES: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS")
_SANDBOX_UID: Final = "65534"
_ELF: Final = b"\x7fELF"


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What the flags depend on: where `/bin` and the like lead to (None: a directory), and who we are.

    `kernel_places` are the entries of `/proc` that belong to the kernel and not to a process.
    """

    roots: tuple[tuple[str, str | None], ...]
    is_root: bool
    kernel_places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Bind:
    """A path of the host at `inside`, or at its own path."""

    source: Path
    inside: Path
    writable: bool = False


def read_host() -> Host:
    """Look at this machine. Blocks."""
    roots: list[tuple[str, str | None]] = []
    for name in _ROOTS:
        place = Path("/", name)
        if place.is_symlink():
            roots.append((name, str(place.readlink())))
        elif place.is_dir():
            roots.append((name, None))
    is_root = os.geteuid() == 0
    return Host(roots=tuple(roots), is_root=is_root, kernel_places=_kernel_places() if is_root else ())


def bwrap_arguments(
    spec: BoxSpec,
    host: Host,
    binds: Iterable[Bind] = (),
    *,
    unshare_net: bool = False,
) -> tuple[str, ...]:
    """Return bubblewrap's arguments up to the command. Pure.

    `binds` are what is shown beside the spec's own directories and mounts. Of one path inside, the
    last that is named counts.
    """
    tmp_size = str(spec.limits.tmp_mib * _MIB)
    return (
        *("--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
        *(("--unshare-net",) if unshare_net else ()),
        *("--die-with-parent", "--new-session", "--cap-drop", "ALL"),
        # Root inside could make no box in the box: the kernel wants a capability for a map of user 0.
        *(("--uid", _SANDBOX_UID, "--gid", _SANDBOX_UID) if host.is_root else ()),
        *("--ro-bind", "/usr", "/usr"),
        *_roots(host),
        *(part for name in _ETC for part in ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")),
        *("--proc", "/proc"),
        # To the kernel root is root, even without capabilities: it could write core_pattern, say.
        *(
            part
            for name in host.kernel_places
            for part in ("--ro-bind-try", f"/proc/{name}", f"/proc/{name}")
        ),
        *("--dev", "/dev", "--size", tmp_size, "--tmpfs", "/dev/shm", "--remount-ro", "/dev"),  # noqa: S108
        *("--size", tmp_size, "--tmpfs", TMP, "--size", str(_RUN_BYTES), "--tmpfs", "/run", "--dir", "/home"),
        *_binds(spec, binds),
        *("--remount-ro", "/", "--chdir", str(spec.workdir)),
    )


def program_binds(program: Path, home: Path) -> tuple[Path, tuple[Bind, ...]]:
    """Return where a program is inside, and what must be shown for that. Blocks; links are followed.

    A binary stands alone; of anything else the whole directory is shown, as a script may need what is
    beside it, unless the agents' homes lie there.
    """
    real = program.resolve()
    if Path("/usr") in real.parents:
        return real, ()
    with real.open("rb") as opened:
        alone = opened.read(len(_ELF)) == _ELF or real.parent in home.parents
    inside = AGENT_DIR / real.name
    return inside, ((Bind(real, inside) if alone else Bind(real.parent, AGENT_DIR)),)


def own_binds(spec: BoxSpec) -> tuple[Bind, ...]:
    """Return the agent's own directories and its mounts. Pure."""
    own = (Mount(spec.workdir, True), Mount(spec.memory_dir, True), Mount(spec.home, True))  # noqa: FBT003
    return tuple(Bind(mount.path, mount.path, mount.writable) for mount in (*spec.mounts, *own))


class BwrapBox:
    """Each agent is alone: own processes, own /tmp, and of the files only its room's."""

    level: Isolation = "bwrap"

    def write_launcher(self, path: Path) -> None:
        """Write the program that starts an agent; only its owner may run it."""
        write_launcher(path)

    def describe(self, spec: BoxSpec) -> str:
        """Return what the launcher is told, for the variable `launcher.DESCRIPTION`. Blocks."""
        inside, binds = program_binds(spec.program, spec.home)
        host = read_host()
        return bwrap_description(spec, host, bwrap_arguments(spec, host, binds), (str(inside),))

    def expected(self, spec: BoxSpec) -> Expected:
        """Return what the probe must find in such a box."""
        host = read_host()
        return Expected(
            env=boxed_env(spec),
            writable=frozenset(str(bind.inside) for bind in own_binds(spec) if bind.writable),
            shown=frozenset(str(bind.inside) for bind in own_binds(spec)),
            namespaces=frozenset({"user", "pid", "ipc", "uts", "mnt"}),
            limits=limits_of(spec, host),
            has_own_mounts=True,
        )

    def lacks(self) -> str | None:
        """Return what this machine lacks for such a box, as a sentence that says how to get it. Blocks."""
        if shutil.which("bwrap") is None:
            return "bubblewrap is not installed: apt install bubblewrap"
        if shutil.which("prlimit") is None:
            return "prlimit is not installed: apt install util-linux"
        return None


def bwrap_description(spec: BoxSpec, host: Host, arguments: Sequence[str], command: Sequence[str]) -> str:
    """Return what the launcher is told: to run a command in bubblewrap, with the agent's own arguments.

    `command` is named by paths inside. Blocks: programs are looked up.
    """
    return describe(
        str(spec.program),
        boxed_env(spec),
        str(spec.lock),
        box=[shutil.which("bwrap") or "bwrap", *arguments],
        command=[*_limited(host, spec), *command],
        unlinked=[str(bind.source) for bind in own_binds(spec)],
        limits=limits_of(spec, host, inside=False),
    )


def boxed_env(spec: BoxSpec) -> dict[str, str]:
    """Return the agent's environment: temporary files go to the box's own /tmp."""
    return {**spec.env, "TMPDIR": TMP}


def limits_of(spec: BoxSpec, host: Host, *, inside: bool = True) -> dict[str, int]:
    """Return the resource limits, by their names in `resource`; `inside` with what is set in the box."""
    limits = {
        "RLIMIT_CORE": 0,
        "RLIMIT_FSIZE": spec.limits.file_mib * _MIB,
        "RLIMIT_NOFILE": spec.limits.open_files,
    }
    return {**limits, "RLIMIT_NPROC": spec.limits.processes} if inside and not host.is_root else limits


def _limited(host: Host, spec: BoxSpec) -> tuple[str, ...]:
    # Set inside, the kernel counts the box's own processes. Set outside, it would count all that the
    # bot's user has, and one room's fork bomb would stop every room. For root there is no such limit.
    if host.is_root:
        return ()
    return (shutil.which("prlimit") or "prlimit", f"--nproc={spec.limits.processes}")


def _roots(host: Host) -> tuple[str, ...]:
    parts: list[str] = []
    for name, target in host.roots:
        parts += (
            ("--ro-bind", f"/{name}", f"/{name}") if target is None else ("--symlink", target, f"/{name}")
        )
    return tuple(parts)


def _binds(spec: BoxSpec, binds: Iterable[Bind]) -> tuple[str, ...]:
    certificates = (Path(spec.env[name]) for name in _CERTIFICATES if spec.env.get(name, "").startswith("/"))
    parts = [part for path in certificates for part in ("--ro-bind-try", str(path), str(path))]
    by_place = {bind.inside: bind for bind in (*binds, *own_binds(spec))}
    # What lies within another comes after it, or it would be covered.
    for bind in sorted(by_place.values(), key=lambda bind: (len(bind.inside.parts), bind.inside)):
        parts += ("--bind" if bind.writable else "--ro-bind", str(bind.source), str(bind.inside))
    return tuple(parts)


def _kernel_places() -> tuple[str, ...]:
    """Return what of /proc belongs to no process and has something to write in it."""
    found: list[str] = []
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal() or entry.is_symlink():
            continue
        if entry.is_dir() or entry.stat().st_mode & 0o222:
            found.append(entry.name)
    return tuple(sorted(found))
