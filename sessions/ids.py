"""Numeric ids of rooms, people and roles as they are written in files and variables. Pure."""

import re
from typing import Final

_SHAPE: Final = re.compile(r"[0-9]{15,20}")
_SHOWN_CHARS: Final = 40


def numeric_id(raw: object) -> str:
    """Return an id as text of 15 to 20 digits; blanks around it do not count.

    An integer is as good as text: Python's are exact. A float is not: above 2**53 it has lost
    digits already.

    Raises:
        ValueError: anything else; the text shows the value and says what an id looks like.
    """
    text = str(raw) if isinstance(raw, int) and not isinstance(raw, bool) else raw
    if isinstance(text, str) and _SHAPE.fullmatch(text.strip()):
        return text.strip()
    raise ValueError(f"{_shown(raw)} is not an id; an id is 15 to 20 digits")


def _shown(raw: object) -> str:
    shown = repr(raw)
    return shown if len(shown) <= _SHOWN_CHARS else f"{shown[:_SHOWN_CHARS]}..."
