"""Downloads of what people attach: known hosts only, size watched while reading, names of ours."""

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

import aiohttp
import yarl
from aiohttp.abc import AbstractResolver

from bot.chat_discord.public_only import public_socket
from sessions.beneath import create_beneath, list_beneath, remove_beneath
from sessions.foreign_text import one_line
from sessions.prompts import Fetched
from sessions.store.values import Attachment, Turn

log = logging.getLogger(__name__)

MIB: Final = 1024**2
PASTE_BYTES: Final = 256 * 1024
"""How much of a long paste becomes part of the prompt."""

_READ_BYTES: Final = 64 * 1024
_NAMES_TRIED: Final = 20
_PASTE: Final = "message.txt"
"""What Discord's own programs call a message that is too long to be one."""
_UNPACKED: Final = {"Accept-Encoding": "identity"}
_CDN: Final = frozenset({yarl.URL("https://cdn.discordapp.com"), yarl.URL("https://media.discordapp.net")})
_HARMLESS: Final = """
    avif bmp gif heic jpeg jpg png svg tif tiff webp m4a mov mp3 mp4 ogg wav webm
    csv doc docx html ics ipynb md odt patch pdf ppt pptx rst tex tsv txt xls xlsx zip
    c cfg conf cpp cs css diff go h hpp ini java js json jsonl jsx kt lock log lua php py rb rs sh
    sql swift toml ts tsx xml yaml yml
"""
_EXTENSIONS: Final = frozenset(_HARMLESS.split())


class _NotFetched(Exception):
    """A file stays away; the text says why, in one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a message may bring: files, bytes of each and in its room's inbox, seconds of each and all."""

    files: int = 10
    file_bytes: int = 25 * MIB
    room_bytes: int = 100 * MIB
    file_s: float = 60.0
    all_s: float = 180.0


@dataclass(frozen=True, slots=True)
class Downloads:
    """Fetches the attachments of turns over one HTTP session."""

    session: aiohttp.ClientSession
    origins: Collection[yarl.URL]
    limits: Limits = field(default_factory=Limits)

    async def fetch(self, turn: Turn, inbox: Path) -> Sequence[Fetched]:
        """Put a turn's attachments into `inbox`, one after the other, and say what became of each.

        A file that cannot be had is no error: its problem is told to the agent, and the turn runs.
        """
        files, most = turn.prompt.attachments, self.limits.files
        stem = turn.address.message_id or str(turn.id)
        over_s = asyncio.get_running_loop().time() + self.limits.all_s
        fetched = [
            await self._one(file, inbox, f"{stem}_{n}", over_s) for n, file in enumerate(files[:most], 1)
        ]
        too_many = f"Only the first {most} files of a message are taken."
        return fetched + [Fetched(attachment=file, problem=too_many) for file in files[most:]]

    async def _one(self, file: Attachment, inbox: Path, stem: str, over_s: float) -> Fetched:
        until_s = min(over_s, asyncio.get_running_loop().time() + self.limits.file_s)
        try:
            async with asyncio.timeout_at(until_s):
                content = await self._read(file, await asyncio.to_thread(self._room_for, file, inbox))
                path = await asyncio.to_thread(_store, inbox, stem, _extension(file.name), content)
                return _fetched(file, path, content)
        except _NotFetched as error:
            problem = str(error)
        except TimeoutError:
            problem = f"It did not arrive within {self.limits.file_s:.0f} seconds."
        except aiohttp.ClientError as error:
            found = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
            problem = f"It could not be downloaded ({type(found).__name__})."
        except OSError as error:
            problem = f"It could not be stored ({error.strerror})."
        log.info("an attachment is missing", extra={"attachment": one_line(file.id, 40), "problem": problem})
        return Fetched(attachment=file, problem=problem)

    def _room_for(self, file: Attachment, inbox: Path) -> int:
        """Return how many bytes a file may have. Blocks."""
        _checked(file.url, self.origins)
        if file.size_bytes > self.limits.file_bytes:
            raise _NotFetched(_too_large(self.limits.file_bytes))
        used = sum(one.size_bytes for one in list_beneath(inbox.parent, inbox.name) if one.is_file)
        left = self.limits.room_bytes - used
        if file.size_bytes > left:
            raise _NotFetched(_full(self.limits.room_bytes))
        return min(left, self.limits.file_bytes)

    async def _read(self, file: Attachment, most: int) -> bytes:
        url = _checked(file.url, self.origins)
        async with self.session.get(url, allow_redirects=False, headers=_UNPACKED) as answer:
            if answer.status != 200:
                raise _NotFetched(f"Discord answered {answer.status} for it.")
            content = bytearray()
            async for part in answer.content.iter_chunked(_READ_BYTES):
                content += part
                if len(content) > most:
                    is_small = most < self.limits.file_bytes
                    raise _NotFetched(
                        _full(self.limits.room_bytes) if is_small else _too_large(self.limits.file_bytes)
                    )
            return bytes(content)


@asynccontextmanager
async def downloads(
    api_base: str, limits: Limits | None = None, *, resolver: AbstractResolver | None = None
) -> AsyncGenerator[Downloads]:
    """Open what fetches attachments: from Discord's file servers, or from `api_base`'s own host.

    Discord's servers are on the public internet, wherever `resolver` says that they are.
    """
    origin = yarl.URL(api_base).origin()
    is_discord = origin.host == "discord.com"
    connector = aiohttp.TCPConnector(socket_factory=public_socket if is_discord else None, resolver=resolver)
    async with aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,  # nothing is unpacked here: a small file may hold a huge one
        trust_env=False,
    ) as session:
        yield Downloads(session, _CDN if is_discord else {origin}, limits or Limits())


def _checked(address: str, origins: Collection[yarl.URL]) -> yarl.URL:
    """Return the address of a file if it lies where Discord keeps files: it is foreign text as well."""
    with suppress(ValueError):  # no address at all
        url = yarl.URL(address)
        if url.origin() in origins:
            return url
    raise _NotFetched("It does not lie on Discord's own servers.")


def _too_large(most: int) -> str:
    return f"It is larger than {most // MIB} MiB."


def _full(most: int) -> str:
    return f"The room's inbox would hold more than {most // MIB} MiB; something in it must go first."


def _fetched(file: Attachment, path: Path, content: bytes) -> Fetched:
    if file.name.lower() != _PASTE:
        return Fetched(attachment=file, path=path)
    text = content[:PASTE_BYTES].decode("utf-8", "replace")
    return Fetched(attachment=file, path=path, text=text, is_cut=len(content) > PASTE_BYTES)


def _extension(name: str) -> str:
    """Return the ending for a file of ours: that of the foreign name, if it is a harmless one."""
    ending = PurePosixPath(name.replace("\\", "/")).suffix.removeprefix(".").lower()
    return ending if ending in _EXTENSIONS else "bin"


def _store(inbox: Path, stem: str, extension: str, content: bytes) -> Path:
    """Store a file whole or not at all, under a name that is free: a repeated turn gets a new one. Blocks."""
    for number in range(1, _NAMES_TRIED + 1):
        name = f"{stem}.{extension}" if number == 1 else f"{stem}_{number}.{extension}"
        try:
            descriptor = create_beneath(inbox.parent, inbox.name, name)
        except FileExistsError:
            continue
        try:
            with os.fdopen(descriptor, "wb") as target:
                target.write(content)
        except OSError:
            with suppress(OSError):
                remove_beneath(inbox.parent, inbox.name, name)
            raise
        return inbox / name
    raise _NotFetched("Its name is taken in the inbox.")
