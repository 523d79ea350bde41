"""An agent's Markdown -> the lines that a chat shows: code as it is, tables drawn, prose mended. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from bot.fences import Fence, after_line
from bot.markdown_lines import Links, is_rule, shown_line, stable_end
from bot.measure import last_cut
from bot.tables import Table, begun, drawn, may_be_head, may_be_row

_LONGEST_LINE: Final = 4000
"""A line longer than this is taken in parts, so that no more of it has to be kept in mind."""
_MOST_ROWS: Final = 100
"""A table longer than this is drawn in parts, each with its head."""
BLOCK_START: Final = re.compile(r"\s*(?:#{1,6}\s|>|[-*+]\s|\d{1,9}[.)]\s)|\s*$")
"""A line that begins something else than a table or a paragraph."""
_MAY_BE_BLOCK: Final = re.compile(
    r"\s*(?:[#\-*_>+\s]*|\d{1,9}[.)]?\s*|(?:[-*+]|\d{1,9}[.)])\s+\[.?\]?|#{4,6}\s.*|\[[^\]]*\]:.*)"
    r"|(?:[ \t>]|[-*+][ \t]|\d{1,9}[.)][ \t])*(?:`{1,2}|`{3,}[^`]*|~.*)"
)
_MAY_BE_RULE: Final = re.compile(r"[\s|:\-]*")


@dataclass(frozen=True, slots=True)
class Blocks:
    """What is known between two lines: the open fence, what may become a table, and open inline code.

    `head` is a line that is a table's if the next one says so. `links` are those defined so far.
    `is_gap` says that the last line shown was blank, or that there was none.
    """

    fence: Fence | None = None
    head: str = ""
    table: Table | None = None
    ticks: int = 0
    links: Links = field(default_factory=Links)
    is_gap: bool = True


def chat_markdown(text: str) -> Iterator[str]:
    """Yield the lines that show a whole text. Reference links may be defined anywhere in it."""
    blocks = Blocks(links=_definitions(text))
    for line in text.split("\n"):
        blocks, shown = after(blocks, line)
        yield from shown
    yield from end(blocks)


def tail_markdown(text: str, fence: Fence | None = None, *, is_growing: bool) -> str:
    """Return what is shown of the end of a text, which `fence` is open before.

    While it grows, what may still change its looks is held back, such as a table without an end: what is
    shown of a text begins what is shown of a longer one. A table that grows is a small line until then.
    """
    *lines, last = text.split("\n")
    blocks, shown = Blocks(fence=fence), list[str]()
    for line in lines if is_growing else [*lines, last]:
        blocks, more = after(blocks, line)
        shown += more
    return "\n".join([*shown, *(_unfinished(blocks, last) if is_growing else end(blocks))])


def after(blocks: Blocks, line: str) -> tuple[Blocks, list[str]]:
    """Take one whole line, without its break; return what is known then, and what can be shown."""
    if len(line) <= _LONGEST_LINE:
        return _after(blocks, line)
    parts: list[str] = []
    shown: list[str] = []
    if blocks.head or blocks.table:
        blocks, shown = _closed(blocks)
    if blocks.fence is not None:
        return blocks, [*shown, line]
    at = 0
    while at < len(line):
        to = min(len(line), at + _LONGEST_LINE)
        space = line.rfind(" ", to - _LONGEST_LINE // 4, to) if to < len(line) else -1
        to = space + 1 if space > at else last_cut(line, at, to)
        part = shown_line(line[at:to], blocks.ticks, blocks.links)
        parts.append(part.text)
        blocks = replace(blocks, ticks=part.ticks, links=part.links, is_gap=False)
        at = to
    return blocks, [*shown, "".join(parts)]


def end(blocks: Blocks) -> list[str]:
    """Return what is still to be shown of a text that has no further line."""
    return _closed(blocks)[1]


def _after(blocks: Blocks, line: str) -> tuple[Blocks, list[str]]:
    if blocks.fence is not None:
        return replace(blocks, fence=after_line(blocks.fence, line), is_gap=False), [line]
    if blocks.table is not None and may_be_row(line) and BLOCK_START.match(line) is None:
        table = blocks.table
        is_full = len(table.rows) >= _MOST_ROWS
        following = Table(table.names, table.sides) if is_full else table
        return replace(blocks, table=following.with_row(line)), drawn(table) if is_full else []
    if blocks.head and (table := begun(blocks.head, line)) is not None:
        return replace(blocks, head="", table=table), []
    blocks, shown = _closed(blocks)
    blocks, more = _after_prose(blocks, line)
    return blocks, [*shown, *more]


def _closed(blocks: Blocks) -> tuple[Blocks, list[str]]:
    """Show what was kept back as it is now known to be: a line of prose, or a whole table."""
    if blocks.table is not None:
        shown = drawn(blocks.table)
        return replace(blocks, table=None, is_gap=not shown[-1]), shown
    if blocks.head:
        line, blocks = blocks.head, replace(blocks, head="")
        return _prose(blocks, line)
    return blocks, []


def _after_prose(blocks: Blocks, line: str) -> tuple[Blocks, list[str]]:
    if BLOCK_START.match(line) is not None:
        blocks = replace(blocks, ticks=0)
    fence = after_line(None, line)
    if fence is not None:
        return replace(blocks, fence=fence, ticks=0, is_gap=False), [line]
    if not blocks.ticks:
        if is_rule(line):
            return blocks, []
        links = blocks.links.with_definition(line)
        if links is not None:
            return replace(blocks, links=links), []
        if may_be_head(line) and BLOCK_START.match(line) is None:
            return replace(blocks, head=line), []
    return _prose(blocks, line)


def _prose(blocks: Blocks, line: str) -> tuple[Blocks, list[str]]:
    if not line.strip():
        return replace(blocks, ticks=0, is_gap=True), [] if blocks.is_gap else [line]
    shown = shown_line(line, blocks.ticks, blocks.links)
    return replace(blocks, ticks=shown.ticks, links=shown.links, is_gap=False), [shown.text]


def _unfinished(blocks: Blocks, line: str) -> list[str]:
    """Return what can be shown of a text that ends within a line: nothing that what follows could change."""
    if blocks.table is not None:
        rows = len(blocks.table.rows)
        return [f"-# a table, {rows} {'row' if rows == 1 else 'rows'} so far"]
    if blocks.fence is not None:
        return [line] if line.strip(" \t>`~") else []
    if blocks.head and _MAY_BE_RULE.fullmatch(line) is not None:
        return []
    blocks, shown = _closed(blocks)
    if line.lstrip().startswith("|") or _MAY_BE_BLOCK.fullmatch(line) is not None:
        return shown
    ticks = 0 if BLOCK_START.match(line) is not None else blocks.ticks
    begun = shown_line(line[: stable_end(line, ticks)], ticks, blocks.links).text.rstrip()
    return [*shown, begun] if begun else shown


def _definitions(text: str) -> Links:
    """Return the link definitions of a text that are used in it."""
    links, fence = Links(), None
    if "]:" in text:
        for line in text.split("\n"):
            before, fence = fence, after_line(fence, line)
            if before is None and fence is None:
                links = links.with_definition(line) or links
    return links.used_in(text)
