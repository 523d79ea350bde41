"""How long a text is for a chat, and between which characters it may be cut. Pure."""

import unicodedata
from typing import Final

_JOINER: Final = "\u200d"
_LONGEST_GRAPHEME: Final = 64
"""Characters that a cut looks back; a heap of accents longer than this is cut anyway."""


def units(text: str) -> int:
    """Return the length in UTF-16 units: never less than a chat counts, whichever way it counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def reach(text: str, start: int, room: int) -> int:
    """Return the largest end for which `text[start:end]` has at most `room` units."""
    end = min(len(text), start + max(0, room))
    while (over := units(text[start:end]) - room) > 0 and end > start:
        end -= (over + 1) // 2
    return end


def last_cut(text: str, start: int, end: int) -> int:
    """Return the last place in `start < place <= end` that splits no visible character.

    `end` itself if there is none near it: a cut always makes progress.
    """
    for place in range(end, max(start, end - _LONGEST_GRAPHEME), -1):
        if may_cut(text, place):
            return place
    return end


def may_cut(text: str, place: int) -> bool:
    """Whether a cut at `place`, which is behind the first character, splits no visible character."""
    if place >= len(text):
        return True
    before, after = text[place - 1], text[place]
    if before == "\n":
        return True
    if _JOINER in (before, after) or _extends(after) or (before, after) == ("\r", "\n"):
        return False
    if _is_flag_half(before) and _is_flag_half(after):
        return _flag_halves_before(text, place) % 2 == 0
    return not _is_jamo_pair(before, after)


def _extends(char: str) -> bool:
    # Marks (with variation selectors), skin tones, and the tags of regional flags.
    is_mark = unicodedata.category(char) in ("Mn", "Mc", "Me")
    return is_mark or "\U0001f3fb" <= char <= "\U0001f3ff" or "\U000e0020" <= char <= "\U000e007f"


def _is_flag_half(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _flag_halves_before(text: str, place: int) -> int:
    count = 0
    while count < min(place, _LONGEST_GRAPHEME) and _is_flag_half(text[place - 1 - count]):
        count += 1
    return count


def _is_jamo_pair(before: str, after: str) -> bool:
    # Korean written in parts: a vowel or final consonant belongs to what stands before it.
    return "\u1160" <= after <= "\u11ff" and (
        "\u1100" <= before <= "\u11ff" or "\uac00" <= before <= "\ud7a3"
    )
