"""A data directory made from a backup: taken apart in it, checked whole, then moved in place. Blocking.

What was there goes into a directory `before-restore-…` inside: the data directory itself stays, because it
may be a mount, or lie where nothing else may be made. The bot's token stays where it is.
"""

import errno
import hashlib
import os
import pwd
import secrets
import shutil
import sqlite3
import tarfile
import zlib
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sessions.agents.claude_transcript import config_dir, transcript_path
from sessions.backup import DATABASE, FORMAT, MANIFEST, ROOMS
from sessions.errors import Corrupt, TooNew, UserError
from sessions.instance import hold_instance
from sessions.paths import ASIDE, Paths
from sessions.store.sqlite_files import SCHEMA_VERSION, check_database
from sessions.store.values import STORE_ID

_STAGING: Final = ".restoring"
_STAYS: Final = frozenset({"roomkey.lock", "discord-token", _STAGING})
_BLOCK_BYTES: Final = 1024 * 1024
_MANIFEST_BYTES: Final = 256 * 1024 * 1024
_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
"""What the disk says, not the backup."""

_MOVED: Final = (("session", "workdir"), ("session", "memory_dir"), ("former_session", "workdir"))


class _Manifest(BaseModel):
    model_config = ConfigDict(frozen=True)

    format: Annotated[int, Field(ge=1)]
    roomkey: str
    # `schema` is a method of pydantic's models.
    version: Annotated[int, Field(ge=1, alias="schema")]
    made: datetime
    root: str
    workdirs: bool
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a restore did. `made` is when the backup was, None for a copy of the database alone."""

    made: datetime | None
    files: int
    aside: Path | None
    workdirs: bool


def restore(source: Path, data_dir: Path, now: datetime, *, force: bool = False) -> Restored:
    """Make the data directory what it was: from a backup, or its database alone from a `.sqlite3` copy.

    Raises:
        UserError: there is no such backup, the data directory is another user's or cannot be written, or
            something is in it and `force` is not given. Nothing was changed.
        Corrupt, TooNew: the backup is damaged, or of a newer Roomkey. Nothing was changed.
        Locked: a bot uses the data directory.
    """
    paths = Paths.at(data_dir)
    if not source.is_file():
        raise UserError(f"There is no backup {source}.")
    is_copy = source.suffix == ".sqlite3"
    try:
        paths.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        _refuse_foreign(paths.root)
        with hold_instance(paths.lock):
            there = [one for one in paths.root.iterdir() if one.name not in _STAYS]
            there = [one for one in there if not one.name.startswith(ASIDE)]
            if there and not force:
                raise UserError(
                    f"{paths.root} is not empty. Name another directory with --into, or let what is there be"
                    f" moved into {ASIDE}… inside it with --force."
                )
            staging = paths.root / _STAGING
            shutil.rmtree(staging, ignore_errors=True)
            staging.mkdir(mode=0o700)
            try:
                manifest = None if is_copy else _unpacked(source, staging, paths.root)
                if manifest is None:
                    shutil.copyfile(source, staging / DATABASE)
                    check_database(staging / DATABASE)
                    _settle(staging, paths.root, paths.root)
                return _moved_in(paths, staging, manifest, now)
            finally:
                shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        raise UserError(f"{paths.root} cannot be written: {error.strerror}.") from error


def is_half_restored(paths: Paths) -> bool:
    """Whether a restore was cut off when the database was out of its place: nothing may begin anew then."""
    return (paths.root / _STAGING).exists() and not (paths.root / DATABASE).exists()


def _refuse_foreign(root: Path) -> None:
    """Who restores owns the files then; the bot of another user could not open them."""
    owner = root.stat().st_uid
    if owner == os.geteuid():
        return
    try:
        name = pwd.getpwuid(owner).pw_name
    except KeyError:
        name = f"#{owner}"
    raise UserError(f"{root} belongs to the user {name}: run this as that user, with `sudo -u {name} ...`.")


def _unpacked(source: Path, staging: Path, root: Path) -> _Manifest:
    """Take a backup apart and check it whole."""
    hashes: dict[str, str] = {}
    links: list[tuple[Path, str]] = []
    text = b""
    try:
        with tarfile.open(source, "r:*") as archive:
            for member in archive:
                if member.name == MANIFEST and member.size <= _MANIFEST_BYTES:
                    text = _content(archive, member)
                    continue
                target = staging / _plain(member.name)
                if member.isdir():
                    target.mkdir(mode=0o700, parents=True, exist_ok=True)
                elif member.issym():
                    links.append((target, member.linkname))
                elif member.isfile():
                    hashes[member.name] = _written(archive, member, target)
                else:
                    raise Corrupt(f"{source} holds {member.name}, which is no file.")
            while archive.fileobj.read(_BLOCK_BYTES):
                pass  # to its end: there stands the sum over all of it
    except (tarfile.TarError, zlib.error, EOFError, OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            raise
        raise Corrupt(f"{source} is no whole backup: {error}. Nothing was changed.") from error
    try:
        manifest = _Manifest.model_validate_json(text)
    except ValidationError as error:
        raise Corrupt(f"{source} is no whole backup of Roomkey's. Nothing was changed.") from error
    if manifest.format > FORMAT or manifest.version > SCHEMA_VERSION:
        raise TooNew(
            f"{source} was made by Roomkey {manifest.roomkey}; its database has version {manifest.version},"
            f" and this one knows {SCHEMA_VERSION}. Install the newer Roomkey. Nothing was changed."
        )
    if hashes != manifest.files or check_database(staging / DATABASE) != manifest.version:
        raise Corrupt(f"{source} does not hold what its manifest says. Nothing was changed.")
    _settle(staging, Path(manifest.root), root)
    names = {target for target, _ in links}
    if any(above in names for target in names for above in target.parents):
        raise Corrupt(f"{source} holds a link that leads through another one. Nothing was changed.")
    # Last: nothing was written through them.
    for target, leads_to in links:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        target.symlink_to(leads_to)
    return manifest


def _plain(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or not path.parts or ".." in path.parts or "\0" in name:
        raise ValueError(f"{name[:80]!r} leads out of it")
    return path


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    return b"" if file is None else file.read()


def _written(archive: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> str:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest = hashlib.sha256()
    source = archive.extractfile(member)
    assert source is not None
    mode = 0o700 if member.mode & 0o100 else 0o600
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(target, flags, mode), "wb") as file:
        while block := source.read(_BLOCK_BYTES):
            file.write(block)
            digest.update(block)
        file.flush()
        os.fsync(file.fileno())
    os.utime(target, (member.mtime, member.mtime))
    return digest.hexdigest()


def _settle(staging: Path, old_root: Path, root: Path) -> None:
    """Make the database know where it lies now, and that it is another one than the one it was taken from.

    The chat knows the nonces of messages that were sent after the backup: their numbers come again.
    """
    with closing(sqlite3.connect(staging / DATABASE)) as connection, connection:
        name = (secrets.token_hex(16), *STORE_ID)
        connection.execute("UPDATE fact SET text = ? WHERE scope = ? AND name = ?", name)
        if old_root == root:
            return
        _move_transcripts(connection, staging, old_root, root)
        for table, column in _MOVED:
            rows = connection.execute(f"SELECT rowid, {column} FROM {table}").fetchall()  # noqa: S608 -- ours
            for row, directory in rows:
                moved = _moved(Path(directory), old_root, root)
                connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (str(moved), row))  # noqa: S608


def _moved(directory: Path, old_root: Path, root: Path) -> Path:
    is_below = directory.is_relative_to(old_root)
    return root / directory.relative_to(old_root) if is_below else directory


def _move_transcripts(connection: sqlite3.Connection, staging: Path, old_root: Path, root: Path) -> None:
    """Claude Code finds a conversation by the directory it was held in: give that its new name."""
    for (text,) in connection.execute("SELECT workdir FROM session UNION SELECT workdir FROM former_session"):
        workdir = Path(text)
        moved = _moved(workdir, old_root, root)
        for room in (staging / ROOMS).glob("*"):
            config = config_dir(room / "home")
            old, new = (
                transcript_path(config, workdir, "x").parent,
                transcript_path(config, moved, "x").parent,
            )
            if moved != workdir and old.is_dir() and not new.exists():
                old.rename(new)


def _moved_in(paths: Paths, staging: Path, manifest: _Manifest | None, now: datetime) -> Restored:
    """Exchange what is there for what was taken apart; the database last, so that a half of it is none."""
    aside = paths.root / f"{ASIDE}{now:%Y%m%dT%H%M%S.%fZ}"
    new = sorted(staging.iterdir(), key=lambda one: one.name == DATABASE)
    if manifest is None:
        old = [*paths.root.glob(f"{DATABASE}*")]
    else:
        kept = _STAYS if any(one.name == "roomkey.toml" for one in new) else _STAYS | {"roomkey.toml"}
        old = [one for one in paths.root.iterdir() if one.name not in kept and not one.name.startswith(ASIDE)]
    if old:
        aside.mkdir(mode=0o700)
        # The database first: without it nothing else is taken for a whole.
        for one in sorted(old, key=lambda one: not one.name.startswith(DATABASE)):
            one.rename(aside / one.name)
    for one in new:
        one.rename(paths.root / one.name)
    return Restored(
        made=None if manifest is None else manifest.made,
        files=1 if manifest is None else len(manifest.files),
        aside=aside if old else None,
        workdirs=manifest is not None and manifest.workdirs,
    )
