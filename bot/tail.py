"""Where the end of a growing text begins that is shown, and which fence is open there. Pure."""

from dataclasses import dataclass
from typing import Final

from bot.fences import Fence, after_line
from bot.measure import last_cut

SHOWN_CHARS: Final = 1800
"""As much of a text is shown at most; of a longer one at least half of it."""

_NEAR_CHARS: Final = 600
_LONGEST_LINE: Final = 200


@dataclass(frozen=True, slots=True)
class Tail:
    """The end of a text that grows: it begins at `start`, where `fence` is open.

    It moves seldom, and by half of what is shown, so that most of the time a message only grows. Each
    line is looked at once: what it costs to follow a text grows with the text alone.
    """

    start: int = 0
    fence: Fence | None = None

    def is_enough(self, chars: int) -> bool:
        """Whether all of a text of so many characters can still be shown, which `moved` leaves alone then."""
        return 0 <= chars - self.start <= SHOWN_CHARS

    def moved(self, text: str) -> "Tail":
        """Return the tail of a text that has grown; itself if all of it can still be shown."""
        if self.is_enough(len(text)):
            return self
        if self.start > len(text):
            return Tail().moved(text)
        least = len(text) - SHOWN_CHARS // 2
        at, fence, line_start = self.start, self.fence, 0
        while at < least:
            found = text.find("\n", at)
            if found < 0 or found > least + _NEAR_CHARS:
                return Tail(last_cut(text, at, max(at + 1, least)), fence)
            # No fence is longer, so no more of a line has to be looked at.
            fence, line_start = after_line(fence, text[at : min(found, at + _LONGEST_LINE)]), at
            at = found + 1
        return self._at_gap(text, at, fence) if text[line_start:at].strip() else Tail(at, fence)

    def _at_gap(self, text: str, at: int, fence: Fence | None) -> "Tail":
        """Return the tail from the next paragraph on if one begins near `at`, else from `at` on."""
        gap = -1 if fence is not None else text.find("\n\n", at, at + _NEAR_CHARS)
        if gap < 0 or any(after_line(None, line) is not None for line in text[at:gap].split("\n")):
            return Tail(at, fence)
        return Tail(gap + 2, None)
