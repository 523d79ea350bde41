"""A backup of a data directory as one file: the store as it is at one moment, and what agents keep. Blocking.

Works while a bot runs: the store is copied by SQLite, in one snapshot; conversations are read after it, so
that they hold at least what the store knows of. What an agent can write is never trusted: no link is
followed, and what is no plain file, directory or link is left out. The bot's token is never in it, nor is a
login that an agent keeps in its home.
"""

import hashlib
import io
import json
import os
import sqlite3
import stat
import tarfile
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from tempfile import SpooledTemporaryFile
from typing import IO, BinaryIO, Final

from sessions.errors import UserError
from sessions.paths import Paths
from sessions.store.sqlite_files import copy_database

MANIFEST: Final = "manifest.json"
FORMAT: Final = 1
DATABASE: Final = "roomkey.sqlite3"

ROOMS: Final = "sessions"
WORK: Final = "work"

_BESIDE: Final = ("roomkey.toml", "import", "spool")
_OF_A_ROOM: Final = ("memory", "home")
_LOGINS: Final = frozenset({".credentials.json", "auth.json"})
_ENDINGS: Final = frozenset({".tar", ".gz", ".tgz"})
_EFFORT: Final = 6
_DEEPEST: Final = 100
_BLOCK_BYTES: Final = 1024 * 1024
_IN_MEMORY_BYTES: Final = 8 * 1024 * 1024
_OPEN: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY


@dataclass(slots=True)
class Backup:
    """What was written. `left_out` is what was not, and why; `elsewhere` are rooms' directories not in it."""

    files: int = 0
    size_bytes: int = 0
    left_out: list[str] = field(default_factory=list[str])
    elsewhere: list[str] = field(default_factory=list[str])


def write_backup(
    paths: Paths, target: Path, *, workdirs: bool, version: str, now: datetime, force: bool = False
) -> Backup:
    """Write a backup of the data directory to `target`, whole or not at all, for nobody else to read.

    Raises:
        UserError: the name ends in none of .tar, .tar.gz and .tgz, the file exists (unless `force`),
            or there is no database.
        StateError: the store cannot be read.
    """
    if target.suffix not in _ENDINGS:
        raise UserError(f"A backup's name ends in .tar, .tar.gz or .tgz; {target.name} does not.")
    if target.exists() and not force:
        raise UserError(f"{target} exists already. Take another name.")
    if not paths.database.exists():
        raise UserError(f"There is no database in {paths.root}: nothing to back up.")
    unfinished, copy = (target.with_name(f".{target.name}{end}") for end in (".part", ".sqlite3.part"))
    try:
        copy.unlink(missing_ok=True)  # left by one that was killed
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(unfinished, flags, 0o600), "wb") as file:
            with _archive(file, target.suffix) as archive:
                backup = _Writer(paths, archive, copy).write(workdirs, version, now)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(target)
        _sync(target.parent)
    except OSError as error:
        raise UserError(f"{target} cannot be written: {error.strerror}.") from error
    finally:
        for left in (unfinished, copy):
            left.unlink(missing_ok=True)
    return backup


class _Writer:
    def __init__(self, paths: Paths, archive: tarfile.TarFile, copy: Path) -> None:
        self._paths = paths
        self._archive = archive
        self._copy = copy
        self._scratch = copy.parent
        self._hashes: dict[str, str] = {}
        self._private = frozenset(
            _identities(path for path in (*paths.private, *paths.backups.glob("*")) if path != paths.audit)
        )
        self._backup = Backup()
        self._is_broken = False

    def write(self, workdirs: bool, version: str, now: datetime) -> Backup:
        copy_database(self._paths, self._copy)
        schema = self._look_into(self._copy)
        self._file(os.open(self._copy, _OPEN), PurePosixPath(DATABASE))
        self._copy.unlink()
        root = os.open(self._paths.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            audit = sorted(path.name for path in self._paths.root.glob("audit*.jsonl"))
            for name in (*_BESIDE, *audit):
                self._any(root, name, PurePosixPath(name))
            for room in sorted(path.name for path in (self._paths.root / ROOMS).glob("*")):
                for part in (*_OF_A_ROOM, *([WORK] if workdirs else [])):
                    self._below(root, PurePosixPath(ROOMS, room, part))
        finally:
            os.close(root)
        self._say(
            {
                "format": FORMAT,
                "roomkey": version,
                "schema": schema,
                "made": now.isoformat(timespec="seconds"),
                "root": str(self._paths.root),
                "workdirs": workdirs,
                "left_out": self._backup.left_out,
                "files": self._hashes,
            }
        )
        return self._backup

    def _look_into(self, copy: Path) -> int:
        """Return the copy's schema version; note which directories of rooms lie elsewhere."""
        with closing(sqlite3.connect(f"{copy.as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            rows = connection.execute("SELECT key, workdir, memory_dir FROM session ORDER BY key").fetchall()
        for key, *directories in rows:
            for directory in directories:
                if not Path(directory).is_relative_to(self._paths.root):
                    self._backup.elsewhere.append(f"{directory} (room {key})")
        return int(version)

    def _below(self, root: int, path: PurePosixPath) -> None:
        """Add what lies at a path of plain names, reached step by step from `root`."""
        here = os.dup(root)
        try:
            for name in path.parts[:-1]:
                inner = os.open(name, _OPEN | os.O_DIRECTORY, dir_fd=here)
                os.close(here)
                here = inner
            self._any(here, path.name, path)
        except OSError as error:
            if self._is_broken:
                raise
            self._leave_out(path, error.strerror)
        finally:
            os.close(here)

    def _any(self, parent: int, name: str, path: PurePosixPath) -> None:
        try:
            status = os.lstat(name, dir_fd=parent)
            if stat.S_ISLNK(status.st_mode):
                self._link(os.readlink(name, dir_fd=parent), path)
            elif stat.S_ISDIR(status.st_mode):
                self._directory(os.open(name, _OPEN | os.O_DIRECTORY, dir_fd=parent), path)
            elif not stat.S_ISREG(status.st_mode):
                self._leave_out(path, "no plain file")
            elif name in _LOGINS:
                self._leave_out(path, "an agent's login")
            else:
                self._file(os.open(name, _OPEN, dir_fd=parent), path)
        except OSError as error:
            if self._is_broken:
                raise
            if not isinstance(error, FileNotFoundError):  # agents work meanwhile
                self._leave_out(path, error.strerror)

    def _directory(self, descriptor: int, path: PurePosixPath) -> None:
        try:
            if len(path.parts) > _DEEPEST:
                self._leave_out(path, "too deep")
                return
            member = tarfile.TarInfo(str(path))
            member.type, member.mode = tarfile.DIRTYPE, 0o700
            self._add(member)
            for name in sorted(os.listdir(descriptor)):
                self._any(descriptor, name, path / name)
        finally:
            os.close(descriptor)

    def _link(self, leads_to: str, path: PurePosixPath) -> None:
        member = tarfile.TarInfo(str(path))
        member.type, member.linkname = tarfile.SYMTYPE, leads_to
        self._add(member)

    def _file(self, descriptor: int, path: PurePosixPath) -> None:
        """Add what can be read of a file now. It may shrink meanwhile, and its size has to be known first."""
        digest = hashlib.sha256()
        with (
            os.fdopen(descriptor, "rb") as file,
            SpooledTemporaryFile(_IN_MEMORY_BYTES, dir=str(self._scratch)) as held,
        ):
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode) or (status.st_dev, status.st_ino) in self._private:
                self._leave_out(path, "no plain file of its own")
                return
            left = status.st_size
            while left and (block := file.read(min(left, _BLOCK_BYTES))):
                with self._writing():
                    held.write(block)
                digest.update(block)
                left -= len(block)
            member = tarfile.TarInfo(str(path))
            member.size, member.mtime = held.tell(), int(status.st_mtime)
            member.mode = 0o700 if status.st_mode & 0o100 else 0o600
            self._add(member, held)
        self._hashes[str(path)] = digest.hexdigest()
        self._backup.files += 1
        self._backup.size_bytes += member.size

    def _say(self, manifest: dict[str, object]) -> None:
        text = json.dumps(manifest, indent=1).encode()
        member = tarfile.TarInfo(MANIFEST)
        member.size, member.mode = len(text), 0o600
        self._add(member, io.BytesIO(text))

    def _add(self, member: tarfile.TarInfo, content: IO[bytes] | None = None) -> None:
        with self._writing():
            if content is not None:
                content.seek(0)
            self._archive.addfile(member, content)

    @contextmanager
    def _writing(self) -> Generator[None]:
        """Note that the backup itself cannot be written: half a file in it hides all that comes behind it."""
        try:
            yield
        except OSError:
            self._is_broken = True
            raise

    def _leave_out(self, path: PurePosixPath, why: str | None) -> None:
        self._backup.left_out.append(f"{path}: {why}")


def _archive(file: BinaryIO, ending: str) -> tarfile.TarFile:
    if ending == ".tar":
        return tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT)
    return tarfile.open(fileobj=file, mode="w:gz", format=tarfile.PAX_FORMAT, compresslevel=_EFFORT)


def _identities(files: Iterable[Path]) -> Iterator[tuple[int, int]]:
    for file in files:
        with suppress(OSError):
            status = file.lstat()
            if stat.S_ISREG(status.st_mode):
                yield status.st_dev, status.st_ino


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
