"""A room's inbox: the files of ours that lie in it, and how the old ones go. Blocking."""

import re
from datetime import datetime
from pathlib import Path
from typing import Final

from sessions.beneath import list_beneath, remove_beneath
from sessions.paths import INBOX

_OURS: Final = re.compile(r"[0-9]{1,20}_[0-9]{1,2}(?:_[0-9]{1,2})?\.[a-z0-9]{1,5}")
"""Names that downloads get; what people and agents put there has others, and stays."""


def remove_old(workdir: Path, before: datetime) -> int:
    """Remove the files that people sent to a room before then; return how many. Raises OSError."""
    old = [
        one.name
        for one in list_beneath(workdir, INBOX)
        if one.is_file and one.changed_s < before.timestamp() and _OURS.fullmatch(one.name)
    ]
    for name in old:
        remove_beneath(workdir, INBOX, name)
    return len(old)
