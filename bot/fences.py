"""Code fences in Markdown: where one is open, and what closes and reopens it. Pure."""

import re
from dataclasses import dataclass
from typing import Final

_FENCE: Final = re.compile(
    # List markers and quote signs may stand before a fence; backticks may not be in its language.
    r"(?P<lead>(?:[ \t>]|[-*+][ \t]|\d{1,9}[.)][ \t])*)(?P<marker>`{3,}|~{3,})(?P<info>[^`\n]*)"
)
LONGEST_CHARS: Final = 80
"""A fence line longer than this is no fence worth repairing: the repair would not fit."""


@dataclass(frozen=True, slots=True)
class Fence:
    """An open code fence: what stood before it on its line, its marker and its language.

    `head` is the first lines of a table that was drawn in it: each part of the table begins with them.
    """

    lead: str
    marker: str
    info: str
    head: str = ""

    @property
    def opening(self) -> str:
        """What opens it again: same marker and language, list markers as spaces, a table's head."""
        return "\n".join([f"{self._indent}{self.marker}{self.info}", *([self.head] if self.head else [])])

    @property
    def closing(self) -> str:
        """The line that closes it."""
        return f"{self._indent}{self.marker}"

    @property
    def _indent(self) -> str:
        return re.sub(r"[^ \t>]", " ", self.lead)


def after_line(fence: Fence | None, line: str) -> Fence | None:
    """Return the fence that is open after `line` (which has no line break)."""
    if len(line) > LONGEST_CHARS:
        return fence
    found = _FENCE.fullmatch(line)
    if found is None:
        return fence
    lead, marker, info = found["lead"], found["marker"], found["info"].rstrip()
    if fence is None:
        return Fence(lead, marker, info)
    closes = marker[0] == fence.marker[0] and len(marker) >= len(fence.marker) and not info
    return None if closes and not lead.strip(" \t>") else fence
