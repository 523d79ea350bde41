"""Becomes the agent, in its box: takes the session's lock, sets limits, execs with a clean environment.

Run as a script, by the file that `Box.write_launcher` writes, in a bare interpreter; so it imports
nothing of ours, and as little as it can: its own start would cost more than the box. The variable
named by `DESCRIPTION` says what to start; the arguments are passed on unchanged. Secrets are in that
description and in the environment made from it, never in argv; nor is the list of mounts.
"""

import fcntl
import json
import os
import sys
import time

DESCRIPTION = "ROOMKEY_LAUNCH"
"""Names the variable with what `describe` returns."""

SESSION = "ROOMKEY_SESSION"
"""Names the variable that marks all that the agent starts; it holds the path of the lock."""

EXIT_BUSY = 75
EXIT_LINKED = 76
EXIT_MISSING = 127
"""How a start ends that could not be: another process holds the lock; a directory of the room has become
a link; there is no such program, or no such box."""

# What the SDK sets for its child, whatever the description says.
_PASSED_ON = (
    "CLAUDE_CODE_ENTRYPOINT",
    "CLAUDE_AGENT_SDK_VERSION",
    "CLAUDE_CODE_SDK_READS_SESSION_STATE",
    "PWD",
)
_LOCK_TRIES, _LOCK_PAUSE_S = 50, 0.01
_OOM_SCORE = b"500"  # when memory runs out, an agent goes before the bot


def describe(program: str, env: dict[str, str], lock: str, **more: object) -> str:
    """Return the text for the variable `DESCRIPTION`.

    Without a box `more` is empty. It may hold `box`: bubblewrap and its arguments; `command`: what that
    runs, before the agent's own arguments; `landlock`: paths by what may be done below them, see
    `_Landlock`; `limits`: resource limits by name; `unlinked`: paths that must not lead over a link.
    """
    return json.dumps({"program": program, "env": env, "lock": lock, **more})


def main() -> int:
    """Start the agent; returns only if that is impossible.

    The lock ends with the agent, however it ends: its descriptor stays open in the agent, or in its
    box. The file then holds the process id, which is also the id of a process group.
    """
    told = json.loads(os.environ[DESCRIPTION])
    try:
        lock = _locked(told["lock"])
    except BlockingIOError:
        sys.stderr.write("another process works on this session\n")
        return EXIT_BUSY
    passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    environment = {**told["env"], **passed_on, SESSION: told["lock"]}
    for path in told.get("unlinked", ()):
        if os.path.realpath(path) != path:
            sys.stderr.write(f"{path} leads over a link\n")
            return EXIT_LINKED
    if "limits" in told:
        _limit(told["limits"])
    command = [told["program"], *sys.argv[1:]]
    try:
        # Looked at out here, where its path is known to people; inside it has another.
        if not os.access(told["program"], os.X_OK):
            raise FileNotFoundError(2, "No such file or directory")
        if "box" in told:
            command = _boxed(told["box"], [*told["command"], *sys.argv[1:]], lock)
        if "landlock" in told:
            _Landlock().enforce(told["landlock"])
        os.execve(command[0], command, environment)  # noqa: S606 -- no shell is the point
    except OSError as error:
        sys.stderr.write(f"cannot start {told['program']}: {error.strerror or error}\n")
        return EXIT_MISSING


def _locked(path: str) -> int:
    """Return a descriptor that holds the session's lock; it cannot be written. Raises BlockingIOError."""
    lock = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    for left in range(_LOCK_TRIES, -1, -1):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            # A box lets go of it a moment after its end was told.
            if not left:
                raise
            time.sleep(_LOCK_PAUSE_S)
    os.setsid()
    name = os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW)
    os.write(name, str(os.getpid()).encode())
    os.close(name)
    os.set_inheritable(lock, True)  # noqa: FBT003 -- the name of a system call's flag
    return lock


def _boxed(box: list[str], command: list[str], lock: int) -> list[str]:
    """Return the command line that runs a command in bubblewrap; the box itself holds the lock."""
    arguments = os.memfd_create("arguments", 0)
    os.write(arguments, "\0".join(["--sync-fd", str(lock), *box[1:], ""]).encode())
    os.lseek(arguments, 0, os.SEEK_SET)
    return [box[0], "--args", str(arguments), "--", *command]


def _limit(limits: dict[str, int]) -> None:
    """Set limits for this process and all it starts, none above what it may have."""
    import resource  # no box, no limits, no import

    for name, most in limits.items():
        number = getattr(resource, name)
        hard = resource.getrlimit(number)[1]
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(number, (bound, bound))
    try:
        adjust = os.open("/proc/self/oom_score_adj", os.O_WRONLY | os.O_CLOEXEC)
        os.write(adjust, _OOM_SCORE)
    except OSError:  # in a container that keeps it from us an agent is no worse off than the bot
        return
    os.close(adjust)


class _Landlock:
    """The kernel's Landlock: from here on, nothing but what is named. No root of this machine undoes it."""

    # linux/landlock.h; the numbers of the system calls are the same on every architecture.
    _CREATE, _ADD, _RESTRICT = 444, 445, 446
    _EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
    _TRUNCATE, _IOCTL = 1 << 14, 1 << 15
    _FOR_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL
    _NO_NEW_PRIVS, _DROP_BOUND = 38, 24

    def __init__(self) -> None:
        import ctypes

        self._libc = ctypes.CDLL(None, use_errno=True)
        self._errno = ctypes.get_errno
        self.version: int = self._libc.syscall(self._CREATE, None, 0, 1)

    def enforce(self, paths: dict[str, list[str]]) -> None:
        """Restrict this process and all it starts to the paths below `read`, `use` and `write`.

        `use` is for devices: read and write, make nothing. What is missing is passed over. Raises OSError.
        """
        if self.version < 1:
            raise OSError(0, "this kernel has no Landlock")
        handled = (1 << (13, 14, 15, 15, 16)[min(self.version, 5) - 1]) - 1
        # From version 6 on also signals and abstract sockets stay among the agent's own processes.
        attributes = handled.to_bytes(8, sys.byteorder)
        if self.version >= 6:
            attributes += bytes(8) + (3).to_bytes(8, sys.byteorder)
        ruleset = self._call(self._CREATE, attributes, len(attributes), 0)
        rights = {
            "read": self._EXECUTE | self._READ_FILE | self._READ_DIR,
            "use": self._READ_FILE | self._READ_DIR | self._WRITE_FILE | self._TRUNCATE | self._IOCTL,
            "write": handled,
        }
        for kind, right in rights.items():
            for path in paths.get(kind, ()):
                self._allow(ruleset, path, right & handled)
        self._drop_capabilities()
        if self._libc.prctl(self._NO_NEW_PRIVS, 1, 0, 0, 0):
            raise OSError(self._errno(), "no_new_privs")
        self._call(self._RESTRICT, ruleset, 0)
        os.close(ruleset)

    def _allow(self, ruleset: int, path: str, right: int) -> None:
        try:
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        if not os.path.isdir(path):  # noqa: PTH112 -- pathlib would cost more than all of this
            right &= self._FOR_FILES
        rule = right.to_bytes(8, sys.byteorder) + place.to_bytes(4, sys.byteorder)
        self._call(self._ADD, ruleset, 1, rule, 0)
        os.close(place)

    def _drop_capabilities(self) -> None:
        if os.geteuid() == 0:  # a program that root starts has what is in the bounding set
            for number in range(64):
                self._libc.prctl(self._DROP_BOUND, number, 0, 0, 0)

    def _call(self, number: int, *arguments: object) -> int:
        result: int = self._libc.syscall(number, *arguments)
        if result < 0:
            raise OSError(self._errno(), f"Landlock: {os.strerror(self._errno())}")
        return result


if __name__ == "__main__":
    sys.exit(main())
