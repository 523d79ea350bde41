"""What a turn changed in files, shown under its answer: as code blocks if it is little, else as one file."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.measure import units
from bot.tool_lines import fenced
from sessions.errors import UserError
from sessions.spool import Spool
from sessions.store.values import Piece

log = logging.getLogger(__name__)

_INLINE_UNITS: Final = 1500
_NAME: Final = "changes.diff"


@dataclass(frozen=True, slots=True)
class Changes:
    """How many files were changed, and how many lines in them were added and removed."""

    files: int
    added: int
    removed: int

    def __str__(self) -> str:
        files = "1 file" if self.files == 1 else f"{self.files} files"
        return f"{files} changed, +{self.added} −{self.removed}"


def counted(diffs: Sequence[str]) -> Changes:
    """Return the figures of some unified diffs, each with its two lines of names first."""
    lines = [line for diff in diffs for line in diff.split("\n")[2:]]
    names = {diff.split("\n", 2)[1:2][0] for diff in diffs if "\n" in diff}
    added = sum(line.startswith("+") for line in lines)
    return Changes(len(names), added, sum(line.startswith("-") for line in lines))


async def changes_piece(
    diffs: Sequence[str], channel_id: str, limit: int, spool: Spool | None
) -> Piece | None:
    """Return the message that shows what was changed; None for nothing.

    What can be neither shown whole nor kept as a file is shown as far as it fits.
    """
    if not diffs:
        return None
    head = f"-# {counted(diffs)}"
    blocks = [fenced(diff, "diff", _INLINE_UNITS) for diff in diffs]
    inline = "\n".join([head, *blocks])
    is_whole = all(units(diff) < _INLINE_UNITS - 60 for diff in diffs)
    if is_whole and units(inline) <= min(limit, _INLINE_UNITS):
        return Piece(channel_id=channel_id, body=inline)
    if spool is not None:
        try:
            file = await spool.add(_NAME, "\n".join([*diffs, ""]).encode("utf-8", "replace"))
        except (UserError, OSError) as error:
            log.warning("what was changed cannot be kept as a file", extra={"reason": str(error)})
        else:
            return Piece(channel_id=channel_id, body=head, files=(file,))
    shown = fenced(diffs[-1], "diff", min(limit, _INLINE_UNITS) - units(head) - 1)
    return Piece(channel_id=channel_id, body=f"{head}\n{shown}".rstrip("\n"))
