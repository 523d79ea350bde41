"""Why no box can be made on this machine, and the command that mends it. Pure but for `read_kernel`."""

import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_SYSCTLS: Final = (
    "kernel/unprivileged_userns_clone",
    "kernel/apparmor_restrict_unprivileged_userns",
    "user/max_user_namespaces",
)
_SAID_CHARS: Final = 300
_NAMESPACE: Final = ("namespace", "uid map", "gid map", "setgroups")


def read_kernel() -> Mapping[str, str]:
    """Return what the kernel is told about user namespaces, by sysctl, as far as it is told. Blocks."""
    places = {name.replace("/", "."): Path("/proc/sys", name) for name in _SYSCTLS}
    return {name: place.read_text("ascii").strip() for name, place in places.items() if place.is_file()}


def cause_of(code: int, said: str, kernel: Mapping[str, str]) -> str:
    """Return why a box did not start, in one line without its full stop, and how that is mended.

    `code` is how the start ended (minus a signal's number, or 128 and the number), `said` its stderr.
    """
    if code in (-signal.SIGSYS, 128 + signal.SIGSYS):
        return (
            "a filter of system calls ends it: in the unit, let SystemCallFilter= name @mount and not"
            " ~@privileged"
        )
    if "Unknown option" in said:
        return "this bubblewrap is too old, 0.8 or newer is needed: apt install bubblewrap"
    if "overflowuid" in said:
        return "/proc is not shown whole: take ProcSubset=pid out of the unit"
    if "mount proc" in said:
        return (
            "this container hides parts of /proc, so that no fresh one can be made: start it with"
            " --security-opt systempaths=unconfined"
        )
    if "no Landlock" in said:
        return "this kernel has Landlock switched off: add landlock to lsm= on its command line"
    if any(word in said for word in _NAMESPACE):
        return _no_namespaces(said, kernel)
    last = said.strip().splitlines()[-1:] or [f"it ended with code {code} and said nothing"]
    return f"it does not start: {last[0].strip()[:_SAID_CHARS].rstrip('.')}"


def _no_namespaces(said: str, kernel: Mapping[str, str]) -> str:
    if kernel.get("kernel.unprivileged_userns_clone") == "0":
        return "this kernel refuses user namespaces: sudo sysctl -w kernel.unprivileged_userns_clone=1"
    if kernel.get("user.max_user_namespaces") == "0":
        return "this kernel allows no user namespaces: sudo sysctl -w user.max_user_namespaces=15000"
    if kernel.get("kernel.apparmor_restrict_unprivileged_userns") == "1":
        return (
            "AppArmor keeps bubblewrap from user namespaces; allow them to it: sudo ln -s"
            " /usr/share/apparmor/extra-profiles/bwrap-userns-restrict /etc/apparmor.d/ && sudo"
            " apparmor_parser -r /etc/apparmor.d/bwrap-userns-restrict (package apparmor-profiles)"
        )
    last = (said.strip().splitlines() or [""])[-1].strip()[:_SAID_CHARS].rstrip(".")
    return (
        f"user namespaces are refused here ({last}): in a unit, let RestrictNamespaces= name user mnt pid ipc"
        " uts cgroup net; in a container, start it with --security-opt seccomp=unconfined"
    )
