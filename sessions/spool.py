"""Files on their way into a chat: kept on disk, under names of ours, until their piece was sent.

A file is written and synced before the piece that needs it is stored, and removed after that piece is done
or given up: a crash leaves a file too many, never one too few. What is too many goes at the next start.
"""

import asyncio
import logging
import os
import re
import secrets
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from sessions.errors import UserError
from sessions.store.values import PieceFile

log = logging.getLogger(__name__)

MIB: Final = 1024**2
SPOOL_BYTES: Final = 512 * MIB
"""How much may wait in all."""

_PRIVATE: Final = 0o700
_FILE: Final = 0o600
_OURS: Final = re.compile(r"[0-9a-f]{32}")


class SpoolFull(UserError):
    """Too many files wait to be sent already. Send this one again later."""


class Spool:
    """The files of one data directory that wait to be sent. Only its bot uses it."""

    def __init__(self, root: Path, limit_bytes: int = SPOOL_BYTES) -> None:
        """Keep files in `root`, which is made when it is needed."""
        self._root = root
        self._limit_bytes = limit_bytes

    async def add(self, name: str, content: bytes, *, shown: str = "") -> PieceFile:
        """Keep a file until its piece was sent; it is on disk when this returns.

        `name` is what the chat calls it; `shown` says where else it is, for when the chat does not take it.

        Raises:
            SpoolFull: too much waits already.
            OSError: it cannot be written; nothing is left of it.
        """
        spooled = await asyncio.to_thread(self._write, content)
        return PieceFile(name=name, spooled=spooled, size_bytes=len(content), shown=shown)

    async def read(self, file: PieceFile) -> bytes | None:
        """Return what is in a file; None if it is gone or cannot be read."""
        return await asyncio.to_thread(self._read, file.spooled)

    async def remove(self, files: Iterable[PieceFile]) -> None:
        """Remove files that nobody needs any more. What cannot be removed goes at the next start."""
        names = [file.spooled for file in files]
        if names:
            await asyncio.to_thread(self._remove, names)

    async def sweep(self, needed: Collection[str]) -> int:
        """Remove all files but the `needed`; return how many. For the start, before anything is added."""
        return await asyncio.to_thread(self._sweep, needed)

    def _write(self, content: bytes) -> str:
        self._root.mkdir(mode=_PRIVATE, exist_ok=True)
        if self._size_bytes() + len(content) > self._limit_bytes:
            raise SpoolFull
        spooled = secrets.token_hex(16)
        path = self._root / spooled
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _FILE)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            self._sync_names()
        except OSError:
            path.unlink(missing_ok=True)
            raise
        return spooled

    def _read(self, spooled: str) -> bytes | None:
        if not _OURS.fullmatch(spooled):
            return None
        try:
            return (self._root / spooled).read_bytes()
        except OSError as error:
            log.warning("a file to be sent is gone", extra={"file": spooled, "reason": str(error)})
            return None

    def _remove(self, names: Iterable[str]) -> None:
        for name in names:
            if _OURS.fullmatch(name):
                with suppress(OSError):
                    (self._root / name).unlink(missing_ok=True)

    def _sweep(self, needed: Collection[str]) -> int:
        strays = [name for name in self._names() if name not in needed and _OURS.fullmatch(name)]
        self._remove(strays)
        return len(strays)

    def _size_bytes(self) -> int:
        size = 0
        for name in self._names():
            with suppress(OSError):
                size += (self._root / name).stat().st_size
        return size

    def _names(self) -> list[str]:
        with suppress(FileNotFoundError):
            return [path.name for path in self._root.iterdir()]
        return []

    def _sync_names(self) -> None:
        descriptor = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
