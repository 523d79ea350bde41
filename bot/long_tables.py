"""Tables that no message can hold -> their first rows, and CSV files that spreadsheets open safely. Pure."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import Final

from bot.components import FileOut
from bot.fences import after_line
from bot.markdown_blocks import BLOCK_START
from bot.measure import units
from bot.tables import Table, begun, drawn, may_be_head, may_be_row, plain_cell

_SHOWN_ROWS: Final = (10, 5, 3, 1)
_DRAWN_ROWS: Final = 200
"""A table of more rows is not measured: it fits no message."""
_MOST_BYTES: Final = 8_000_000
_FORMULA: Final = re.compile(r"[=+\-@\t\r＝＋－＠]")
_INNER: Final = re.compile(r"(?<=;)(?=[=+\-@＝＋－＠])")
"""Where a formula begins for a spreadsheet that ends cells at semicolons, as in many a country."""
_NUMBER: Final = re.compile(r"[+\-]?[\d.,'\u00a0\u202f ]*\d(?:[eE][+\-]?\d+)?\s?[%°]?|-+")
_LINK: Final = re.compile(r"!?\[([^\[\]]*)\]\(<?([^()\s<>]+)>?\)")


def without_long_tables(text: str, limit: int, most: int) -> tuple[str, tuple[FileOut, ...]]:
    """Return a text whose tables fit `limit` UTF-16 units each when drawn, and `most` others as files.

    The first rows of these stay, above a small line that names the file.
    """
    if units(text) <= limit or not most:
        return text, ()
    lines, out, files = text.split("\n"), list[str](), list[FileOut]()
    fence, at = None, 0
    while at < len(lines):
        table, end = (None, at) if fence is not None else _table_at(lines, at)
        if table is None:
            fence = after_line(fence, lines[at])
            out.append(lines[at])
            at += 1
            continue
        kept, file = lines[at:end], None
        if len(files) < most and _is_long(table, limit):
            file = _file(table, f"table-{len(files) + 1}.csv")
        if file is not None:
            files.append(file)
            rows = len(table.rows)
            named = f"-# The table, {rows:,} {'row' if rows == 1 else 'rows'}, is in the file {file.name}."
            kept = [*_first(kept, table, limit // 2), "", named]
        out += kept
        at = end
    return "\n".join(out), tuple(files)


def as_csv(table: Table) -> str:
    """Return a table as CSV: cells as they read without Markdown, and none that a spreadsheet would compute.

    What begins as a formula does, and is no number, gets an apostrophe before it, as OWASP advises: such
    programs then take it for text.
    """
    out = io.StringIO()
    csv.writer(out).writerows([_safe(cell) for cell in row] for row in (table.names, *table.rows))
    return out.getvalue()


def _table_at(lines: Sequence[str], at: int) -> tuple[Table | None, int]:
    """Return the table that begins in a line, and where it ends; None if there is none."""
    head = lines[at]
    if at + 1 >= len(lines) or not may_be_head(head) or BLOCK_START.match(head) is not None:
        return None, at
    table = begun(head, lines[at + 1])
    if table is None:
        return None, at
    end = at + 2
    while end < len(lines) and may_be_row(lines[end]) and BLOCK_START.match(lines[end]) is None:
        end += 1
    return table.with_rows(lines[at + 2 : end]), end


def _is_long(table: Table, limit: int) -> bool:
    return len(table.rows) > _DRAWN_ROWS or units("\n".join(drawn(table))) > limit


def _first(lines: Sequence[str], table: Table, room: int) -> Iterator[str]:
    """Yield the lines of a table's head and first rows, as many as fit; nothing if not one does."""
    for count in _SHOWN_ROWS:
        if units("\n".join(drawn(Table(table.names, table.sides, table.rows[:count])))) <= room:
            yield from lines[: 2 + count]
            return


def _file(table: Table, name: str) -> FileOut | None:
    content = as_csv(table).encode(
        "utf-8-sig", "replace"
    )  # without the mark, Excel takes it for another code
    return FileOut(name, content) if len(content) <= _MOST_BYTES else None


def _safe(cell: str) -> str:
    if cell.isalnum():  # most are, and there may be many
        return cell
    text = _INNER.sub("'", plain_cell(_LINK.sub(r"\1 (\2)", cell)))
    is_formula = _FORMULA.match(text) is not None and _NUMBER.fullmatch(text) is None
    return f"'{text}" if is_formula else text
