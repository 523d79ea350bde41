"""What to show -> texts within a chat's limit: whole pieces, or the tail of a growing answer. Pure."""

import re
from typing import Final

from bot.chunks import split
from bot.fences import Fence, after_line
from bot.measure import last_cut, reach, units

_LONE_SURROGATES: Final = re.compile(r"[\ud800-\udfff]")
_SIGNS: Final = re.compile(r"([\\`*_~|<>\[\]()@])")
_MORE: Final = "…\n"
_REPAIRS_UNITS: Final = 2 * 81 + len(_MORE)
_NEAR_CHARS: Final = 200


def clean(text: str) -> str:
    """Return `text` without what no chat takes: NUL and lone surrogates become a visible sign."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    return _LONE_SURROGATES.sub("\ufffd", text)


def plain(text: str) -> str:
    """Return foreign text as one line that shows itself, within a line of ours: no Markdown, no mention."""
    return _SIGNS.sub(r"\\\1", " ".join(clean(text).split()))


def shortened(text: str, limit: int) -> str:
    """Return foreign text as one line of at most `limit` UTF-16 units; what is left out is its end."""
    line = " ".join(clean(text).split())
    return line if units(line) <= limit else f"{line[: last_cut(line, 0, reach(line, 0, limit - 1))]}…"


def pieces(text: str, limit: int) -> list[str]:
    """Return `text` as messages of at most `limit` UTF-16 units, in order; none is blank.

    Fences cut in two are closed and opened again. Cuts fall where they hurt least: between
    paragraphs, list items, lines, sentences, words; never inside a visible character.
    """
    return [chunk.text for chunk in split(clean(text), limit)]


def window(text: str, limit: int) -> str:
    """Return the end of a growing text, as one message: fences closed, and reopened where cut.

    Its start moves in steps of half the limit, so that most of the time the message only grows.
    `limit` is at least twice `SMALLEST_LIMIT`.
    """
    text = clean(text).rstrip()
    room = limit - _REPAIRS_UNITS
    hidden = max(0, units(text) - room)
    step = limit // 2
    begin, fence = _line_at(text, reach(text, 0, -(-hidden // step) * step))
    opening = f"{fence.opening}\n" if fence else ""
    return f"{_MORE if begin else ''}{closed(opening + text[begin:])}"


def closed(text: str) -> str:
    """Return `text` with the fence closed that it leaves open, so that anything may follow."""
    fence = None
    for line in text.split("\n"):
        fence = after_line(fence, line)
    return f"{text}\n{fence.closing}" if fence else text


def _line_at(text: str, begin: int) -> tuple[int, Fence | None]:
    """Return the first line at or after `begin`, or `begin` itself if none is near; and the open fence."""
    if begin == 0:
        return 0, None
    line_end = text.find("\n", begin, begin + _NEAR_CHARS)
    at = line_end + 1 if line_end >= 0 else last_cut(text, 0, begin)
    fence = None
    for line in text[:at].split("\n")[:-1]:
        fence = after_line(fence, line)
    return at, fence
