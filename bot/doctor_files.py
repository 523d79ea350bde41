"""The doctor's checks of files: settings, modes, space on the disk, what was left behind."""

import errno
import os
import shutil
import socket
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from bot.blocking import in_own_thread
from bot.doctor import Finding
from bot.doctor_scene import Scene
from bot.setup_isolation import SCRATCH, SCRATCH_CHARS
from sessions.errors import Locked
from sessions.instance import hold_instance
from sessions.store.sqlite_files import newest_backup

_NAME: Final = "roomkey"
_OTHERS: Final = 0o077
_OTHERS_WRITE: Final = 0o022
_FEW_BYTES: Final = 1024**3
_NO_BYTES: Final = 100 * 1024**2
_FEW_FILES: Final = 1000
_YOUNG_S: Final = 60.0
_OLD_S: Final = 180 * 86_400.0


async def settings(scene: Scene) -> Finding:
    """Whether the settings can be read."""
    if scene.installation.problems:
        text = "The settings are not right." if scene.settings is None else "Some settings are not known."
        return Finding("fail", text, "Mend what is listed.", scene.installation.problems)
    file = scene.hosting.settings_file
    if await in_own_thread(file.exists):
        return Finding("ok", f"The settings in {file} are right.")
    return Finding("ok", f"There is no {file}; variables and defaults count.")


async def modes(scene: Scene) -> Finding:
    """Whether nobody else can read or change what is ours."""

    def look() -> tuple[list[tuple[Path, int]], list[Path]]:
        return list(_loose(scene)), list(_foreign(scene))

    loose, foreign = await in_own_thread(look)
    if not loose and not foreign:
        return Finding("ok", "Nobody else can read or change Roomkey's files.")
    remedies = [f"chmod {mode:04o} {file}" for file, mode in loose]
    remedies += [f"chown {os.geteuid()} {file}" for file in foreign]
    return Finding(
        "fail",
        "Others can read or change files of Roomkey.",
        "Run what is listed; `roomkey doctor --fix` runs what is yours to run.",
        tuple(remedies),
    )


async def mend_modes(scene: Scene) -> Sequence[str]:
    """Take away what others may; the owner's own rights stay."""

    def mend() -> list[str]:
        done: list[str] = []
        for file, mode in _loose(scene):
            file.chmod(mode)
            done.append(f"chmod {mode:04o} {file}")
        return done

    return await in_own_thread(mend)


def _loose(scene: Scene) -> Iterator[tuple[Path, int]]:
    """Yield each file of ours that others can get at, with the mode that it should have."""
    for file, others in _ours(scene):
        with suppress(FileNotFoundError, NotADirectoryError):
            mode = stat.S_IMODE(file.lstat().st_mode)
            if mode & others and not file.is_symlink():
                yield file, mode & ~others


def _foreign(scene: Scene) -> Iterator[Path]:
    """Yield each file of ours that belongs to somebody else; root looks after other people's."""
    for file, _ in _ours(scene):
        with suppress(FileNotFoundError, NotADirectoryError):
            if file.lstat().st_uid not in (os.geteuid(), 0) and os.geteuid() != 0:
                yield file


def _ours(scene: Scene) -> Iterator[tuple[Path, int]]:
    """Yield what is evidently ours, with the rights that others may not have.

    Settings can name any place, such as /tmp, for a file to lie in: a place like that is not ours to change.
    """
    hosting, paths = scene.hosting, scene.paths
    secret = [hosting.token_file, hosting.login_file, paths.backups, paths.launcher.parent]
    with suppress(OSError):
        named = [file for file in paths.root.iterdir() if file.is_file() and file.name.startswith(_NAME)]
        secret += named
        if (
            named or hosting.token_file.parent == paths.root
        ) and not paths.root.stat().st_mode & stat.S_ISVTX:
            secret.append(paths.root)
    yield from ((file, _OTHERS) for file in dict.fromkeys(secret))
    guarded = [hosting.settings_file]
    if hosting.settings_file.parent.name == _NAME:
        guarded.append(hosting.settings_file.parent)
    yield from ((file, _OTHERS_WRITE) for file in guarded)


async def disk(scene: Scene) -> Finding:
    """Whether there is room for messages and files."""
    root = scene.paths.root

    def measure() -> tuple[int, int]:
        place = next(one for one in (root, *root.parents) if one.exists())
        found = os.statvfs(place)
        return shutil.disk_usage(place).free, found.f_favail if found.f_files else _FEW_FILES

    free, files = await in_own_thread(measure)
    return disk_finding(root, free, files)


def disk_finding(root: Path, free: int, files: int) -> Finding:
    """Judge how many bytes and how many files there is still room for. Pure."""
    shown = f"{free / 1024**3:.1f} GiB are free for {root}."
    if free < _NO_BYTES or files < _FEW_FILES // 10:
        return Finding("fail", f"The disk is full: {shown}", "Make room; messages are refused until then.")
    if free < _FEW_BYTES or files < _FEW_FILES:
        return Finding("warn", f"The disk is nearly full: {shown}", "Make room before messages are refused.")
    return Finding("ok", shown)


async def leftovers(scene: Scene) -> Finding:
    """Whether something lies about that was cut off half made, or that nobody needs any more."""

    def look() -> tuple[list[Path], list[Path]]:
        return list(_unfinished(scene)), list(_old_backups(scene))

    unfinished, old = await in_own_thread(look)
    if unfinished:
        return Finding(
            "warn",
            "Unfinished files were left behind.",
            "Run `roomkey doctor --fix` while Roomkey does not run.",
            tuple(str(file) for file in (*unfinished, *old)),
        )
    if old:
        return Finding(
            "warn",
            "There are backups older than half a year.",
            "Delete those that you do not need.",
            tuple(str(file) for file in old),
        )
    return Finding("ok", "Nothing was left behind.")


async def mend_leftovers(scene: Scene) -> Sequence[str]:
    """Remove what is unfinished, unless a bot runs, whose work it may be."""

    def mend() -> list[str]:
        try:
            with hold_instance(scene.paths.lock):
                found = list(_unfinished(scene))
                for file in found:
                    if file.is_dir():
                        shutil.rmtree(file)
                    else:
                        file.unlink()
        except Locked:
            return []
        return [f"removed {file}" for file in found]

    return await in_own_thread(mend)


def _unfinished(scene: Scene) -> Iterator[Path]:
    paths = scene.paths
    yield from sorted(paths.launcher.parent.glob(f"{paths.launcher.name}*.new"))
    yield from sorted(paths.backups.glob("roomkey-*.part"))
    # One that is young may be in use by another doctor, or by this one.
    before_s = time.time() - _YOUNG_S
    tried = paths.root.glob(f"{SCRATCH}{'[0-9a-f]' * SCRATCH_CHARS}")
    yield from sorted(one for one in tried if one.is_dir() and one.stat().st_mtime < before_s)
    for directory in (paths.launcher.parent, paths.root / "run"):
        with suppress(OSError):
            yield from sorted(file for file in directory.iterdir() if _is_dead_socket(file))


def _old_backups(scene: Scene) -> Iterator[Path]:
    newest = newest_backup(scene.paths)
    before_s = time.time() - _OLD_S
    for file in sorted(scene.paths.backups.glob("*.sqlite3")):
        if file != newest and file.stat().st_mtime < before_s:
            yield file


def _is_dead_socket(file: Path) -> bool:
    if not file.is_socket():
        return False
    # By the number of its directory: a path of more than a hundred signs is too long for a socket.
    directory = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as asking:
            return asking.connect_ex(f"/proc/self/fd/{directory}/{file.name}") == errno.ECONNREFUSED
    finally:
        os.close(directory)
