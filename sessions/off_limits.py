"""Which directories of this machine no agent is given to work in or to write, whoever asks."""

import sys
from pathlib import Path
from typing import Final

from sessions.paths import Paths

_CODE: Final = Path(__file__).resolve().parent
# A box has its own of these; another in their place would show what must not be seen, or break it.
_SYSTEM: Final = frozenset(
    Path(name)
    for name in (
        *("/", "/boot", "/etc", "/home", "/opt/agent", "/run", "/tmp", "/usr", "/var"),  # noqa: S108 -- a name
        *("/bin", "/lib", "/lib32", "/lib64", "/libx32", "/sbin", "/dev", "/proc", "/sys"),
    )
)
_KERNEL: Final = (Path("/dev"), Path("/proc"), Path("/sys"))


def off_limits(path: Path, paths: Paths, *, writable: bool) -> str | None:
    """Return why this is nothing for an agent, as a clause that begins with a verb; None if it is.

    `path` is absolute and without links. Refused are the system's directories, Roomkey's data with all
    above and below it, and its program and its settings to write in. Blocks.
    """
    if path in _SYSTEM or any(place in path.parents for place in _KERNEL):
        return "is a directory of the system"
    if _touches(path, paths.root):
        return "holds Roomkey's own data or lies in it"
    if writable and paths.settings_file is not None and _touches(path, paths.settings_file.resolve().parent):
        return "holds Roomkey's settings or lies beside them"
    if writable and any(_touches(path, own) for own in (_CODE, Path(sys.prefix).resolve())):
        return "holds Roomkey's own program or lies in it"
    return None


def _touches(path: Path, own: Path) -> bool:
    return path == own or own in path.parents or path in own.parents
