"""Programs of the system end in time, and what they said is told."""

import pytest

from bot.programs import run_program
from sessions.errors import UserError

pytestmark = pytest.mark.blocking


def test_what_a_program_says_is_told_with_its_exit_code() -> None:
    done = run_program("sh", "-c", "echo out; echo err >&2; exit 3")
    assert (done.code, done.out, done.err, done.is_good) == (3, "out", "err", False)
    assert run_program("true").is_good


def test_one_that_is_not_installed_is_a_sentence() -> None:
    with pytest.raises(UserError, match="no-such-program is not installed"):
        run_program("no-such-program")


def test_one_that_hangs_is_killed() -> None:
    with pytest.raises(UserError, match=r"did not answer within 1 s"):
        run_program("sleep", "600", limit_s=1.0)


def test_bytes_that_are_no_text_break_nothing() -> None:
    assert run_program("printf", r"\377").out == "\ufffd"
