"""Changes single settings in the text of a roomkey.toml; comments and all other lines stay. Pure."""

import json
import re
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, cast

from bot.settings import Settings
from bot.settings_file import Table, parse_file
from bot.settings_names import snake_case
from sessions.errors import UserError

Name = tuple[str, ...]
"""A setting's path, such as `("discord", "owners")`; at most one table deep."""

Values = Mapping[Name, str | list[str]]

_HEADER: Final = re.compile(r"\s*\[([^\[\]]+)\]\s*(#.*)?")
_ASSIGNMENT: Final = re.compile(r"\s*([A-Za-z0-9_\"'-]+)\s*=")
_FRESH: Final = """\
# Roomkey's settings, written by `roomkey setup`; yours to change. All there are: README.md, "Settings".

[discord]
"""


class NotEditable(UserError):
    """That file is written in a way that is not changed by machine."""


def fresh_text(values: Values) -> str:
    """Return the text of a new settings file."""
    return with_values(_FRESH, values, Path("roomkey.toml"))


def differing(text: str, values: Values, file: Path) -> Values:
    """Return those of the values that the text does not have already."""
    there = parse_file(file, text, Settings).values
    return {name: value for name, value in values.items() if not _same(_value_of(there, name), value)}


def with_values(text: str, values: Values, file: Path) -> str:
    """Return the text with these values set; `file` is for the sentence of an error.

    Raises:
        NotEditable: it could not be done without touching anything else; the text says what to write.
    """
    changed = text
    for name, value in values.items():
        changed = _with_value(changed, name, f"{name[-1]} = {json.dumps(value, ensure_ascii=False)}")
    before, after = parse_file(file, text, Settings), parse_file(file, changed, Settings)
    expected = before.values
    for name, value in values.items():
        expected = _set(expected, name, value)
    if after.problems != before.problems or after.values != expected:
        lines = "; ".join(f"{'.'.join(name)} = {json.dumps(value)}" for name, value in values.items())
        raise NotEditable(f"{file} was not changed, because it is written in another way. Set there: {lines}")
    return changed


def _with_value(text: str, name: Name, line: str) -> str:
    lines = text.splitlines()
    table: str | None = None
    header_at: int | None = None
    first_header = len(lines)
    for number, old in enumerate(lines):
        if header := _HEADER.fullmatch(old):
            table = snake_case(header[1].strip())
            first_header = min(first_header, number)
            if name[:-1] == (table,):
                header_at = number
        elif (
            (assignment := _ASSIGNMENT.match(old))
            and name[:-1] == (() if table is None else (table,))
            and snake_case(assignment[1].strip("\"'")) == name[-1]
        ):
            lines[number] = line + _comment(old)
            return _joined(lines)
    if len(name) == 1:
        lines[first_header:first_header] = [line, ""]
    elif header_at is not None:
        lines.insert(header_at + 1, line)
    else:
        lines += ["", f"[{name[0]}]", line]
    return _joined(lines)


def _comment(assignment: str) -> str:
    """Return the comment at the end of a line that assigns something, with its distance; "" without one."""
    for place, sign in enumerate(assignment):
        if sign == "#":
            with suppress(tomllib.TOMLDecodeError, RecursionError):  # this one is within a text
                tomllib.loads(assignment[:place])
                return assignment[len(assignment[:place].rstrip()) :]
    return ""


def _joined(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"


def _same(there: object, value: str | list[str]) -> bool:
    if isinstance(there, list):  # ids may be written as numbers
        there = [str(one) for one in cast("list[object]", there)]
    return there == value


def _value_of(there: Table, name: Name) -> object:
    table = there if len(name) == 1 else _table(there.get(name[0]))
    return table.get(name[-1])


def _set(there: Table, name: Name, value: object) -> Table:
    if len(name) == 1:
        return {**there, name[0]: value}
    return {**there, name[0]: _set(_table(there.get(name[0])), name[1:], value)}


def _table(raw: object) -> Table:
    return cast("Table", raw) if isinstance(raw, dict) else {}
