"""What people are told when an agent's program ends in the middle of a turn."""

import pytest

from sessions.events import Exited, Problem
from sessions.exits import meaning


@pytest.mark.parametrize(
    ("code", "problem", "words"),
    [
        (0, "no_result", "without finishing"),
        (None, "no_result", "without finishing"),
        (1, "gone", "exit code 1"),
        (75, "gone", "exit code 75"),
        (-11, "gone", "crashed in the middle of this (SIGSEGV)"),
        (139, "gone", "crashed in the middle of this (SIGSEGV)"),
        (-9, "gone", "was killed"),
        (137, "gone", "memory"),
        (-15, "gone", "told from outside to end"),
        (143, "gone", "told from outside to end"),
        (-200, "gone", "(signal 200)"),
        (255, "gone", "exit code 255"),
    ],
)
def test_each_kind_of_end_has_a_sentence_of_its_own(code: int | None, problem: Problem, words: str) -> None:
    found, text = meaning(Exited(exit_code=code))
    assert found == problem
    assert words in text
    assert "ay it again" in text


def test_the_last_line_of_its_errors_is_shown_and_cut() -> None:
    _, text = meaning(Exited(exit_code=1, stderr_tail="first\n" + "x" * 5000 + "\n\n"))
    assert "first" not in text
    assert text.endswith("Its last words: " + "x" * 300)


def test_a_known_cause_is_all_that_is_said_of_it() -> None:
    problem, text = meaning(Exited(exit_code=-9, cause="It sang.", stderr_tail="la"))
    assert (problem, text) == ("gone", "It sang. Say it again to try with a new one.")
