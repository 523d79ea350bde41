"""claudeclaw's files: where they lie, and reading them without changing or following anything."""

import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal
from urllib.parse import unquote

from sessions.errors import UserError

LIMIT_BYTES: Final = 64 * 1024 * 1024
"""A file beyond this is reported as `too-large` and gives nothing."""

Role = Literal["sessions", "session", "agent", "backup", "fallback", "settings", "permission-mode"]

_THREAD_AGENT: Final = re.compile(r".*-([0-9]{17,20})", re.DOTALL)
_NEVER: Final = datetime.fromtimestamp(0, UTC)


class NotClaudeclaw(UserError):
    """That directory holds nothing of claudeclaw."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A claudeclaw directory, real paths: `state` has its files, `project` is where it ran, if known."""

    state: Path
    project: Path | None

    @property
    def agents(self) -> tuple[str, ...]:
        """The directory names of the named agents, sorted."""
        return () if self.project is None else names(self.project / "agents")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A file as read. `name` is its place below the state directory, or the project's for `agents/`.

    `raw_key` is whose session a file with a single one holds, `agent` the directory below `agents/`
    that it lies in. With a `problem` there is no `data`.
    """

    name: str
    role: Role
    raw_key: str = "default"
    agent: str | None = None
    data: bytes = b""
    modified: datetime = _NEVER
    problem: Literal["corrupt", "too-large"] | None = None


def locate(directory: Path) -> Installation:
    """Find the parts of an installation from its project or its state directory.

    Raises:
        NotClaudeclaw: it is no directory. Whether files lie there is not looked at.
    """
    try:
        here = directory.expanduser().resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise NotClaudeclaw(f"{directory} is not a directory.") from error
    if not is_directory(here):
        raise NotClaudeclaw(f"{directory} is not a directory.")
    if (here.parent.name, here.name) == (".claude", "claudeclaw"):
        return Installation(state=here, project=here.parent.parent)
    state = here / ".claude" / "claudeclaw"
    agents = here / "agents"
    if is_directory(state) or any("session.json" in names(agents / agent) for agent in names(agents)):
        return Installation(state=state.resolve(), project=here)
    return Installation(state=here, project=None)


def read_files(place: Installation) -> tuple[SourceFile, ...]:
    """Read every file an import looks at, in the order in which they count. Blocks, changes nothing.

    Raises:
        NotClaudeclaw: there is none, and no timed job either.
    """
    found = [read for file in _expected(place) if (read := _read(place, file)) is not None]
    if not found and not job_names(place):
        raise NotClaudeclaw(f"{place.project or place.state} holds nothing of claudeclaw.")
    return tuple(found)


def job_names(place: Installation) -> tuple[str, ...]:
    """Return the files of the timed jobs, sorted, each below the directory its session files lie in."""
    jobs = [(f"jobs/{name}", name) for name in names(place.state / "jobs")]
    for agent in place.agents:
        below = f"agents/{agent}/jobs"
        jobs += [(f"{below}/{name}", name) for name in names(_base(place, below) / below)]
    return tuple(path for path, name in jobs if name.endswith(".md"))


def names(directory: Path) -> tuple[str, ...]:
    """Return the names in a directory, sorted; none if it cannot be read."""
    with suppress(OSError, ValueError):
        return tuple(sorted(entry.name for entry in directory.iterdir()))
    return ()


def is_directory(path: Path) -> bool:
    """Say whether it is a directory; what cannot be looked at is none."""
    with suppress(OSError, ValueError):
        return stat.S_ISDIR(path.stat().st_mode)
    return False


def _expected(place: Installation) -> Iterator[SourceFile]:
    yield SourceFile(name="sessions.json", role="sessions")
    yield SourceFile(name="session.json", role="session")
    for agent in place.agents:
        name = f"agents/{agent}/session.json"
        yield SourceFile(name=name, role="agent", raw_key=_agent_key(agent), agent=agent)
    for name in names(place.state):
        if name.startswith("session_") and name.endswith(".backup"):
            yield SourceFile(name=name, role="backup")
    yield SourceFile(name="session_fallback.json", role="fallback")
    for name in names(place.state / "fallback-sessions"):
        if name.endswith(".json"):
            raw_key = unquote(name.removesuffix(".json"))
            yield SourceFile(name=f"fallback-sessions/{name}", role="fallback", raw_key=raw_key)
    for agent in place.agents:
        name = f"agents/{agent}/session_fallback.json"
        yield SourceFile(name=name, role="fallback", raw_key=_agent_key(agent), agent=agent)
    yield SourceFile(name="settings.json", role="settings")
    yield SourceFile(name="permission-mode.json", role="permission-mode")


def _agent_key(agent: str) -> str:
    """Return whose session an agent's directory holds: a thread's, if the name ends with its id."""
    thread = _THREAD_AGENT.fullmatch(agent)
    return thread[1] if thread else f"agent:{agent}"


def _base(place: Installation, name: str) -> Path:
    return place.project if place.project is not None and name.startswith("agents/") else place.state


def _read(place: Installation, file: SourceFile) -> SourceFile | None:
    base = _base(place, file.name)
    path = base / file.name
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return replace(file, problem="corrupt")
    try:
        data, modified = _contents(path.resolve(strict=True), base)
    except (OSError, RuntimeError):
        return replace(file, problem="corrupt")
    if len(data) > LIMIT_BYTES:
        return replace(file, problem="too-large", modified=modified)
    return replace(file, data=data, modified=modified)


def _contents(real: Path, base: Path) -> tuple[bytes, datetime]:
    if not real.is_relative_to(base):
        raise OSError("the link leaves the directory")
    # Not blocking: a pipe of that name would be waited for without end.
    descriptor = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as opened:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError("not a regular file")
        return opened.read(LIMIT_BYTES + 1), _when(status.st_mtime)


def _when(timestamp: float) -> datetime:
    try:
        return datetime.fromtimestamp(timestamp, UTC)
    except (OverflowError, ValueError, OSError):
        return _NEVER
