"""What somebody said -> the prompt an agent reads: label line, text, files. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID, uuid5

from sessions.keys import SessionKey
from sessions.store.values import Attachment, Prompt, Turn

_PROMPTS: Final = UUID("6f1c1f0e-7f0b-5a52-9a55-6b1d5f0d2f3e")
_NAME_CHARS: Final = 64
_CONTINUED: Final = (
    "Note from Roomkey: you were interrupted while you worked on the message below. Look at what is done"
    " already, then go on from there."
)
_AGAIN: Final = (
    "Note from Roomkey: the message below was given to you before, but you were interrupted; parts of it may"
    " be done already."
)
_FOLLOWS_CUT: Final = (
    "Note from Roomkey: the turn before this one was interrupted, so what it was about may be half done."
)
_UNSEEN: Final = re.compile(
    # Control characters but tab and line break, bidirectional overrides, zero-width marks, lone surrogates.
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """An attachment on disk (`path`), or why it is not (`problem`, one sentence)."""

    attachment: Attachment
    path: Path | None = None
    problem: str = ""


def compose(prompt: Prompt, files: Sequence[Fetched] = (), *, note: str = "") -> str:
    """Return the prompt's text for the agent; never empty.

    A note or a label line of ours always comes first, so that foreign text is never the first
    character. Names are foreign too: they are cut to one short line. Files are named by their path
    in the working directory; one that could not be fetched is named with the reason.
    """
    parts = [note, _label(prompt)] if note else [_label(prompt)]
    text = clean(prompt.text).strip()
    if text:
        parts.append(text)
    if files:
        parts.append("\n".join(["Files sent with this message:", *map(_file_line, files)]))
    return "\n\n".join(parts)


def interruption_note(turn: Turn) -> str:
    """Return what the agent must know about an interruption before this prompt; "" if there was none."""
    before = _FOLLOWS_CUT if turn.follows_cut else ""
    own = _CONTINUED if turn.resumption == "continue" else _AGAIN if turn.attempt > 1 else ""
    return "\n".join(note for note in (before, own) if note)


def problems(files: Sequence[Fetched]) -> Sequence[str]:
    """Return a sentence for people about each file that could not be fetched."""
    missing = [file for file in files if file.path is None]
    return [f"I could not take {clean(file.attachment.name)[:100]}. {file.problem}" for file in missing]


def clean(text: str) -> str:
    """Return `text` without characters that nobody sees and line breaks of other systems."""
    return _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def prompt_uuid(turn: Turn) -> UUID:
    """Return the id that travels with a turn's prompt: the same for the same start of it, else another.

    A drain takes a start back, attempt and all; the epoch still tells the two apart.
    """
    return uuid5(_PROMPTS, f"{turn.key}/{turn.id}/{turn.epoch}/{turn.attempt}")


def instructions(key: SessionKey) -> str:
    """Return what is appended to the agent's own system prompt in a room."""
    return (
        f"You work in the chat room `{key}`, through the Discord bot Roomkey. Several people may write"
        " to you; the first line of each message says who it is from and is added by Roomkey.\n"
        "Your answers are shown in Discord: Markdown works, tables and HTML do not; keep them short"
        " unless more is asked for. Files that people send are in `inbox/` of your working directory."
    )


def _label(prompt: Prompt) -> str:
    if prompt.author_id is None:
        return "Message from Roomkey:"
    return f"Message from {_one_line(prompt.author_name or 'somebody')} (user {prompt.author_id}):"


def _file_line(file: Fetched) -> str:
    name = _name(file.attachment)
    if file.path is None:
        return f'- "{name}": not available. {file.problem}'
    return f'- inbox/{file.path.name} (the sender called it "{name}", {file.attachment.size_bytes} bytes)'


def _name(attachment: Attachment) -> str:
    return _one_line(attachment.name).replace('"', "'") or "file"


def _one_line(text: str) -> str:
    return " ".join(clean(text).split())[:_NAME_CHARS]
