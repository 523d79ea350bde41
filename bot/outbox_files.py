"""The files of outbox rows: read for sending, or left out with a line that says where they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.chat import ChatPort, FilesRefused
from bot.components import FileOut
from bot.render import shortened
from sessions.spool import Spool
from sessions.store.values import Piece, PieceFile

_MIB: Final = 1024**2
_NAME_CHARS: Final = 40
_WHERE_CHARS: Final = 60
"""So that lines about ten files fit a message."""
_FORBIDDEN: Final = "I may not attach files here. Whoever runs this server can allow me: Attach Files."


@dataclass(frozen=True, slots=True)
class Parcel:
    """What goes with a message: files, and lines about those that do not."""

    files: tuple[FileOut, ...] = ()
    lines: tuple[str, ...] = ()

    def text(self, body: str) -> str:
        """Return what the message says."""
        return "\n".join(part for part in (body, *self.lines) if part)


class OutboxFiles:
    """Reads what goes with rows. It remembers where it has said already that files are forbidden."""

    def __init__(self, port: ChatPort, spool: Spool | None) -> None:
        self._port = port
        self._spool = spool
        self._told: set[str] = set()

    async def packed(self, piece: Piece) -> Parcel:
        """Return a piece's files as far as they are there and not too large for their channel."""
        if not piece.files:
            return Parcel()
        limit = self._port.file_limit_bytes(piece.channel_id)
        files: list[FileOut] = []
        lines: list[str] = []
        for file in piece.files:
            content = None if self._spool is None else await self._spool.read(file)
            if content is None:
                lines.append(f"-# {_called(file)} is missing: it was lost on its way here.{_elsewhere(file)}")
            elif len(content) > limit:
                lines.append(_too_large(file, limit))
            else:
                files.append(FileOut(file.name, content))
        return Parcel(tuple(files), tuple(lines))

    def refused(self, piece: Piece, error: FilesRefused) -> Parcel:
        """Return what goes instead of files that the chat refused."""
        if error.reason == "too_large":
            limit = self._port.file_limit_bytes(piece.channel_id)
            return Parcel(lines=tuple(_too_large(file, limit) for file in piece.files))
        parcel = _forbidden(piece, is_first=piece.channel_id not in self._told)
        self._told.add(piece.channel_id)
        return parcel

    def looks(self, piece: Piece) -> Sequence[tuple[str, int]]:
        """Return what a piece's message may look like: its text, and how many files it has."""
        if not piece.files:
            return [(piece.body, 0)]
        limit = self._port.file_limit_bytes(piece.channel_id)
        without = [
            _forbidden(piece, is_first=True),
            _forbidden(piece, is_first=False),
            Parcel(lines=tuple(_too_large(file, limit) for file in piece.files)),
        ]
        return [(piece.body, len(piece.files)), *((parcel.text(piece.body), 0) for parcel in without)]

    async def sent(self, piece: Piece) -> None:
        """Remove what was kept for a piece that is done or given up."""
        if self._spool is not None:
            await self._spool.remove(piece.files)


def _forbidden(piece: Piece, *, is_first: bool) -> Parcel:
    lines = [f"-# {_called(file)} is not attached.{_elsewhere(file)}" for file in piece.files]
    return Parcel(lines=tuple([f"-# {_FORBIDDEN}", *lines] if is_first else lines))


def _too_large(file: PieceFile, limit: int) -> str:
    size = f"{max(file.size_bytes, 1) / _MIB:.1f} MiB"
    return f"-# {_called(file)} ({size}) is too large here: {limit // _MIB} MiB at most.{_elsewhere(file)}"


def _called(file: PieceFile) -> str:
    return _code(file.name, _NAME_CHARS)


def _elsewhere(file: PieceFile) -> str:
    where = _code(file.shown, _WHERE_CHARS)
    return f" It is {where} in the working directory." if file.shown else ""


def _code(text: str, limit: int) -> str:
    return "`" + shortened(text, limit).replace("`", "'") + "`"
