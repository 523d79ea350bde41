"""A long text -> parts that fit a message each, cut where it hurts least, fences kept whole. Pure."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import pairwise
from typing import Final

from bot.fences import LONGEST_CHARS, Fence, after_line
from bot.measure import last_cut, may_cut, reach, units
from bot.tables import HEAD_RULE

SMALLEST_LIMIT: Final = 400
"""Below this the repairs of a fence might leave no room for text."""

_HEADING: Final = re.compile(r"#{1,6}\s")
_ITEM: Final = re.compile(r"(?:[-*+]|\d{1,9}[.)])\s")
_GAP: Final = re.compile(r"\s*\n|\s*")
_BLANK_LINES: Final = re.compile(r"(?:[^\S\n]*\n)*")
_SEEN: Final = re.compile(r"\S")
_BLANKS: Final = re.compile(r"\s*")
_PLACE: Final = re.compile(r"\s+|(?<=[。！？、，])(?=\S)")
_UNCUT: Final = re.compile(
    r"(?<!`)(?P<ticks>`+)(?!`)[^\n]*?(?<!`)(?P=ticks)(?!`)"  # inline code
    r"|!?\[[^\[\]\n]*\]\((?:[^()\s]|\([^()\s]*\))*(?:[ \t]\"[^\"\n]*\")?\)"  # [text](link)
    r"|<[^<>\s]{1,100}>"  # mention, emoji, time stamp
    r"|https?://[^\s<>]+"
    r"|\|\|(?=[^\s|])(?:[^|\n]|\|(?!\|)|\n(?![ \t]*\n))+\|\|"  # spoiler, of several lines maybe
    r"|(?P<mark>\*\*|__|~~)(?=\S)[^\n]{1,300}?(?<=\S)(?P=mark)"  # bold, underlined, struck out
)
_TABLE_HEAD: Final = re.compile(rf"\n(?P<head>[^\n]{{1,100}}\n{HEAD_RULE.pattern})(?=\n)")
_SHORT_LEAD_CHARS: Final = 8
_LONGEST_HEAD_CHARS: Final = 200
"""A fence that stands deeper, or a longer head, is not repeated: that might not fit."""
_LOOK_CHARS: Final = 200
"""How much of the line behind a cut is looked at."""
_MOST_TRIES: Final = 20

_Span = tuple[int, int]


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
    """A line of the source, without its break, and the fence that is open before and after it.

    `is_head` says that it belongs to the head of a table drawn in a fence.
    """

    start: int
    end: int
    before: Fence | None
    after: Fence | None
    is_head: bool = False


def split(text: str, limit: int) -> Iterator[Chunk]:
    """Yield `text` in chunks of at most `limit` units; only white space at the cuts is left out.

    `limit` is at least `SMALLEST_LIMIT`. The fences of each chunk are balanced.
    """
    blank = _BLANK_LINES.match(text)
    start, fence = blank.end() if blank else 0, None
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
    place = rest.end() if rest else end
    # A space may carry an accent of its own.
    return place if place == end or may_cut(text, place) else place - 1


def _choose(text: str, start: int, room: int, fence: Fence | None) -> _Cut:
    full = reach(text, start, room)
    lines = list(_lines(text, start, full, fence))
    found = _line_cuts(text, start, room, lines)
    if found and found[-1].end == len(text):
        return found[-1]
    spans = _spans(text, lines, room)
    cuts = [cut for cut in found if cut.fence or not _is_within(cut.end, spans)]
    for rank in (_Rank.PARAGRAPH, _Rank.ITEM, _Rank.LINE, _Rank.CODE_LINE):
        least = start + _LEAST_FILLED[rank] * (full - start)
        good = [cut for cut in cuts if cut.rank is rank and cut.end >= least]
        if good:
            return good[-1]
    for line in reversed(lines):
        end = min(line.end, reach(text, start, room - units(_closing(line.before))))
        if end > line.start:
            inner = _inner_cut(text, start, line, end, spans)
            cut = inner or ([*found, *cuts] or [_hard_cut(text, start, line, end, spans)])[-1]
            return cut if line.start == start or not _is_fence(text, line, cut.end) else _before(line)
    raise AssertionError("a chunk has room for a character")


def _lines(text: str, start: int, full: int, fence: Fence | None) -> Iterator[_Line]:
    """Yield the lines that begin in `text[start:full]`; of one that does not end there only the beginning."""
    horizon = 2 * full - start + 1
    head_end = 0
    while start <= full:
        found = text.find("\n", start, horizon)
        end = min(len(text), horizon) if found < 0 else found
        after = after_line(fence, text[start:end])
        if fence is None and after is not None and (head := _table_head(text, end, after)):
            after, head_end = replace(after, head=head), end + 1 + len(head)
        yield _Line(start, end, fence, after, is_head=end <= head_end)
        start, fence = end + 1, after


def _table_head(text: str, end: int, fence: Fence) -> str:
    """Return the head of the table drawn in a fence whose first line ends at `end`; "" if it is none."""
    found = _TABLE_HEAD.match(text, end, end + _LONGEST_HEAD_CHARS)
    return found["head"] if found and not fence.info and len(fence.lead) <= _SHORT_LEAD_CHARS else ""


def _line_cuts(text: str, start: int, room: int, lines: list[_Line]) -> list[_Cut]:
    """Return the cuts after whole lines that leave room for closing what is open there."""
    ends: dict[str, int] = {}
    cuts: list[_Cut] = []
    for line in lines:
        cut = None if line.is_head else _line_cut(text, line)
        if cut is not None:
            closing = _closing(cut.fence)
            if closing not in ends:
                ends[closing] = reach(text, start, room - units(closing))
            if cut.end <= ends[closing] and (cut.end > start or cut.fence):
                cuts.append(cut)
    return cuts


def _line_cut(text: str, line: _Line) -> _Cut | None:
    """Return the cut after a line; None where one side would be left with an empty fence."""
    if line.end >= len(text):
        return _Cut(line.end, _Rank.PARAGRAPH, line.after)
    found = text.find("\n", line.end + 1, line.end + _LOOK_CHARS)
    following = text[line.end + 1 : line.end + _LOOK_CHARS if found < 0 else found]
    following_after = after_line(line.after, following)
    if line.after is not None:
        is_edge = line.before is None or following_after is None
        return None if is_edge else _Cut(line.end, _Rank.CODE_LINE, line.after)
    if following_after is not None or not following.strip() or _HEADING.match(following):
        return _Cut(line.end, _Rank.PARAGRAPH, None)
    return _Cut(line.end, _Rank.ITEM if _ITEM.match(following) else _Rank.LINE, None)


def _inner_cut(text: str, start: int, line: _Line, end: int, spans: list[_Span]) -> _Cut | None:
    """Return the best cut before `end` within a line: after a sentence, else between words."""
    if line.before is not None:
        space = max(text.rfind(" ", line.start, end), text.rfind("\t", line.start, end))
        is_cut = bool(text[start : space + 1].strip()) and may_cut(text, space + 1)
        is_cut = is_cut and not _is_fence(text, line, space + 1)
        return _Cut(space + 1, _Rank.WORD, line.before) if is_cut else None
    first_word = _BLANKS.match(text, line.start, end)
    begin = first_word.end() if first_word else line.start
    places = [
        found.start()
        for found in _PLACE.finditer(text, begin, end + 1)
        if begin < found.start() <= end
        and may_cut(text, found.start())
        and may_cut(text, found.end())
        and not _is_within(found.start(), spans)
        and not _is_fence(text, line, found.start())
    ]
    least = start + _LEAST_FILLED[_Rank.SENTENCE] * (end - start)
    sentences = [place for place in places if place >= least and _ends_sentence(text, place)]
    best = sentences or places
    return _Cut(best[-1], _Rank.WORD, None) if best else None


def _is_fence(text: str, line: _Line, end: int) -> bool:
    """Whether a line that is none would look like one that opens or closes a fence if it ended at `end`."""
    if _SEEN.search(text, line.start + LONGEST_CHARS, max(end, line.start)):
        return False
    return after_line(line.before, text[line.start : end].rstrip()) is not line.before


def _before(line: _Line) -> _Cut:
    return _Cut(line.start - 1, _Rank.LINE, line.before)


def _hard_cut(text: str, start: int, line: _Line, end: int, spans: list[_Span]) -> _Cut:
    """Return a cut within a word: before a link or code that would fit the next chunk, if there is one."""
    if line.before is None:
        for first, last in spans:
            if start < first < end < last and text[start:first].strip():
                return _Cut(first, _Rank.WORD, None)
    return _Cut(last_cut(text, line.start, end), _Rank.WORD, line.before)


def _spans(text: str, lines: list[_Line], room: int) -> list[_Span]:
    """Return what is not to be cut in the prose of these lines, such as links, as far as it fits a chunk."""
    spans: list[_Span] = []
    prose = [line for line in lines if line.before is None and line.after is None]
    begin = prose[0].start if prose else 0
    for line, following in pairwise([*prose, None]):
        assert line is not None
        if following is None:  # as much behind as may be in what begins before the end
            spans += _spans_in(text, begin, line.end + room, room)
        elif following.start != line.end + 1:  # a fence lies between them
            spans += _spans_in(text, begin, line.end, room)
            begin = following.start
    return spans


def _spans_in(text: str, start: int, end: int, room: int) -> Iterator[_Span]:
    tries = _MOST_TRIES
    while (found := _UNCUT.search(text, start, end)) is not None:
        start = found.end()
        if found.end() - found.start() <= room:
            yield found.span()
        elif tries:  # nothing keeps that whole, but there may be something in it
            start, tries = found.start() + 2, tries - 1


def _is_within(place: int, spans: list[_Span]) -> bool:
    at = bisect_left(spans, (place,)) - 1  # they do not overlap and are in order
    return at >= 0 and place < spans[at][1]


def _ends_sentence(text: str, place: int) -> bool:
    return text[max(0, place - 4) : place].rstrip("\"')]*_”’")[-1:] in (*".!?…。！？",)
