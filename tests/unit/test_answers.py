"""The last word about a turn."""

from bot.answers import last_word
from sessions.turn import Outcome


def test_the_answer_is_the_answer() -> None:
    assert last_word(Outcome(status="ok", text="42")) == "42"


def test_an_answer_without_words_still_says_so() -> None:
    assert last_word(Outcome(status="ok", text=" \n")) == "Done, nothing to add."


def test_a_notice_comes_first() -> None:
    assert last_word(Outcome(status="ok", text="42", notice="Memory was lost.")) == "Memory was lost.\n\n42"


def test_a_failure_keeps_what_was_written_marked_and_says_why() -> None:
    text = last_word(Outcome(status="failed", text="The model is overloaded.", partial="So far"))
    assert text == "-# Not finished:\nSo far\n\n**The model is overloaded.**"


def test_a_failure_without_words_is_its_cause_alone() -> None:
    assert last_word(Outcome(status="failed", text="It broke.")) == "It broke."
    assert last_word(Outcome(status="failed")) == "The agent failed and gave no reason."


def test_a_stopped_turn_closes_the_code_it_was_writing() -> None:
    text = last_word(Outcome(status="stopped", partial="```py\nx = 1"))
    assert text == "-# Not finished:\n```py\nx = 1\n```\n\n**Stopped.**"


def test_an_interrupted_turn_says_what_to_do() -> None:
    assert "Ask me to go on" in last_word(Outcome(status="interrupted"))
