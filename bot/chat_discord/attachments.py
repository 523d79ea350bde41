"""Downloads of what people attach: known hosts only, size watched while reading, names of ours."""

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final, Self

import aiohttp
import yarl
from aiohttp.abc import AbstractResolver

from bot.chat_discord.public_only import public_socket
from sessions.beneath import create_beneath, list_beneath, remove_beneath
from sessions.foreign_text import one_line
from sessions.images import IMAGE_BYTES, image_in
from sessions.process import to_the_end
from sessions.prompts import Fetched
from sessions.store.values import Attachment, Turn

log = logging.getLogger(__name__)

MIB: Final = 1024**2
PASTE_BYTES: Final = 256 * 1024
"""How much of a long paste becomes part of the prompt."""
INLINE_BYTES: Final = 8 * 1024
"""How large a text file may be that becomes part of the prompt."""

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
                most = await asyncio.to_thread(self._room_for, file, inbox)
                url = _checked(file.url, self.origins)
                target = _Target(inbox, stem, _extension(file.name))
                async with target:
                    await self._stream(url, target, most)
                return await asyncio.to_thread(_fetched, file, target)
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

    async def _stream(self, url: yarl.URL, target: "_Target", most: int) -> None:
        """Let a file go to disk as it comes. What is too large ends it, and nothing of it stays."""
        async with self.session.get(url, allow_redirects=False, headers=_UNPACKED) as answer:
            if answer.status != 200:
                raise _NotFetched(f"Discord answered {answer.status} for it.")
            async for part in answer.content.iter_chunked(_READ_BYTES):
                if target.size_bytes + len(part) > most:
                    is_small = most < self.limits.file_bytes
                    raise _NotFetched(
                        _full(self.limits.room_bytes) if is_small else _too_large(self.limits.file_bytes)
                    )
                await asyncio.to_thread(target.write, part)


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


def _fetched(file: Attachment, target: "_Target") -> Fetched:
    """Return a file as what it is by its own bytes: a picture, a text, or only a path. Blocks."""
    content = bytes(target.begin)
    if file.name.lower() == _PASTE:
        text = content[:PASTE_BYTES].decode("utf-8", "replace")
        return Fetched(attachment=file, path=target.path, text=text, is_cut=target.size_bytes > PASTE_BYTES)
    if len(content) < target.size_bytes:
        return Fetched(attachment=file, path=target.path)
    return Fetched(attachment=file, path=target.path, text=_small_text(content), image=image_in(content))


def _small_text(content: bytes) -> str | None:
    """Return what a small text file says; None for one that is large, empty or no text."""
    if len(content) > INLINE_BYTES or b"\0" in content:
        return None
    try:
        return content.decode().strip() or None
    except UnicodeDecodeError:
        return None


def _extension(name: str) -> str:
    """Return the ending for a file of ours: that of the foreign name, if it is a harmless one."""
    ending = PurePosixPath(name.replace("\\", "/")).suffix.removeprefix(".").lower()
    return ending if ending in _EXTENSIONS else "bin"


class _Target:
    """A file in an inbox that is being written: there whole when this is left, and not at all on an error."""

    def __init__(self, inbox: Path, stem: str, extension: str) -> None:
        self.path = inbox / f"{stem}.{extension}"
        self.size_bytes = 0
        self.begin = bytearray()  # all of it, or more than is looked into
        self._names = [self.path.name, *(f"{stem}_{n}.{extension}" for n in range(2, _NAMES_TRIED + 1))]
        self._file: BinaryIO | None = None

    async def __aenter__(self) -> Self:
        try:
            await to_the_end(asyncio.to_thread(self._create))
        except BaseException:
            await to_the_end(asyncio.to_thread(self._close, is_whole=False))
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *exc: object) -> None:
        await to_the_end(asyncio.to_thread(self._close, is_whole=kind is None))

    def write(self, part: bytes) -> None:
        """Add to it. Blocks."""
        assert self._file is not None
        self._file.write(part)
        self.size_bytes += len(part)
        if len(self.begin) <= IMAGE_BYTES:
            self.begin += part

    def _create(self) -> None:
        """Make a file under a name that is free: a repeated turn gets a new one."""
        inbox = self.path.parent
        for name in self._names:
            with suppress(FileExistsError):
                self._file = os.fdopen(create_beneath(inbox.parent, inbox.name, name), "wb")
                self.path = inbox / name
                return
        raise _NotFetched("Its name is taken in the inbox.")

    def _close(self, *, is_whole: bool) -> None:
        if self._file is None:
            return
        try:
            self._file.close()
        except OSError:
            is_whole = False
            raise
        finally:
            if not is_whole:
                with suppress(OSError):
                    remove_beneath(self.path.parent.parent, self.path.parent.name, self.path.name)
