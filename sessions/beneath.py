"""Files in a directory that an agent can write: opened from descriptors, through no link. Blocking.

An agent may swap any directory or file of its own for a link at any moment. So nothing here resolves a path
and opens it afterwards: each step starts at the descriptor of the one before, and what was opened is looked
at, never what was named. A name is a plain file name; a path of names never leads up.
"""

import errno
import os
import shutil
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final

from sessions.errors import UserError
from sessions.openat2 import openat2

_PRIVATE: Final = 0o700
_FILE: Final = 0o600
_NO_LINK: Final = os.O_NOFOLLOW | os.O_CLOEXEC
_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | _NO_LINK
# What is opened may turn out to be a pipe, or a terminal: neither may hold us up or become ours.
_READ: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | _NO_LINK
_LISTED: Final = 10_000
_NAME_BYTES: Final = 255


class NotSendable(UserError):
    """That is no file that can be sent from here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A file that may leave a room: `file` is open for reading, and is closed by whoever has it."""

    file: BinaryIO
    name: str
    size_bytes: int

    def read(self) -> bytes:
        """Return what is in it, as much as its size was when it was opened: it may grow meanwhile."""
        return self.file.read(self.size_bytes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is in a directory: a plain file, or anything else. `changed_s` is Unix time."""

    name: str
    is_file: bool
    size_bytes: int
    changed_s: float


def create_beneath(root: Path, *names: str) -> int:
    """Create a file below `root` and return its descriptor, open for writing.

    `names` are directories, made where missing, and the file's own name. No existing file is opened.

    Raises:
        ValueError: a name is no plain file name.
        FileExistsError: there is such a file already; try another name.
        OSError: a directory is a link or no directory, or cannot be written.
    """
    *directories, file = map(_plain, names)
    with _opened(root, *directories, make=True) as here:
        return os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK, _FILE, dir_fd=here)


def remove_beneath(root: Path, *names: str) -> None:
    """Remove a file below `root`; returns also if it was gone. A link itself is removed, not its target.

    Raises ValueError and OSError as `create_beneath` does.
    """
    *directories, file = map(_plain, names)
    with suppress(FileNotFoundError), _opened(root, *directories) as here:
        os.unlink(file, dir_fd=here)


def remove_tree_beneath(root: Path, *names: str) -> None:
    """Remove a directory below `root` with all that is in it; returns also if it was gone.

    Raises ValueError and OSError as `create_beneath` does, also for a link.
    """
    *directories, last = map(_plain, names)
    with suppress(FileNotFoundError), _opened(root, *directories) as here:
        shutil.rmtree(last, dir_fd=here)


def rename_beneath(root: Path, *names: str, to: str) -> None:
    """Give whatever has that name below `root` another one, in the same directory.

    Raises ValueError and OSError as `create_beneath` does.
    """
    *directories, file = map(_plain, names)
    with _opened(root, *directories) as here:
        os.rename(file, _plain(to), src_dir_fd=here, dst_dir_fd=here)


def exists_beneath(root: Path, *names: str) -> bool:
    """Whether anything has that name below `root`, be it a link that leads nowhere."""
    *directories, file = map(_plain, names)
    try:
        with _opened(root, *directories) as here:
            os.stat(file, dir_fd=here, follow_symlinks=False)
    except OSError:
        return False
    return True


def list_beneath(root: Path, *names: str) -> list[Found]:
    """Return what is in a directory below `root`, nothing if that is missing; at most 10,000 of it.

    Raises ValueError and OSError as `create_beneath` does.
    """
    found: list[Found] = []
    with suppress(FileNotFoundError), _opened(root, *map(_plain, names)) as here, os.scandir(here) as entries:
        for entry in islice(entries, _LISTED):
            with suppress(FileNotFoundError):  # it may go at any time
                status = entry.stat(follow_symlinks=False)
                is_file, size, changed = stat.S_ISREG(status.st_mode), status.st_size, status.st_mtime
                found.append(Found(name=entry.name, is_file=is_file, size_bytes=size, changed_s=changed))
    return found


def open_beneath(root: Path, *names: str) -> BinaryIO:
    """Open a plain file below `root` for reading; whoever gets it closes it.

    A file with a second name (a hard link) is refused: the other one may lie anywhere.

    Raises:
        ValueError: a name is no plain file name.
        FileNotFoundError: there is none.
        OSError: it is no plain file, or a link is on the way to it.
    """
    *directories, file = map(_plain, names)
    here = os.open(root, _DIRECTORY)
    try:
        descriptor = _open(here, [*directories, file], _READ)
    finally:
        os.close(here)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
        os.close(descriptor)
        raise OSError(errno.EPERM, "no plain file of its own", file)
    return os.fdopen(descriptor, "rb")


def open_outgoing(workdir: Path, relative: str, limit_bytes: int) -> Outgoing:
    """Open the file that an agent names for sending: plain, below `workdir`, with no second name.

    Raises:
        NotSendable: it is anything else, or larger than `limit_bytes`; the text says what.
    """
    path = PurePosixPath(relative)
    shown = f"`{path.name[:100]}`"
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise NotSendable("A file is named by its path below the working directory, such as `report.pdf`.")
    try:
        file = open_beneath(workdir, *path.parts)
    except (FileNotFoundError, ValueError) as error:
        raise NotSendable(f"There is no file {shown} in the working directory.") from error
    except OSError as error:
        raise NotSendable(f"{shown} is no plain file of its own, and no link is followed.") from error
    size = os.fstat(file.fileno()).st_size
    if size > limit_bytes:
        file.close()
        raise NotSendable(f"{shown} is larger than {limit_bytes // 1024**2} MiB.")
    return Outgoing(file=file, name=path.name, size_bytes=size)


def _plain(name: str) -> str:
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        raise ValueError(f"not a file name: {name[:80]!r}")
    try:
        size = len(os.fsencode(name))
    except UnicodeEncodeError as error:
        raise ValueError("not a file name: it cannot be written down") from error
    if size > _NAME_BYTES:
        raise ValueError(f"not a file name: {size} bytes long")
    return name


@contextmanager
def _opened(root: Path, *names: str, make: bool = False) -> Generator[int]:
    """Open a directory below `root`, made with all that is missing on the way if it is to be."""
    here = os.open(root, _DIRECTORY)
    try:
        if make:
            for name in names:
                with suppress(FileExistsError):
                    os.mkdir(name, _PRIVATE, dir_fd=here)
                here = _next(here, name)
        elif names:
            inner = _open(here, names, _DIRECTORY)
            os.close(here)
            here = inner
        yield here
    finally:
        os.close(here)


def _open(here: int, names: "list[str] | tuple[str, ...]", flags: int) -> int:
    """Open what a path of plain names leads to from a directory; where the kernel can, it walks itself."""
    opened = openat2(here, "/".join(names), flags)
    if opened is not None:
        return opened
    here = os.dup(here)
    try:
        for name in names[:-1]:
            here = _next(here, name)
        return os.open(names[-1], flags, dir_fd=here)
    finally:
        os.close(here)


def _next(here: int, name: str) -> int:
    """Open a directory in the one before, and close that. If it cannot be opened, that stays open."""
    inner = os.open(name, _DIRECTORY, dir_fd=here)
    os.close(here)
    return inner
