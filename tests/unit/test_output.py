"""Output that may be gone: the exit code is that of the work."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys
from bot.output import expendable_output
with expendable_output():
    for stream in (sys.stdout, sys.stderr):
        try:
            print("words", file=stream, flush=True)
        except OSError:
            pass
    sys.exit(3)
"""


@pytest.mark.parametrize(
    "line",
    [
        'exec "$@"',
        'exec "$@" >&-',
        'exec "$@" 2>&-',
        'exec "$@" >&- 2>&- <&-',
        'exec "$@" >/dev/full',
        'exec "$@" 2>/dev/full',
        'exec "$@" >/dev/full 2>&1',
    ],
)
def test_whatever_became_of_the_output_the_exit_code_is_that_of_the_work(line: str) -> None:
    shell = ("sh", "-c", line, "sh", sys.executable, "-c", PROGRAM)
    done = subprocess.run(shell, cwd=Path(__file__).parents[2], capture_output=True, check=False)
    assert done.returncode == 3, done.stderr.decode()


def test_what_is_read_is_written() -> None:
    run = (sys.executable, "-c", PROGRAM)
    done = subprocess.run(run, cwd=Path(__file__).parents[2], capture_output=True, check=False)
    assert (done.stdout, done.stderr) == (b"words\n", b"words\n")
