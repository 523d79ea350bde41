"""What a thread of ours is called: a few words of the first prompt in it. Pure."""

import re
from typing import Final

from bot.measure import last_cut, reach, units
from sessions.foreign_text import one_line

TITLE_CHARS: Final = 60
"""How long a title is at most, in UTF-16 units; Discord takes 100."""
UNTITLED: Final = "New thread"
"""What a thread is called whose first prompt has no words."""

_LOOK_CHARS: Final = 1000
_ADDRESSES: Final = re.compile(r"<(?:@[!&]?|#|a?:\w+:|/[^:>]+:|t:)-?[0-9]+(?::\w)?>")
"""Mentions of people, roles and channels, own emoji, commands, times: what a chat writes for them."""
_LINKS: Final = re.compile(r"https?://(?:www\.)?([^\s/]+)\S*", re.IGNORECASE)
_MARKS: Final = re.compile(r"[*_~`|>#]+|^\s*[-+]\s+", re.MULTILINE)


def title_of(text: str) -> str:
    """Return a title made of the first line of a text that has words; "" if none has."""
    text = _LINKS.sub(r"\1", _ADDRESSES.sub(" ", text[:_LOOK_CHARS]))
    for line in text.splitlines():
        words = one_line(_MARKS.sub(" ", line), _LOOK_CHARS)
        if any(char.isalnum() for char in words):
            return _short(words)
    return ""


def _short(words: str) -> str:
    if units(words) <= TITLE_CHARS:
        return words.rstrip(" .,:;")
    end = reach(words, 0, TITLE_CHARS - 1)
    whole = words.rfind(" ", TITLE_CHARS // 2, end + 1)
    end = whole if whole > 0 else last_cut(words, 0, end)
    return words[:end].rstrip(" .,:;") + "…"
