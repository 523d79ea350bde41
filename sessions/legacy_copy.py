"""Copies another program's files: links are copied as links, nothing there or here is overwritten."""

import os
import shutil
import stat
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

Progress = Callable[[int], None]
"""Told how many bytes were copied since the last call; called from the thread that copies."""

_CHUNK_BYTES: Final = 1024 * 1024
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_PRIVATE: Final = 0o700

Parts = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A file or directory to be copied. `leave_out` are names at the top of a directory."""

    source: Path
    target: Path
    leave_out: frozenset[str] = field(default_factory=frozenset[str])


def size_bytes(copy: Copy) -> int:
    """Return how much a copy will write, as far as that can be seen. Blocks."""
    with suppress(OSError):
        root = os.open(copy.source, _READ)
        try:
            status = os.fstat(root)
            if not stat.S_ISDIR(status.st_mode):
                return status.st_size
            found = (inner for _, _, inner in _walk(root, copy.leave_out))
            return sum(inner.st_size for inner in found if stat.S_ISREG(inner.st_mode))
        finally:
            os.close(root)
    return 0


def run_copy(copy: Copy, progress: Progress) -> None:
    """Make a copy, whole or not at all; a target that is there already is left as it is. Blocks.

    Sockets, devices and files that vanish meanwhile are left out. Modes are private; times are new,
    because agents clear away conversations whose file is old.

    Raises:
        OSError: something cannot be read or written; the target is not there then.
    """
    if _is_there(copy.target):
        return
    make_private(copy.target.parent)
    part = copy.target.with_name(f"{copy.target.name}.part")
    _remove(part)
    root = os.open(copy.source, _READ)
    try:
        if stat.S_ISDIR(os.fstat(root).st_mode):
            _copy_directory(root, part, copy.leave_out, progress)
        else:
            _copy_file(root, part, progress)
        part.rename(copy.target)
    finally:
        os.close(root)
        _remove(part)


def make_private(directory: Path) -> None:
    """Make a directory and those above it that are missing, for nobody but us. Blocks."""
    if not directory.is_dir():
        make_private(directory.parent)
        directory.mkdir(_PRIVATE, exist_ok=True)


def _copy_directory(root: int, target: Path, leave_out: frozenset[str], progress: Progress) -> None:
    target.mkdir(_PRIVATE)
    for directory, parts, status in _walk(root, leave_out):
        copied = target.joinpath(*parts)
        with suppress(FileNotFoundError):
            if stat.S_ISDIR(status.st_mode):
                copied.mkdir(_PRIVATE)
            elif stat.S_ISLNK(status.st_mode):
                copied.symlink_to(os.readlink(parts[-1], dir_fd=directory))
            elif stat.S_ISREG(status.st_mode):
                with _opened(directory, parts[-1:]) as file:
                    _copy_file(file, copied, progress)


def _copy_file(source: int, target: Path, progress: Progress) -> None:
    status = os.fstat(source)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(f"{target.name} is not a regular file")
    mode = 0o600 | status.st_mode & stat.S_IXUSR
    made = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(made, "wb") as written:
        while chunk := os.read(source, _CHUNK_BYTES):
            written.write(chunk)
            progress(len(chunk))


def _walk(root: int, leave_out: frozenset[str]) -> Iterator[tuple[int, Parts, os.stat_result]]:
    """Yield what lies below a directory, a directory before its content; with its parent, open.

    Each step is opened from the one before: whoever works there may swap a directory for a link.
    """
    waiting: list[Parts] = [()]
    while waiting:
        above = waiting.pop()
        with suppress(FileNotFoundError), _opened(root, above) as directory:
            with os.scandir(directory) as entries:
                found = [entry.name for entry in entries]
            for name in found:
                if not above and name in leave_out:
                    continue
                with suppress(FileNotFoundError):
                    status = os.stat(name, dir_fd=directory, follow_symlinks=False)
                    if stat.S_ISDIR(status.st_mode):
                        waiting.append((*above, name))
                    yield directory, (*above, name), status


@contextmanager
def _opened(root: int, parts: Parts) -> Generator[int]:
    here = os.dup(root)
    try:
        for name in parts:
            inner = os.open(name, _READ, dir_fd=here)
            os.close(here)
            here = inner
        yield here
    finally:
        os.close(here)


def _is_there(target: Path) -> bool:
    """Say whether there is something to be kept; an empty directory is not."""
    with suppress(NotADirectoryError, FileNotFoundError):
        return any(target.iterdir())
    return os.path.lexists(target)


def _remove(part: Path) -> None:
    """Clear away what a copy that did not end has left."""
    if part.is_dir() and not part.is_symlink():
        shutil.rmtree(part)
    else:
        part.unlink(missing_ok=True)
