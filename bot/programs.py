"""Programs of the system that the command line calls, such as systemctl; each with a time limit."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NoReturn

from sessions.errors import UserError

_LIMIT_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Done:
    """How a program ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def is_good(self) -> bool:
        """Whether it did what it was asked."""
        return self.code == 0


def run_program(*words: str, limit_s: float = _LIMIT_S) -> Done:
    """Run a program of the search path to its end and return what it said. Blocks.

    Raises:
        UserError: it is not installed, or takes longer than `limit_s`; it is killed then.
    """
    try:
        done = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=limit_s,
            check=False,
        )
    except FileNotFoundError as error:
        raise UserError(f"{words[0]} is not installed on this machine.") from error
    except OSError as error:
        raise UserError(f"{words[0]} cannot be started: {error.strerror}.") from error
    except subprocess.TimeoutExpired as error:
        raise UserError(f"{words[0]} did not answer within {limit_s:.0f} s.") from error
    return Done(done.returncode, done.stdout.strip(), done.stderr.strip())


def become(words: Sequence[str]) -> NoReturn:
    """Let another program take this process's place, terminal and all.

    Raises:
        UserError: it is not installed.
    """
    sys.stdout.flush()
    try:
        os.execvp(words[0], list(words))  # noqa: S606 -- no shell is the point
    except OSError as error:
        raise UserError(f"{words[0]} cannot be started: {error.strerror}.") from error
