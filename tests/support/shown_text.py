"""What must hold of any text that is cut and shown: its fences balance, and nothing but space is lost."""

import re

from bot.fences import after_line


def is_balanced(text: str) -> bool:
    """Whether every code fence that is opened is closed."""
    fence = None
    for line in text.split("\n"):
        fence = after_line(fence, line)
    return fence is None


def squeezed(text: str) -> str:
    """Return a text without its white space."""
    return re.sub(r"\s+", "", text)
