"""What a tool is to do, for the eyes of whoever allows it: whole, and with nothing in it that hides. Pure."""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import unified_diff
from typing import Final

_FENCES: Final = re.compile(r"`(?=``)")
_TOO_DEEP: Final = "(nested too deep to be shown)"
_DIFF_LINES: Final = 400
"""So many lines of an edit are compared; of more, all that goes and all that comes is listed."""
_CHANGES: Final = {"old_string": "-", "new_string": "+", "content": "+", "new_source": "+"}


@dataclass(frozen=True, slots=True)
class Detail:
    """A request in words. `is_whole` is False where something in it cannot be shown."""

    text: str
    language: str = ""
    is_whole: bool = True


def detail_of(arguments: Mapping[str, object]) -> Detail:
    """Return all that a tool was given, a change of a file as a diff."""
    lines: list[str] = []
    is_whole, is_diff = True, any(isinstance(arguments.get(name), str) for name in _CHANGES)
    rest = dict(arguments)
    old, new = rest.get("old_string"), rest.get("new_string")
    if isinstance(old, str) and isinstance(new, str):
        del rest["old_string"], rest["new_string"]
    else:
        old = new = ""
    for name, value in rest.items():
        if isinstance(value, str) and name in _CHANGES:
            lines += [f"{name}:", *(f"{_CHANGES[name]}{line}" for line in _lines(value))]
            continue
        text = value if isinstance(value, str) else _written(value)
        is_whole &= text is not None
        lines.append(f"{name}: {_TOO_DEEP if text is None else text}")
    if old or new:
        lines += _diff(old, new)
    return Detail(shown("\n".join(lines)), "diff" if is_diff else "", is_whole)


def shown(text: str) -> str:
    """Return `text` with a visible sign for each that nobody sees, or that turns its direction around."""
    return text.replace("\r\n", "\n").translate(_Seen())


def fenced(text: str, language: str = "") -> str:
    """Return `text` in a code block that nothing in it can end."""
    return f"```{language}\n{_FENCES.sub('`' + chr(0x200B), text)}\n```"


def _diff(old: str, new: str) -> Iterator[str]:
    before, after = _lines(old), _lines(new)
    if len(before) + len(after) > _DIFF_LINES or max(len(old), len(new)) > 20_000:
        yield from (f"-{line}" for line in before)
        yield from (f"+{line}" for line in after)
        return
    for at, line in enumerate(unified_diff(before, after, lineterm="", n=3)):
        if at > 1:  # the first two name files
            yield line


def _lines(text: str) -> list[str]:
    return text.split("\n")


def _written(value: object) -> str | None:
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (RecursionError, ValueError):  # a model may nest as deep as it likes
        return None


class _Seen(dict[int, int]):
    """Sign -> the sign that is shown for it: each is looked up once, for a request may be megabytes."""

    def __missing__(self, code: int) -> int:
        char = chr(code)
        is_seen = char in "\n\t" or unicodedata.category(char)[0] != "C"
        self[code] = code if is_seen else 0xFFFD
        return self[code]
