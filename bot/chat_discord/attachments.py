"""Downloads of what people attach: known hosts only, size watched while reading, names of ours."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

import aiofiles
import aiohttp
import yarl

from sessions.paths import open_beneath
from sessions.prompts import Fetched
from sessions.store.values import Attachment, Turn

log = logging.getLogger(__name__)

FILES: Final = 10
FILE_BYTES: Final = 25 * 1024 * 1024

_TOO_LARGE: Final = f"It is larger than {FILE_BYTES // 1024**2} MiB."
_FILE_S: Final = 60.0
_READ_BYTES: Final = 64 * 1024
_NAMES_TRIED: Final = 20
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


@dataclass(frozen=True, slots=True)
class Downloads:
    """Fetches the attachments of turns over one HTTP session."""

    session: aiohttp.ClientSession
    origins: Collection[yarl.URL]

    async def fetch(self, turn: Turn, inbox: Path) -> Sequence[Fetched]:
        """Put a turn's attachments into `inbox`, one after the other, and say what became of each.

        A file that cannot be had is no error: its problem is told to the agent, and the turn runs.
        """
        files = turn.prompt.attachments
        stem = turn.address.message_id or str(turn.id)
        fetched = [await self._one(file, inbox, f"{stem}_{n}") for n, file in enumerate(files[:FILES], 1)]
        too_many = f"Only the first {FILES} files of a message are taken."
        return fetched + [Fetched(attachment=file, problem=too_many) for file in files[FILES:]]

    async def _one(self, file: Attachment, inbox: Path, stem: str) -> Fetched:
        try:
            async with asyncio.timeout(_FILE_S):
                content = await self._read(file)
                return Fetched(
                    attachment=file, path=await _write(inbox, stem, _extension(file.name), content)
                )
        except _NotFetched as error:
            problem = str(error)
        except TimeoutError:
            problem = f"It did not arrive within {_FILE_S:.0f} seconds."
        except aiohttp.ClientError as error:
            problem = f"It could not be downloaded ({type(error).__name__})."
        except OSError as error:
            problem = f"It could not be stored ({error.strerror})."
        log.info("an attachment is missing", extra={"attachment": file.id, "problem": problem})
        return Fetched(attachment=file, problem=problem)

    async def _read(self, file: Attachment) -> bytes:
        url = _checked(file.url, self.origins)
        if file.size_bytes > FILE_BYTES:
            raise _NotFetched(_TOO_LARGE)
        async with self.session.get(url, allow_redirects=False) as answer:
            if answer.status != 200:
                raise _NotFetched(f"Discord answered {answer.status} for it.")
            content = bytearray()
            async for part in answer.content.iter_chunked(_READ_BYTES):
                content += part
                if len(content) > FILE_BYTES:
                    raise _NotFetched(_TOO_LARGE)
            return bytes(content)


@asynccontextmanager
async def downloads(api_base: str) -> AsyncGenerator[Downloads]:
    """Open what fetches attachments: from Discord's file servers, or from `api_base`'s own host."""
    origin = yarl.URL(api_base).origin()
    origins = _CDN if origin.host == "discord.com" else {origin}
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield Downloads(session, origins)


def _checked(address: str, origins: Collection[yarl.URL]) -> yarl.URL:
    """Return the address of a file if it lies where Discord keeps files: it is foreign text as well."""
    with suppress(ValueError):  # no address at all
        url = yarl.URL(address)
        if url.origin() in origins:
            return url
    raise _NotFetched("It does not lie on Discord's own servers.")


def _extension(name: str) -> str:
    """Return the ending for a file of ours: that of the foreign name, if it is a harmless one."""
    ending = PurePosixPath(name.replace("\\", "/")).suffix.removeprefix(".").lower()
    return ending if ending in _EXTENSIONS else "bin"


async def _write(inbox: Path, stem: str, extension: str, content: bytes) -> Path:
    """Store a file under a name that is free, following no link; a repeated turn gets a new name."""
    for number in range(1, _NAMES_TRIED + 1):
        name = f"{stem}.{extension}" if number == 1 else f"{stem}_{number}.{extension}"
        try:
            descriptor = await asyncio.to_thread(open_beneath, inbox.parent, inbox.name, name)
        except FileExistsError:
            continue
        async with aiofiles.open(descriptor, "wb") as target:
            await target.write(content)
        return inbox / name
    raise _NotFetched("Its name is taken in the inbox.")
