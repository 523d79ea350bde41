"""Standard output and error that may be closed, full or read by nobody: that costs the words, not the bot."""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


@contextmanager
def expendable_output() -> Generator[None]:
    """Let the block write to standard output and error whatever became of them, and end as if it had.

    One that was closed before the start becomes the null device. So does one that takes no more by the
    end: else Python, which writes out the rest at its exit, would make 120 of any exit code.
    """
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except OSError:
                with _nowhere() as nowhere:
                    os.dup2(nowhere.fileno(), stream.fileno())


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")
