"""What a message of Discord's says beyond its own text: forwards, stickers, polls, files. Pure."""

from collections.abc import Iterator
from typing import Final

import discord

from sessions.foreign_text import one_line
from sessions.store.values import Attachment

_NAME_CHARS: Final = 100
_LINE_CHARS: Final = 400


def beyond(message: discord.Message) -> list[str]:
    """Return what a message says beside its own text, each part a text of its own."""
    forwarded = (_forwarded(snapshot) for snapshot in message.message_snapshots)
    return [part for part in (*forwarded, *_stickers(message.stickers), *_poll(message.poll)) if part]


def quoted(message: discord.Message) -> str:
    """Return what a message says that somebody replies to: its files as their names alone."""
    names = [f"[file: {one_line(file.filename, _NAME_CHARS)}]" for file in message.attachments]
    return "\n".join(part for part in (message.content, *beyond(message), *names) if part)


def attachments(message: discord.Message) -> list[Attachment]:
    """Return the files of a message and of what it forwards."""
    snapshots = message.message_snapshots
    files = [*message.attachments, *(file for snapshot in snapshots for file in snapshot.attachments)]
    return [
        Attachment(
            id=str(file.id),
            name=file.filename,
            url=file.url,
            size_bytes=file.size,
            content_type=file.content_type or "",
            voice=file.is_voice_message(),
        )
        for file in files
    ]


def _forwarded(snapshot: discord.MessageSnapshot) -> str:
    said = [*snapshot.content.splitlines(), *_stickers(snapshot.stickers)]
    return "\n".join(["Forwarded message:", *(f"> {line}" for line in said)]) if said else ""


def _stickers(stickers: list[discord.StickerItem]) -> Iterator[str]:
    for sticker in stickers:
        yield f"[sticker: {one_line(sticker.name, _NAME_CHARS)}]"


def _poll(poll: discord.Poll | None) -> Iterator[str]:
    if poll is None:
        return
    kind = "poll, several answers allowed" if poll.multiple else "poll"
    lines = [f"[{kind}: {one_line(str(poll.question), _LINE_CHARS)}]"]
    for answer in poll.answers:
        emoji = f"{answer.emoji} " if answer.emoji else ""
        votes = f" ({answer.vote_count} votes)" if answer.vote_count else ""
        lines.append(f"- {emoji}{one_line(answer.text, _LINE_CHARS)}{votes}")
    yield "\n".join(lines)
