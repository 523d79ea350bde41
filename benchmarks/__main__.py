"""Runs every benchmark and prints one table, then the same as JSON lines. Exit code 1 if a bound is broken.

With names as arguments only those modules run: `python -m benchmarks store`.
"""

import platform
import sqlite3
import sys

from rich.console import Console
from rich.table import Table

from benchmarks import access, box, flood, floor, leaks, recovery, rendering, rooms, store, streaming, turns
from benchmarks.figures import Figure

BENCHMARKS = {
    "floor": floor.run,
    "box": box.run,
    "store": store.run,
    "rooms": rooms.run,
    "recovery": recovery.run,
    "turns": turns.run,
    "flood": flood.run,
    "leaks": leaks.run,
    "access": access.run,
    "rendering": rendering.run,
    "streaming": streaming.run,
}
"""Written by hand: one line for each module, in the order in which they run."""


def main(names: list[str]) -> int:
    figures = [figure for name in names or BENCHMARKS for figure in BENCHMARKS[name]()]
    Console().print(_table(figures))
    for figure in figures:
        print(figure.json_line())
    return int(any(figure.is_kept is False for figure in figures))


def _table(figures: list[Figure]) -> Table:
    machine = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {platform.machine()}"
    table = Table("name", title=f"Roomkey on {machine}")
    for heading in ("figure", "floor", "ratio", "bound"):
        table.add_column(heading, justify="right")
    for figure in figures:
        sign = "≥" if figure.more_is_better else "≤"
        table.add_row(
            figure.name,
            f"{_short(figure.value)} {figure.unit}",
            _short(figure.floor),
            _short(figure.ratio),
            "" if figure.bound is None else f"{sign} {figure.bound:g}",
            style="red" if figure.is_kept is False else None,
        )
    return table


def _short(number: float | None) -> str:
    if number is None:
        return ""
    return f"{number:,.0f}" if number >= 100 else f"{number:.2f}"


sys.exit(main(sys.argv[1:]))
