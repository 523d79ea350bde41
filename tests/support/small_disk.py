"""A data directory on a small disk of its own: mounted for the bot alone, filled and emptied by tests."""

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest

_UNSHARE = ("unshare", *(() if os.geteuid() == 0 else ("--user", "--map-root-user")), "--mount")


def on_small_disk(data_dir: Path, size: str = "8m") -> tuple[str, ...]:
    """Return the command of a bot whose data directory is a disk of that size, gone when the bot ends."""
    _skip_without_mounts()
    data_dir.mkdir()
    mounting = f'mount -t tmpfs -o size={size},mode=700 tmpfs "$0" && exec "$1" -m bot run'
    return (*_UNSHARE, "sh", "-c", mounting, str(data_dir), sys.executable)


def read_only(data_dir: Path, *command: str) -> tuple[str, ...]:
    """Return a command that runs another where a directory cannot be written, not even by root."""
    _skip_without_mounts()
    mounting = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
    return (*_UNSHARE, "sh", "-c", mounting, str(data_dir), *command)


class Disk:
    """The disk of a running bot, seen from outside of its mounts."""

    def __init__(self, bot_pid: int, data_dir: Path) -> None:
        self.path = Path(f"/proc/{bot_pid}/root{data_dir}")

    def fill(self) -> None:
        """Leave not one free byte."""
        with (self.path / "filler").open("ab", buffering=0) as filler:
            for size in (65536, 4096, 1):
                with suppress(OSError):  # no space left for one of that size
                    while True:
                        filler.write(b"x" * size)
        assert os.statvfs(self.path).f_bavail == 0

    def free(self) -> None:
        """Make room again."""
        (self.path / "filler").unlink()


@cache
def _mounts() -> bool:
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*_UNSHARE, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], check=False).returncode == 0


def _skip_without_mounts() -> None:
    if not _mounts():
        pytest.skip("no mounts of one's own are allowed here (unshare --mount)")
