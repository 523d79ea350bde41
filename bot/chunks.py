"""A long text -> parts that fit a message each, cut where it hurts least, fences kept whole. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from bot.fences import Fence, after_line
from bot.measure import last_cut, reach, units

SMALLEST_LIMIT: Final = 400
"""Below this the repairs of a fence might leave no room for text."""

_HEADING: Final = re.compile(r"#{1,6}\s")
_ITEM: Final = re.compile(r"(?:[-*+]|\d{1,9}[.)])\s")
_GAP: Final = re.compile(r"\s*\n|\s*")
_BLANKS: Final = re.compile(r"\s*")
_PLACE: Final = re.compile(r"\s+|(?<=[。！？、，])(?=\S)")
_UNCUT: Final = re.compile(
    r"(?<!`)(?P<ticks>`+)(?!`)[^\n]*?(?<!`)(?P=ticks)(?!`)"  # inline code
    r"|!?\[[^\[\]\n]*\]\([^()\s]*\)"  # [text](link)
    r"|<[^<>\s]{1,100}>"  # mention, emoji, time stamp
    r"|https?://[^\s<>]+"
)


class _Rank(IntEnum):
    """Kinds of places to cut at, the best first."""

    PARAGRAPH = 0
    ITEM = 1
    LINE = 2
    CODE_LINE = 3
    SENTENCE = 4
    WORD = 5


_LEAST_FILLED: Final = {
    _Rank.PARAGRAPH: 0.4,
    _Rank.ITEM: 0.5,
    _Rank.LINE: 0.5,
    _Rank.CODE_LINE: 0.3,
    _Rank.SENTENCE: 0.5,
    _Rank.WORD: 0.0,
}
"""A good place is passed over if it would leave a message emptier than this."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """One message's worth of a text: `body` is the source's own, the other two repair a cut fence."""

    opening: str
    body: str
    closing: str

    @property
    def text(self) -> str:
        """What is sent."""
        return f"{self.opening}{self.body}{self.closing}"


@dataclass(frozen=True, slots=True)
class _Cut:
    """Where a chunk may end; `fence` is open there."""

    end: int
    rank: _Rank
    fence: Fence | None


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the source, without its break, and the fence that is open before and after it."""

    start: int
    end: int
    before: Fence | None
    after: Fence | None


def split(text: str, limit: int) -> Iterator[Chunk]:
    """Yield `text` in chunks of at most `limit` units; only white space at the cuts is left out.

    `limit` is at least `SMALLEST_LIMIT`. The fences of each chunk are balanced.
    """
    start, fence = _next_start(text, 0, None), None
    while start < len(text):
        opening = f"{fence.opening}\n" if fence else ""
        cut = _choose(text, start, limit - units(opening), fence)
        body = text[start : cut.end] if cut.fence else text[start : cut.end].rstrip()
        if body or fence:
            yield Chunk(opening, body, _closing(cut.fence))
        start, fence = _next_start(text, cut.end, cut.fence), cut.fence


def _closing(fence: Fence | None) -> str:
    return f"\n{fence.closing}" if fence else ""


def _next_start(text: str, end: int, fence: Fence | None) -> int:
    """Return where text goes on after a cut. Code keeps its blank lines, and both keep a line's indent."""
    if fence:
        return end + 1 if text[end : end + 1] == "\n" else end
    rest = _GAP.match(text, end)
    return rest.end() if rest else end


def _choose(text: str, start: int, room: int, fence: Fence | None) -> _Cut:
    full = reach(text, start, room)
    lines = list(_lines(text, start, full, fence))
    cuts = [
        cut
        for line in lines
        if line.end <= full and (cut := _line_cut(text, line)) and _fits(text, start, cut, room)
    ]
    if cuts and cuts[-1].end == len(text):
        return cuts[-1]
    for rank in (_Rank.PARAGRAPH, _Rank.ITEM, _Rank.LINE, _Rank.CODE_LINE):
        least = start + _LEAST_FILLED[rank] * (full - start)
        good = [cut for cut in cuts if cut.rank is rank and cut.end >= least]
        if good:
            return good[-1]
    for line in reversed(lines):
        end = min(line.end, reach(text, start, room - units(_closing(line.before))))
        if end > line.start:
            return _inner_cut(text, start, line, end) or (cuts[-1] if cuts else _hard_cut(text, line, end))
    raise AssertionError("a chunk has room for a character")


def _lines(text: str, start: int, full: int, fence: Fence | None) -> Iterator[_Line]:
    """Yield the lines that begin in `text[start:full]`."""
    while start <= full:
        found = text.find("\n", start)
        end = len(text) if found < 0 else found
        after = after_line(fence, text[start:end])
        yield _Line(start, end, fence, after)
        start, fence = end + 1, after


def _fits(text: str, start: int, cut: _Cut, room: int) -> bool:
    return units(text[start : cut.end]) + units(_closing(cut.fence)) <= room


def _line_cut(text: str, line: _Line) -> _Cut | None:
    """Return the cut after a line; None where one side would be left with an empty fence."""
    if line.end >= len(text):
        return _Cut(line.end, _Rank.PARAGRAPH, line.after)
    found = text.find("\n", line.end + 1)
    following = text[line.end + 1 : len(text) if found < 0 else found]
    following_after = after_line(line.after, following)
    if line.after is not None:
        is_edge = line.before is None or following_after is None
        return None if is_edge else _Cut(line.end, _Rank.CODE_LINE, line.after)
    if following_after is not None or not following.strip() or _HEADING.match(following):
        return _Cut(line.end, _Rank.PARAGRAPH, None)
    return _Cut(line.end, _Rank.ITEM if _ITEM.match(following) else _Rank.LINE, None)


def _inner_cut(text: str, start: int, line: _Line, end: int) -> _Cut | None:
    """Return the best cut before `end` within a line: after a sentence, else between words."""
    if line.before is not None:
        space = max(text.rfind(" ", line.start, end), text.rfind("\t", line.start, end))
        return _Cut(space + 1, _Rank.WORD, line.before) if text[start : space + 1].strip() else None
    first_word = _BLANKS.match(text, line.start)
    begin = first_word.end() if first_word else line.start
    uncut = _uncut(text, line, end)
    places = [
        found.start()
        for found in _PLACE.finditer(text, begin, end + 1)
        if begin < found.start() <= end and not any(first < found.start() < last for first, last in uncut)
    ]
    least = start + _LEAST_FILLED[_Rank.SENTENCE] * (end - start)
    sentences = [place for place in places if place >= least and _ends_sentence(text, place)]
    best = sentences or places
    return _Cut(best[-1], _Rank.WORD, None) if best else None


def _hard_cut(text: str, line: _Line, end: int) -> _Cut:
    """Return a cut within a word: before a link or code that would fit the next chunk, if there is one."""
    if line.before is None:
        for first, last in _uncut(text, line, end):
            if line.start < first < end < last:
                return _Cut(first, _Rank.WORD, None)
    return _Cut(last_cut(text, line.start, end), _Rank.WORD, line.before)


def _uncut(text: str, line: _Line, end: int) -> list[tuple[int, int]]:
    # As much behind the cut as may be in a span that begins before it and fits a chunk.
    horizon = min(line.end, end + (end - line.start))
    return [found.span() for found in _UNCUT.finditer(text, line.start, horizon)]


def _ends_sentence(text: str, place: int) -> bool:
    return text[max(0, place - 4) : place].rstrip("\"')]*_”’")[-1:] in (*".!?…。！？",)
