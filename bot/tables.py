"""Tables in Markdown -> what a chat shows: columns in a code block, or lines of names and values. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from rich.cells import cell_len, set_cell_size

MOST_COLUMNS: Final = 60
"""Columns of the screen, not of the table: what a phone shows of a code block without breaking its lines."""

HEAD_RULE: Final = re.compile(r"─[─┼]*")
"""The line below the head of a table that was drawn in a code block."""

_MOST_CELLS: Final = 30
_CELL_END: Final = re.compile(r"(?<!\\)\|")
_RULE_CELL: Final = re.compile(r":?-+:?")
_RULE: Final = re.compile(r"[\s|:\-]+")
_SIGNS: Final = re.compile(r"(?P<mark>\*\*|__|~~|`+)(?=\S)(?P<inner>[^\n]{1,200}?)(?<=\S)(?P=mark)")
_BREAK: Final = re.compile(r"<br\s*/?>")
_LINK: Final = re.compile(r"\[[^\[\]]*\]\(|https?://")

Side = Literal["left", "right", "middle"]


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it was written: the names above its columns, their sides, and its rows."""

    names: tuple[str, ...]
    sides: tuple[Side, ...]
    rows: tuple[tuple[str, ...], ...] = ()

    def with_row(self, line: str) -> "Table":
        """Return the table with one more row; missing cells are empty, further ones are dropped."""
        return self.with_rows([line])

    def with_rows(self, lines: Iterable[str]) -> "Table":
        """Return the table with more rows, as for one."""
        return Table(self.names, self.sides, (*self.rows, *map(self._row, lines)))

    def _row(self, line: str) -> tuple[str, ...]:
        row = _cells(line)[: len(self.names)]
        return (*row, *[""] * (len(self.names) - len(row)))


def may_be_head(line: str) -> bool:
    """Whether a line may be the head of a table. It begins with a bar: else it might be prose for long."""
    return line.lstrip().startswith("|") and may_be_row(line)


def may_be_row(line: str) -> bool:
    """Whether a line may be a row of the table before it."""
    return _CELL_END.search(line) is not None and bool(line.strip(" \t|"))


def begun(head: str, rule: str) -> Table | None:
    """Return the table that these two lines begin; None if they do not, or it has too many columns."""
    if _RULE.fullmatch(rule) is None or "-" not in rule:
        return None
    names, marks = _cells(head), _cells(rule)
    if len(names) != len(marks) or len(names) > _MOST_CELLS:
        return None
    if any(_RULE_CELL.fullmatch(mark) is None for mark in marks):
        return None
    return Table(names, tuple(_side(mark) for mark in marks))


def drawn(table: Table) -> list[str]:
    """Return the lines that show a table: a code block if it is narrow enough and holds no link."""
    whole = (table.names, *table.rows)
    if not any(_LINK.search(cell) for row in whole for cell in row):
        cells = [[plain_cell(cell) for cell in row] for row in whole]
        widths = [max(1, *(cell_len(row[at]) for row in cells)) for at in range(len(table.names))]
        if sum(widths) + 3 * (len(widths) - 1) <= MOST_COLUMNS:
            return ["```", *_aligned(cells, widths, table.sides), "```"]
    return list(_listed(table))


def plain_cell(cell: str) -> str:
    """Return a cell as it is shown in a code block or a file, where Markdown would show its signs."""
    text = _SIGNS.sub(lambda found: found["inner"], _BREAK.sub(" ", cell))
    return " ".join(text.replace("```", "'''").split())


def _aligned(cells: Sequence[Sequence[str]], widths: Sequence[int], sides: Sequence[Side]) -> Iterator[str]:
    head, *rows = (" │ ".join(map(_padded, row, widths, sides)).rstrip() or " " for row in cells)
    yield head
    yield "─┼─".join("─" * width for width in widths)
    yield from rows


def _listed(table: Table) -> Iterator[str]:
    """Yield one block of lines for each row: what a cell says, behind the name of its column."""
    names = [_shortened(plain_cell(name)).replace("*", "") for name in table.names]
    for row in table.rows or (("",) * len(names),):
        yield from (
            f"**{name}:** {cell}".rstrip() if name else cell
            for name, cell in zip(names, row, strict=True)
            if cell or not table.rows
        )
        yield ""


def _cells(line: str) -> tuple[str, ...]:
    inner = line.strip()
    inner = inner.removeprefix("|")
    if _CELL_END.search(inner[-2:]) and inner.endswith("|"):
        inner = inner[:-1]
    if "\\" not in inner:
        return tuple(map(str.strip, inner.split("|")))
    return tuple(cell.strip().replace("\\|", "|") for cell in _CELL_END.split(inner))


def _side(mark: str) -> Side:
    if mark.endswith(":"):
        return "middle" if mark.startswith(":") else "right"
    return "left"


def _padded(cell: str, width: int, side: Side) -> str:
    free = width - cell_len(cell)
    before = {"left": 0, "right": free, "middle": free // 2}[side]
    return " " * before + cell + " " * (free - before)


def _shortened(name: str) -> str:
    return name if cell_len(name) <= MOST_COLUMNS else f"{set_cell_size(name, MOST_COLUMNS - 1)}…"
