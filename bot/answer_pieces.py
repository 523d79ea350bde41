"""What ends a turn -> pieces for the outbox: messages, and the files that are too long for any."""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from typing import Final

from bot.render import Rendered, Words, rendered
from sessions.errors import UserError
from sessions.spool import Spool
from sessions.store.values import Piece, PieceFile

log = logging.getLogger(__name__)

_LONG_CHARS: Final = 20_000
"""Rendering a longer text would hold the event loop up."""


async def answer_pieces(
    said: Sequence[Words], channel_id: str, limit: int, spool: Spool | None, *, may_attach: bool
) -> list[Piece]:
    """Return the pieces that say these words, one at least for each; what is too long goes as a file.

    Where files cannot be kept or may not be attached, all of it is text.
    """
    pieces: list[Piece] = []
    for words in said:
        if spool is not None and may_attach:
            kept = await _with_files(await _rendered(words, limit, can_attach=True), channel_id, spool)
            if kept is not None:
                pieces += kept
                continue
        parts = await _rendered(words, limit, can_attach=False)
        pieces += [Piece(channel_id=channel_id, body=part.text) for part in parts]
    return pieces


async def _rendered(words: Words, limit: int, *, can_attach: bool) -> list[Rendered]:
    render = partial(rendered, words, limit, can_attach=can_attach)
    return await asyncio.to_thread(render) if len(words.body) > _LONG_CHARS else render()


async def _with_files(parts: Sequence[Rendered], channel_id: str, spool: Spool) -> list[Piece] | None:
    """Return the pieces with their files kept; None if one of them cannot be, and then none is."""
    pieces: list[Piece] = []
    kept: list[PieceFile] = []
    try:
        for part in parts:
            before = len(kept)
            for file in part.files:
                kept.append(await spool.add(file.name, file.content))  # noqa: PERF401 -- known if one fails
            pieces.append(Piece(channel_id=channel_id, body=part.text, files=tuple(kept[before:])))
    except (UserError, OSError) as error:
        log.warning("an answer cannot be kept as a file", extra={"reason": str(error)})
        await spool.remove(kept)
        return None
    return pieces
