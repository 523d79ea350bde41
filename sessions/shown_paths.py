"""Paths as people in a chat may see them: the room's own are short, of others only the name. Pure."""

import re
from pathlib import Path
from typing import Final

_ABSOLUTE: Final = re.compile(r"(?<![\w.~/:%@+\\<-])(?:/[\w.@+%~=,-]+){2,}/?")
"""Two parts at least: `/help` and `s/a/b/` are none; nor is what follows a host's name or `://`."""

_KNOWN: Final = ("/dev/",)


def shown_paths(text: str, workdir: Path | None, *, keep_others: bool = False) -> str:
    """Return `text` with paths below `workdir` relative to it, and all others cut to their last part.

    `/room/work/src/a.py` becomes `src/a.py`, `/home/ann/secret/b.txt` becomes `…/b.txt`, or stays with
    `keep_others`: somebody decides by it.
    """
    if "/" not in text:
        return text
    base = "" if workdir is None else f"{workdir}"

    def shown(found: re.Match[str]) -> str:
        path = found[0]
        if base and (path == base or path == f"{base}/"):
            return "."
        if base and path.startswith(f"{base}/"):
            return path[len(base) + 1 :]
        if keep_others or path.startswith(_KNOWN):
            return path
        return f"…/{path.rstrip('/').rpartition('/')[2]}"

    return _ABSOLUTE.sub(shown, text)
