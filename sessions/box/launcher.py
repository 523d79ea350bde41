"""Becomes the agent: clears the environment, takes the session's lock, execs the real program.

Run as a script, by the file that `Box.write_launcher` writes, in a bare interpreter; so it imports
nothing of ours. The variable named by `DESCRIPTION` says what to start; the arguments are passed
on unchanged. Secrets are in that description and in the environment made from it, never in argv.
"""

import fcntl
import json
import os
import sys

DESCRIPTION = "ROOMKEY_LAUNCH"
"""Names the variable with the JSON object `{"program": path, "env": {...}, "lock": path}`."""

SESSION = "ROOMKEY_SESSION"
"""Names the variable that marks all that the agent starts; it holds the path of the lock."""

EXIT_BUSY = 75
EXIT_MISSING = 127
"""How a start ends that could not be: another process holds the lock; there is no such program."""

# What the SDK sets for its child, whatever the description says.
_PASSED_ON = (
    "CLAUDE_CODE_ENTRYPOINT",
    "CLAUDE_AGENT_SDK_VERSION",
    "CLAUDE_CODE_SDK_READS_SESSION_STATE",
    "PWD",
)


def describe(program: str, env: dict[str, str], lock: str) -> str:
    """Return the text for the variable `DESCRIPTION`."""
    return json.dumps({"program": program, "env": env, "lock": lock})


def main() -> int:
    """Start the agent; returns only if that is impossible.

    The lock's file descriptor stays open in the agent, so the lock ends with it, however it ends.
    The file then holds the process id, which is also the id of the agent's process group.
    """
    description = json.loads(os.environ[DESCRIPTION])
    lock = os.open(description["lock"], os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.stderr.write("another process works on this session\n")
        return EXIT_BUSY
    os.setsid()
    os.ftruncate(lock, 0)
    os.write(lock, str(os.getpid()).encode())
    os.set_inheritable(lock, True)  # noqa: FBT003 -- the name of a system call's flag
    passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    program = description["program"]
    try:
        environment = {**description["env"], **passed_on, SESSION: description["lock"]}
        os.execve(program, [program, *sys.argv[1:]], environment)  # noqa: S606 -- no shell is the point
    except OSError as error:
        sys.stderr.write(f"cannot start {program}: {error.strerror}\n")
        return EXIT_MISSING


if __name__ == "__main__":
    sys.exit(main())
