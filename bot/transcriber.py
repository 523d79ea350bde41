"""Voice messages -> words, by the program or the service that the settings name. Each try has a limit."""

import asyncio
import contextlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

import aiohttp
from pydantic import BaseModel, ValidationError

from bot.settings_voice import VoiceSettings
from sessions.foreign_text import clean
from sessions.process import end_group, to_the_end

WORDS_CHARS: Final = 20_000
"""How much of what a program or service says is taken."""

_ANSWER_BYTES: Final = 1024 * 1024
_FILE: Final = "{file}"
_PATH: Final = "/usr/local/bin:/usr/bin:/bin"


class NotHeard(Exception):
    """A voice message was not written down; the text says why, in one sentence for people."""


class Transcriber(Protocol):
    """Who writes down a voice message."""

    async def words(self, audio: bytes, ending: str) -> str:
        """Return what is said, clean and never empty; `ending` is the file's, such as `ogg`.

        Raises NotHeard.
        """
        ...


def transcriber_of(settings: VoiceSettings) -> Transcriber | None:
    """Return who writes down voice messages by these settings; None if nobody does."""
    if settings.command:
        return ByCommand(settings.command, settings.limit_s)
    return None if settings.url is None else ByService(settings)


class ByCommand:
    """A program of this machine. It gets a copy of the audio, in a directory that goes when it ends."""

    def __init__(self, command: Sequence[str], limit_s: float) -> None:
        self._command = tuple(command)
        self._limit_s = limit_s

    async def words(self, audio: bytes, ending: str) -> str:
        """Run the program and return what it prints."""
        directory = await asyncio.to_thread(_copied, audio, ending)
        try:
            return _said(await self._printed(Path(directory.name) / f"voice.{ending}"))
        finally:
            await to_the_end(asyncio.to_thread(directory.cleanup))

    async def _printed(self, path: Path) -> bytes:
        words = [word.replace(_FILE, str(path)) for word in self._command]
        if not any(_FILE in word for word in self._command):
            words.append(str(path))
        env = {"PATH": _PATH, "LANG": "C.UTF-8", "HOME": str(path.parent), "TMPDIR": str(path.parent)}
        try:
            process = await asyncio.create_subprocess_exec(
                *words,
                env=env,
                cwd=path.parent,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            raise NotHeard(f"The program that writes it down cannot be started: {error.strerror}.") from error
        try:
            async with asyncio.timeout(self._limit_s):
                printed = await _read(process)
                code = await process.wait()
        except TimeoutError as error:
            raise NotHeard(f"Writing it down took longer than {self._limit_s:.0f} s.") from error
        finally:
            await to_the_end(_ended(process))
        if code:
            raise NotHeard(f"The program that writes it down failed (exit code {code}).")
        return printed


class ByService:
    """A service that speaks as OpenAI's does. No redirect is followed."""

    def __init__(self, settings: VoiceSettings) -> None:
        self._settings = settings
        address = (settings.url or "").rstrip("/")
        self._url = address if address.endswith("/transcriptions") else f"{address}/audio/transcriptions"

    async def words(self, audio: bytes, ending: str) -> str:
        """Send the audio and return what the service answers."""
        settings = self._settings
        form = aiohttp.FormData()
        form.add_field("file", audio, filename=f"voice.{ending}", content_type="application/octet-stream")
        named = {"model": settings.model, "language": settings.language, "prompt": settings.words}
        for name, text in {**named, "response_format": "json"}.items():
            if text:
                form.add_field(name, text)
        headers = {"Authorization": f"Bearer {settings.secret}"} if settings.secret else {}
        try:
            async with (
                asyncio.timeout(settings.limit_s),
                aiohttp.ClientSession(trust_env=False) as session,
                session.post(self._url, data=form, headers=headers, allow_redirects=False) as answer,
            ):
                if answer.status != 200:
                    raise NotHeard(f"The service that writes it down answered {answer.status}.")
                body = await answer.content.read(_ANSWER_BYTES)
                while more := await answer.content.read(_ANSWER_BYTES - len(body)):
                    body += more
        except TimeoutError as error:
            raise NotHeard(f"Writing it down took longer than {settings.limit_s:.0f} s.") from error
        except (aiohttp.ClientError, OSError) as error:
            raise NotHeard("The service that writes it down cannot be reached.") from error
        try:
            return _said(_Answer.model_validate_json(body).text.encode("utf-8", "replace"))
        except ValidationError as error:
            raise NotHeard("The service that writes it down answered something else.") from error


class _Answer(BaseModel):
    text: str


def _said(printed: bytes) -> str:
    text = clean(printed.decode("utf-8", "replace")).strip()[:WORDS_CHARS]
    if not text:
        raise NotHeard("No words were heard in it.")
    return text


async def _read(process: asyncio.subprocess.Process) -> bytes:
    """Read what a program prints, all of it, and keep the beginning."""
    assert process.stdout is not None
    kept = b""
    while part := await process.stdout.read(64 * 1024):
        kept = (kept + part)[:_ANSWER_BYTES]
    return kept


async def _ended(process: asyncio.subprocess.Process) -> None:
    """End a program with all that it started, and reap it."""
    await end_group(process.pid, 0)
    with contextlib.suppress(ProcessLookupError):
        if process.returncode is None:
            process.kill()
    await process.wait()


def _copied(audio: bytes, ending: str) -> "tempfile.TemporaryDirectory[str]":
    directory = tempfile.TemporaryDirectory(prefix="roomkey-voice-", ignore_cleanup_errors=True)
    path = Path(directory.name) / f"voice.{ending}"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(audio)
    return directory
