"""Voice messages in a turn: written down for the agent, and shown to people as they were heard."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from bot.measure import units
from bot.render import pieces
from bot.transcriber import NotHeard, Transcriber
from sessions.beneath import open_beneath
from sessions.errors import StateError
from sessions.prompts import Fetched
from sessions.store import Store
from sessions.store.values import Inbound, Kind, Origin, Piece, Prompt, Turn
from sessions.turn import FetchFiles

log = logging.getLogger(__name__)

OFF: Final = "A voice message; transcription is off, so nobody has written down what is said in it."
_OFF_HERE: Final = (
    "I cannot hear voice messages: transcription is off. Write to me instead; whoever runs this bot can turn"
    " it on with the setting `voice.command` or `voice.url`."
)
_SHOWN_UNITS: Final = 1500
_SCOPE: Final = "voice"
_MIB: Final = 1024**2


class Hearing:
    """Fetches a turn's files and has its voice messages written down. What is wrong with one is a note."""

    def __init__(
        self,
        fetch: FetchFiles,
        transcriber: Transcriber | None,
        store: Store,
        outbox_filled: Callable[[], None],
        *,
        max_mib: int,
    ) -> None:
        self._fetch = fetch
        self._transcriber = transcriber
        self._store = store
        self._outbox_filled = outbox_filled
        self._max_bytes = max_mib * _MIB

    async def __call__(self, turn: Turn, inbox: Path) -> Sequence[Fetched]:
        """Return a turn's files: a `FetchFiles`."""
        files = await self._fetch(turn, inbox)
        return [await self._heard(turn, file, inbox) if _is_voice(file) else file for file in files]

    async def _heard(self, turn: Turn, file: Fetched, inbox: Path) -> Fetched:
        if self._transcriber is None:
            await self._say_off(turn, file)
            return replace(file, note=OFF)
        try:
            words = await self._words(self._transcriber, file, inbox)
        except NotHeard as error:
            await self._say(turn, file, f"-# I could not hear that voice message. {error}")
            return replace(file, note=f"A voice message that was not written down. {error}")
        await self._say(turn, file, _quoted(words))
        return replace(file, heard=words)

    async def _words(self, transcriber: Transcriber, file: Fetched, inbox: Path) -> str:
        assert file.path is not None
        try:
            audio = await asyncio.to_thread(_read, inbox, file.path.name, self._max_bytes)
        except OSError as error:
            raise NotHeard("Its file is gone.") from error
        if len(audio) > self._max_bytes:
            raise NotHeard(f"It is larger than {self._max_bytes // _MIB} MiB.")
        return await transcriber.words(audio, file.path.suffix.removeprefix("."))

    async def _say_off(self, turn: Turn, file: Fetched) -> None:
        """Say once in a room that nobody hears voice messages there."""
        try:
            if await self._store.get_fact(_SCOPE, turn.key) is None:
                await self._say(turn, file, _OFF_HERE)
                await self._store.set_fact(_SCOPE, turn.key, "told")
        except StateError as error:
            log.warning("who was told is not known", extra={"key": turn.key, "reason": str(error)})

    async def _say(self, turn: Turn, file: Fetched, text: str) -> None:
        """Say something about a voice message where it was said; once, however often its turn starts."""
        attachment = file.attachment.id
        notice = Inbound(
            source=_SCOPE,
            msg_id=int(attachment) if attachment.isdecimal() else turn.id,
            key=turn.key,
            address=replace(turn.address, message_id=None),
            prompt=Prompt(text=""),
            kind=Kind.NOTICE,
            origin=Origin.AGENT,
        )
        piece = Piece(channel_id=turn.address.channel_id, body=text, reply_to=turn.address.message_id)
        try:
            await self._store.post(notice, [piece])
        except StateError as error:
            log.warning("what was heard is not shown", extra={"key": turn.key, "reason": str(error)})
        else:
            self._outbox_filled()


def _is_voice(file: Fetched) -> bool:
    return file.attachment.voice and file.path is not None


def _read(inbox: Path, name: str, most: int) -> bytes:
    """Read a voice message through no link, and no more than one byte too many. Blocks. Raises OSError."""
    with open_beneath(inbox.parent, inbox.name, name) as file:
        return file.read(most + 1)


def _quoted(words: str) -> str:
    """Return words as a quote that fits a message."""
    shown = pieces(words, _SHOWN_UNITS // 2)[0]
    cut = "\n-# The rest of it went to the agent as well." if len(shown) < len(words) else ""
    quote = "\n".join(f"> {line}" for line in shown.splitlines())
    if units(quote) > _SHOWN_UNITS:  # mostly line breaks
        quote = "> " + " ".join(shown.split())
    return f"{quote}{cut}"
