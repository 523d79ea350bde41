"""Text that others wrote, made fit to be read: without what nobody sees, or as one line. Pure."""

import json
import re
from typing import Final

# Control characters but tab and line break, marks that turn the direction of text around, invisible
# letters (also the "tags", which spell ASCII unseen), lone surrogates. A flag of a region ("tags" behind
# a black flag, ended by one of their own) is an emoji like any other and stays.
_UNSEEN: Final = re.compile(
    "(\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f)"
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
# One joiner or selector belongs to the sign before it, as in 👩‍🚀 and in Persian; a row of them is a message.
_HEAPED: Final = re.compile(
    "(?<=[\u200c\u200d])[\u200c\u200d]+|(?<=[\ufe00-\ufe0f\U000e0100-\U000e01ef])[\ufe00-\ufe0f\U000e0100-\U000e01ef]+"
)
_BREAKS: Final = ("\r\n", "\r", "\u2028", "\u2029")


def clean(text: str) -> str:
    """Return `text` without characters that nobody sees and line breaks of other systems.

    Emoji and the writing of every language stay as they are. Cleaning twice changes nothing more.
    """
    for line_break in _BREAKS:
        text = text.replace(line_break, "\n")
    return _HEAPED.sub("", _UNSEEN.sub(lambda found: found[1] or "", text))


def one_line(text: str, chars: int) -> str:
    """Return `text`, clean, as one line of at most so many characters."""
    return " ".join(clean(text).split())[:chars]


def named(text: str, chars: int) -> str:
    """Return a foreign name as JSON text, quotes and all: where it ends is where the quote is.

    Only the name is cut to `chars`; an empty one is `"somebody"`.
    """
    return json.dumps(one_line(text, chars) or "somebody", ensure_ascii=False)
