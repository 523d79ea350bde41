"""What to show -> texts within a chat's limit: whole pieces, or the tail of a growing answer. Pure."""

import re
import unicodedata
from dataclasses import dataclass
from itertools import islice
from typing import Final

from bot.chunks import SMALLEST_LIMIT, split
from bot.components import FileOut
from bot.fences import Fence, after_line
from bot.long_code import MOST_FILES, without_long_code
from bot.long_tables import without_long_tables
from bot.markdown_blocks import chat_markdown, tail_markdown
from bot.measure import last_cut, reach, units
from bot.tail import Tail

_LONE_SURROGATES: Final = re.compile(r"[\ud800-\udfff]")
_SIGNS: Final = re.compile(r"([\\`*_~|<>\[\]()@])")
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cn", "Cs", "Zl", "Zp", "Zs"})
_MORE: Final = "…\n"
_REPAIRS_UNITS: Final = 2 * 81 + len(_MORE)
_NEAR_CHARS: Final = 200
_HANGING: Final = re.compile(r"(?:\n+#{1,3} [^\n]*)+\Z")
"""Headings at the end of a beginning: what they stand above is in the file alone."""

_MOST_FILE_BYTES: Final = 8_000_000
_FILE: Final = "answer.md"

MOST_PIECES: Final = 5
"""An answer of more messages becomes a file: a channel is no place for a book."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What is said at the end of a turn: `body` is the agent's own Markdown, the rest is ours.

    `head` stands before it and ends with what separates them. `end` is a paragraph behind it, `small`
    a small line at the very end.
    """

    head: str = ""
    body: str = ""
    end: str = ""
    small: str = ""

    @property
    def text(self) -> str:
        """All of it as one text, not drawn."""
        gap = "\n" if self.is_mark_alone else "\n\n"
        return _joined(_joined(f"{self.head}{self.body}".rstrip(), self.end, gap), self.small, "\n")

    @property
    def is_mark_alone(self) -> bool:
        """Whether nothing but a small line stands before the end."""
        return not self.body and not self.head.endswith("\n\n")


@dataclass(frozen=True, slots=True)
class Rendered:
    """One message: its text, and the files that go with it."""

    text: str
    files: tuple[FileOut, ...] = ()


def clean(text: str) -> str:
    """Return `text` without what no chat takes: NUL and lone surrogates become a visible sign."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    return _LONE_SURROGATES.sub("\ufffd", text)


def is_seen(text: str) -> bool:
    """Whether a text shows anything: a chat refuses a message of nothing but blanks and invisible signs."""
    return any(unicodedata.category(char) not in _UNSEEN for char in text)


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


def rendered(words: Words, limit: int, *, can_attach: bool = True) -> list[Rendered]:
    """Return words as messages of at most `limit` UTF-16 units, in order: none is blank.

    With `can_attach`, a code block or table that no message holds becomes a file, and so does an answer of
    more than `MOST_PIECES` messages: its beginning stays.
    """
    body = clean(words.body)
    if not can_attach:
        return [Rendered(text) for text in _ended(_texts(words, _drawn(body), limit), words, limit)]
    enough = (MOST_PIECES + 1) * limit
    short, code = without_long_code(body, limit)
    short, tables = without_long_tables(short, limit, MOST_FILES - len(code))
    texts = _texts(words, _drawn(short, enough), limit, MOST_PIECES + 1)
    if len(texts) > MOST_PIECES:
        return _beginning(words, body, limit, tables[: MOST_FILES - 1])
    whole = [Rendered(text) for text in _ended(texts, words, limit)]
    for file in (*code, *tables):
        at = next((at for at, one in enumerate(whole) if f" {file.name}." in one.text), 0)
        whole[at] = Rendered(whole[at].text, (*whole[at].files, file))
    return whole


def window(text: str, limit: int, tail: Tail | None = None, *, is_growing: bool = False) -> str:
    """Return the end of a growing text, as one message: fences closed, and reopened where cut.

    `tail` says where it begins; without it that is found anew. `is_growing` says that its last line has no
    end yet: what may still change its looks is held back. Its start moves in large steps, so that
    most of the time the message only grows. `limit` is at least `SMALLEST_LIMIT`.
    """
    tail = (tail or Tail()).moved(text)
    ending = clean(text[tail.start :])
    opening = f"{tail.fence.opening}\n" if tail.fence else ""
    shown = f"{opening}{tail_markdown(ending, tail.fence, is_growing=is_growing)}".rstrip()
    room = limit - _REPAIRS_UNITS
    hidden = max(0, units(shown) - room)
    step = max(1, limit // 2)
    begin, fence = _line_at(shown, reach(shown, 0, -(-hidden // step) * step))
    opening = f"{fence.opening}\n" if fence else ""
    return f"{_MORE if begin or tail.start else ''}{closed(opening + shown[begin:])}"


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


def _drawn(body: str, enough_chars: int | None = None) -> str:
    """Return Markdown as a chat shows it; when there is `enough_chars` of it, only as much."""
    lines: list[str] = []
    for line in chat_markdown(body):
        lines.append(line)
        if enough_chars is not None:
            enough_chars -= len(line) + 1
            if enough_chars < 0:
                break
    drawn = "\n".join(lines)
    return drawn if is_seen(drawn) else body  # nothing but a rule, say


def _texts(words: Words, drawn: str, limit: int, most: int | None = None) -> list[str]:
    return [chunk.text for chunk in islice(split(f"{words.head}{drawn}", limit), most)]


def _ended(texts: list[str], words: Words, limit: int) -> list[str]:
    """Return texts with what ends them in the last one, which is cut once more if it must."""
    end = _joined(words.end, words.small, "\n")
    gap = "\n\n" if words.end and not words.is_mark_alone else "\n"
    if not texts or not end:
        return texts or pieces(end, limit)
    *before, last = texts
    left = limit - units(end) - len(gap)
    if units(last) <= left:
        return [*before, f"{last}{gap}{end}"]
    if left < SMALLEST_LIMIT:
        return [*texts, *pieces(end, limit)]
    *more, last = pieces(last, left)
    return [*before, *more, f"{last}{gap}{end}"]


def _beginning(words: Words, body: str, limit: int, tables: tuple[FileOut, ...]) -> list[Rendered]:
    """Return the first message of a long answer, which carries the whole of it as a file, and its tables."""
    content = body.encode()
    lines = body.count("\n") + 1
    what = f"{len(body):,} characters in {lines:,} {'line' if lines == 1 else 'lines'}"
    summary = f"-# This is the beginning. The file {_FILE} has the whole answer: {what}."
    if len(content) > _MOST_FILE_BYTES:
        content = content[:_MOST_FILE_BYTES].decode(errors="ignore").encode()
        summary = f"-# This is the beginning. The file {_FILE} has the first 8 MB of {what}."
    summary += " Its long tables are files of their own as well." if tables else ""
    room = max(SMALLEST_LIMIT, limit - units(summary) - units(words.end) - units(words.small) - 4)
    [first] = _texts(words, _drawn(body, limit), room, 1)
    first = _HANGING.sub("", first) or first
    begun, *rest = _ended([f"{first}\n{summary}"], words, limit)
    return [Rendered(begun, (FileOut(_FILE, content), *tables)), *map(Rendered, rest)]


def _joined(before: str, after: str, gap: str) -> str:
    return f"{before}{gap}{after}" if before and after else before or after
