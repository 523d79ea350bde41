"""Run as a script: swaps a directory and a file for links that lead outside, and back, until it is killed."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path


def swap(work: Path, outside: Path) -> None:
    """Let `inbox` and `given` be by turns what they should be, and links."""
    os.chdir(work)
    inbox, given, mine, link, trash = map(Path, ("inbox", "given", "mine", "link", "trash"))
    trash.mkdir()
    sys.stdout.write("swapping\n")
    sys.stdout.flush()
    for number in count():
        tried(partial(inbox.rename, trash / str(number)))
        tried(inbox.mkdir)
        tried(partial(inbox.rename, trash / f"{number}b"))
        tried(partial(inbox.symlink_to, outside))
        tried(partial(mine.write_text, "mine"))
        tried(partial(mine.rename, given))
        tried(partial(link.symlink_to, outside / "secret"))
        tried(partial(link.rename, given))


def tried(act: Callable[[], object]) -> None:
    """Do it, unless the other side was faster."""
    with suppress(OSError):
        act()


if __name__ == "__main__":
    swap(Path(sys.argv[1]), Path(sys.argv[2]))
