"""`send_file`: the tool by which an agent puts files of its working directory into the chat."""

import asyncio
import hashlib
import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Final, cast

from sessions.agents.tools import HubTool, ToolAnswer
from sessions.beneath import NotSendable, open_outgoing
from sessions.engine import Engine
from sessions.errors import StateError
from sessions.foreign_text import clean, one_line
from sessions.keys import SessionKey
from sessions.redacted_files import is_text, redacted_file
from sessions.redaction import Redactor
from sessions.spool import MIB, Spool, SpoolFull
from sessions.store.values import ChatAddress, Inbound, Kind, Origin, Piece, PieceFile, Prompt

log = logging.getLogger(__name__)

NAME: Final = "send_file"
FILES: Final = 10
"""How many files one message takes."""
CALL_BYTES: Final = 25 * MIB
"""How much one call may send in all."""
CALLS: Final = 50
"""How often the tool may be used for one thing that was asked."""

_NUMBER_BITS: Final = 62
_CAPTION_CHARS: Final = 1000
_NAME_CHARS: Final = 100
_DESCRIPTION: Final = (
    "Send files from your working directory into this chat, for the people in it to see: a picture, a"
    " report, a table, a log. Pictures are shown in the chat. Use it when somebody asks for a file, or when"
    " a file says more than words; do not paste large files into your answer. The files are sent at once,"
    " before your answer. They must be plain files below your working directory: no directory, no link."
)
_SCHEMA: Final[Mapping[str, object]] = {
    "type": "object",
    "properties": {
        "path": {
            "type": "string",
            "description": "The file, by its path below the working directory, such as `out/plot.png`.",
        },
        "more": {
            "type": "array",
            "items": {"type": "string"},
            "maxItems": FILES - 1,
            "description": "Further files for the same message.",
        },
        "caption": {"type": "string", "description": "A short text to stand with them."},
    },
    "required": ["path"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class Here:
    """Where a room is spoken to now, and for what: a turn's id, None for what an agent does unasked."""

    turn: int | None
    address: ChatAddress


def send_file_tool(
    engine: Engine, key: SessionKey, workdir: Path, here: Callable[[], Here | None]
) -> HubTool | None:
    """Return the tool for a room's agent that works in `workdir`; None if there is nowhere to keep files.

    What it sends goes where `here` says when it is called, through the outbox: it survives a crash, and
    is there once the tool has answered. A file goes out once for each turn, as long as it stays the same:
    an agent whose turn was cut off begins anew, and does not know what it sent.
    """
    if engine.spool is None:
        return None
    sender = _Sender(engine, key, workdir, here, engine.spool)
    return HubTool(name=NAME, description=_DESCRIPTION, schema=_SCHEMA, call=sender.call)


@dataclass(frozen=True, slots=True)
class _Read:
    name: str
    path: str
    content: bytes
    is_masked: bool


class _Sender:
    def __init__(
        self, engine: Engine, key: SessionKey, workdir: Path, here: Callable[[], Here | None], spool: Spool
    ) -> None:
        self._engine = engine
        self._key = key
        self._source = f"file:{key}"
        self._workdir = workdir
        self._here = here
        self._spool = spool
        self._turn: int | None = None
        self._calls = 0
        self._sending = asyncio.Lock()

    async def call(self, arguments: Mapping[str, object]) -> ToolAnswer:
        """Send what the agent names, or nothing; of more than `FILES` the first, and it is told so."""
        here = self._here()
        if here is None:
            return ToolAnswer(text="Nobody has spoken in this room yet, so nothing was sent.", failed=True)
        if here.turn != self._turn:
            self._turn, self._calls = here.turn, 0
        self._calls += 1
        if self._calls > CALLS:
            return ToolAnswer(
                text=f"That is more than {CALLS} calls: put the rest into one file.", failed=True
            )
        named = [str(arguments.get("path", "")), *map(str, cast("list[object]", arguments.get("more") or []))]
        try:
            sent = await self._send(named[:FILES], str(arguments.get("caption") or ""), here)
        except (NotSendable, SpoolFull) as error:
            return ToolAnswer(text=f"{error} Nothing was sent.", failed=True)
        except (OSError, StateError) as error:
            log.warning("files of an agent were not sent", extra={"key": self._key, "reason": str(error)})
            return ToolAnswer(text="Roomkey could not store the files, so nothing was sent.", failed=True)
        left = len(named) - FILES
        if left > 0:
            sent += f" Not sent: the last {left}. A message takes {FILES}: call this again for them."
        return ToolAnswer(text=sent)

    async def _send(self, named: Sequence[str], caption: str, here: Here) -> str:
        limit = self._engine.file_limit_bytes(here.address.channel_id)
        redactor = self._engine.redactor
        read = await asyncio.to_thread(_read_all, self._workdir, named, limit, redactor)
        files = {_number(here.turn, file): file for file in read}  # one that is named twice goes once
        words = one_line(redactor.text(caption), _CAPTION_CHARS)
        async with self._sending:  # an agent may call this twice at once
            known = [number for number in files if await self._is_sent(number)]
            new = {number: file for number, file in files.items() if number not in known}
            if new:
                await self._spooled_and_posted(new, words, here.address)
        return _told([files[number] for number in known], list(new.values()))

    async def _is_sent(self, number: int) -> bool:
        return await self._engine.store.fate(self._source, number) is not None

    async def _spooled_and_posted(
        self, files: Mapping[int, _Read], caption: str, address: ChatAddress
    ) -> None:
        kept: list[PieceFile] = []
        try:
            for file in files.values():  # one by one: those which are kept are known if the next is not
                added = await self._spool.add(file.name, file.content, shown=file.path)
                kept.append(added)
            await self._post(
                tuple(files), Piece(channel_id=address.channel_id, body=caption, files=tuple(kept)), address
            )
        except (SpoolFull, OSError, StateError):  # what is cancelled may be stored all the same
            await self._spool.remove(kept)
            raise
        self._engine.outbox_filled()

    async def _post(self, numbers: Sequence[int], piece: Piece, address: ChatAddress) -> None:
        """Store a message under the number of its first file, and marks under those of the others."""
        first, *others = numbers
        async with asyncio.TaskGroup() as tasks:  # handed in together: next to no crash comes in between
            posted = tasks.create_task(self._stored(first, [piece], address))
            marked = [tasks.create_task(self._stored(one, [], address)) for one in others]
        if (error := posted.result()) is not None:
            raise error
        for failed in filter(None, (mark.result() for mark in marked)):
            log.warning("a sent file is not marked", extra={"key": self._key, "reason": str(failed)})

    async def _stored(self, number: int, pieces: Sequence[Piece], address: ChatAddress) -> StateError | None:
        try:
            await self._engine.store.post(self._notice(number, address), pieces)
        except StateError as error:  # raised in a group it would be one of many
            return error
        return None

    def _notice(self, number: int, address: ChatAddress) -> Inbound:
        return Inbound(
            source=self._source,
            msg_id=number,
            key=self._key,
            address=replace(address, message_id=None),
            prompt=Prompt(text=""),
            kind=Kind.NOTICE,
            origin=Origin.AGENT,
        )


def _number(turn: int | None, file: _Read) -> int:
    """Return what a file is stored as: the same for the same file of a turn, whatever cut the turn off."""
    if turn is None:
        return secrets.randbits(_NUMBER_BITS)
    what = b"%d\0%s\0%s" % (turn, file.path.encode("utf-8", "replace"), hashlib.sha256(file.content).digest())
    return int.from_bytes(hashlib.sha256(what).digest(), "big") >> (256 - _NUMBER_BITS)


def _told(known: Sequence[_Read], new: Sequence[_Read]) -> str:
    """Return what the agent is told: what is on its way, and what it had sent before."""
    said: list[str] = []
    if new:
        masked = " Secrets in it are masked." if any(file.is_masked for file in new) else ""
        said.append(f"{_names(new)} is on its way into the chat.{masked}")
    if known:
        said.append(
            f"{_names(known)} was sent before, for the same request, and has not changed since; so it is not"
            " sent a second time."
        )
    return " ".join(said)


def _names(files: Sequence[_Read]) -> str:
    return ", ".join(file.name for file in files)


def _read_all(workdir: Path, named: Sequence[str], limit_bytes: int, redactor: Redactor) -> list[_Read]:
    """Read what is named, each as it is when it is opened. Blocks. Raises NotSendable and OSError."""
    read: list[_Read] = []
    left = CALL_BYTES
    for name in named:
        path = _below(workdir, name)
        outgoing = open_outgoing(workdir, path, limit_bytes)
        with outgoing.file:
            if outgoing.size_bytes > left:
                raise NotSendable(f"The files are larger than {CALL_BYTES // MIB} MiB together.")
            content = outgoing.read()
        left -= len(content)
        masked = redacted_file(content, redactor)
        if masked != content and not is_text(content):
            raise NotSendable(f"`{PurePosixPath(path).name[:_NAME_CHARS]}` holds a secret of this bot's.")
        shown = file_name(redactor.text(outgoing.name))
        read.append(_Read(shown, redactor.text(path), masked, masked != content))
    return read


def _below(workdir: Path, named: str) -> str:
    """Return a path below the working directory as one from there: agents like to name all of it."""
    path = PurePosixPath(named)
    return str(path.relative_to(workdir)) if path.is_relative_to(workdir) else named


def file_name(name: str) -> str:
    """Return a file's name as a chat can show it: without signs that nobody sees, its ending kept."""
    shown = " ".join(clean(name).replace("/", "_").replace("\\", "_").split())
    stem, dot, ending = shown.rpartition(".")
    if not dot or not stem or len(ending) > _NAME_CHARS // 2:
        return shown[:_NAME_CHARS] or "file"
    return f"{stem[: _NAME_CHARS - len(ending) - 1]}.{ending}"
