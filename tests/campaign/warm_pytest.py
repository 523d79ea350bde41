"""A pytest that has loaded the bot once and runs whatever it is told, each time as a fork of itself."""

import gc
import json
import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, Final

import hypothesis  # noqa: F401 # pyright: ignore[reportUnusedImport] - what every run would load
import pytest

import bot.app  # noqa: F401 # pyright: ignore[reportUnusedImport] - what every run would load
from tests.campaign import guard_removal

_OPTIONS: Final = (
    *("-q", "-x", "--tb=no", "-p", "no:cacheprovider"),
    *("-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning"),
)
_BROKEN: Final = 70
"""The exit code when pytest itself broke: none of pytest's own, least of all that of a test that failed."""


@dataclass(frozen=True, slots=True)
class WarmPytest:
    """Runs pytest, one run after the other, in a process of its own."""

    orders: IO[str]
    codes: IO[str]

    def run(self, *arguments: str) -> int:
        """Run pytest with these arguments and those of `guard_removal`; return its exit code. Blocks."""
        print(json.dumps(arguments), file=self.orders, flush=True)
        return int(self.codes.readline())


@contextmanager
def warm_pytest() -> Generator[WarmPytest]:
    """Start one; it ends with the context."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.campaign.warm_pytest"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield WarmPytest(process.stdin, process.stdout)
        finally:
            process.kill()


def _serve() -> None:
    gc.freeze()  # no run looks through what all of them share
    for line in sys.stdin:
        if child := os.fork():
            _, status = os.waitpid(child, 0)
            print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201 - the answer
        else:
            nothing = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(nothing, stream)
            code = _BROKEN
            with suppress(Exception):
                code = pytest.main([*_OPTIONS, *json.loads(line)], plugins=[guard_removal])
            sys.exit(code)


if __name__ == "__main__":
    _serve()
