"""The Landlock box: an agent may use its room's files and no others; nothing to install."""

from pathlib import Path
from typing import Final

from sessions.box.bwrap import Bind, own_binds, program_binds
from sessions.box.findings import Expected
from sessions.box.launcher import describe
from sessions.box.none import write_launcher
from sessions.box.spec import BoxSpec
from sessions.settings import Isolation

_MIB: Final = 1024**2
_READ: Final = (
    *("/usr", "/bin", "/lib", "/lib32", "/lib64", "/libx32", "/sbin", "/proc"),
    *("/etc/passwd", "/etc/group", "/etc/hosts", "/etc/nsswitch.conf", "/etc/resolv.conf"),
    *("/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime", "/etc/ssl/certs", "/etc/ssl/openssl.cnf"),
    # Not there they would be passed over; there and closed, a shell complains at each start.
    *("/etc/bash.bashrc", "/etc/bashrc", "/etc/profile", "/etc/profile.d", "/etc/inputrc"),
    *("/etc/pki/tls/certs", "/etc/pki/ca-trust", "/etc/ca-certificates", "/etc/crypto-policies"),
)
_USE: Final = ("null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts")
_KERNEL: Final = Path("/proc/sys/kernel/osrelease")

WEAK_POINTS: Final = (
    "processes of other rooms and of the bot are seen, though not their memory or environment",
    "mode, owner and times of every file of the bot's user can be changed, though not what is in it",
    "the network of this machine is shared, on kernels before 6.12 also signals and abstract sockets",
    "what an agent leaves running in the background is ended by Roomkey alone, not by the kernel",
)
"""What this level does not hold that `bwrap` does; each is a clause."""


class LandlockBox:
    """An agent reads the system and uses its room's directories; the kernel refuses all other files."""

    level: Isolation = "landlock"

    def write_launcher(self, path: Path) -> None:
        """Write the program that starts an agent; only its owner may run it."""
        write_launcher(path)

    def describe(self, spec: BoxSpec) -> str:
        """Return what the launcher is told, for the variable `launcher.DESCRIPTION`. Blocks."""
        _, program = program_binds(spec.program, spec.home)
        return describe(
            str(spec.program),
            dict(spec.env),
            str(spec.lock),
            landlock=landlock_paths(spec, program),
            unlinked=[str(bind.source) for bind in own_binds(spec)],
            limits=_limits(spec),
        )

    def expected(self, spec: BoxSpec) -> Expected:
        """Return what the probe must find."""
        return Expected(env=spec.env, limits=_limits(spec), has_no_new_privileges=True)

    def lacks(self) -> str | None:
        """Return what this machine lacks for such a box, as a sentence that says how to get it. Blocks."""
        try:
            return too_old(_KERNEL.read_text(encoding="ascii").strip())
        except OSError:
            return "Landlock needs Linux"


def too_old(release: str) -> str | None:
    """Return why a kernel of that release has no Landlock; None if it can have it. Pure."""
    numbers = tuple(int("".join(filter(str.isdecimal, part)) or 0) for part in release.split(".")[:2])
    if numbers < (5, 13):
        return f"Landlock needs Linux 5.13 or newer, this is {release}: upgrade the kernel"
    return None


def landlock_paths(spec: BoxSpec, program: tuple[Bind, ...]) -> dict[str, list[str]]:
    """Return the paths an agent may reach, by what it may do below them. Pure."""
    own = own_binds(spec)
    temp = [spec.env["TMPDIR"]] if "TMPDIR" in spec.env else []
    return {
        "read": [*_READ, *(str(bind.source) for bind in (*program, *own) if not bind.writable)],
        "use": [f"/dev/{name}" for name in _USE],
        "write": [*(str(bind.source) for bind in own if bind.writable), *temp],
    }


def _limits(spec: BoxSpec) -> dict[str, int]:
    # No limit on processes: out here the kernel would count all that the bot's user has.
    return {
        "RLIMIT_CORE": 0,
        "RLIMIT_FSIZE": spec.limits.file_mib * _MIB,
        "RLIMIT_NOFILE": spec.limits.open_files,
    }
