"""The last words about a turn."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Literal

import pytest

from bot.answers import folded, last_words
from bot.render import rendered
from sessions.store.values import Prompt, Turn
from sessions.turn import Outcome
from tests.support.store_values import running_turn

TURN = running_turn("fake", prompt=Prompt(text="fix the\ntests"))
CUT = Outcome(status="interrupted", last_tool="edit src/a.py", tools=7, took_s=180)


def said(turn: Turn = TURN, *, has_buttons: bool = True, **outcome: Any) -> str:
    [words] = last_words(turn, Outcome(**outcome), has_buttons=has_buttons)
    return words.text


def test_the_answer_is_the_answer() -> None:
    assert said(status="ok", text="42") == "42"


def test_an_answer_without_words_still_says_so() -> None:
    assert said(status="ok", text=" \n") == "Done, nothing to add."


def test_a_notice_comes_first() -> None:
    assert said(status="ok", text="42", notice="Memory was lost.") == "Memory was lost.\n\n42"


def test_a_failure_keeps_what_was_written_marked_and_says_why() -> None:
    text = said(status="failed", text="The model is overloaded.", partial="So far")
    assert text == "-# Not finished:\nSo far\n\n**The model is overloaded.**"


def test_a_turn_that_took_too_long_keeps_what_was_written() -> None:
    text = said(
        status="failed", text="The agent said nothing for 10 min.", problem="silence", partial="So far"
    )
    assert "So far" in text


def test_a_failure_without_words_is_its_cause_alone() -> None:
    assert said(status="failed", text="It broke.") == "It broke."
    assert said(status="failed") == "The agent failed and gave no reason."


def test_a_stopped_turn_closes_the_code_it_was_writing() -> None:
    text = said(status="stopped", partial="```py\nx = 1")
    assert text == "-# Not finished:\n```py\nx = 1\n\n**Stopped.**"
    [shown] = rendered(last_words(TURN, Outcome(status="stopped", partial="```py\nx = 1"))[0], 2000)
    assert shown.text == "-# Not finished:\n```py\nx = 1\n```\n\n**Stopped.**"


def test_an_interrupted_turn_says_how_far_it_got_what_was_asked_and_why_it_ended() -> None:
    [card] = last_words(TURN, CUT)
    assert card.text.splitlines() == [
        "**Interrupted at `edit src/a.py` (tool 7, 3 min).** Roomkey was told to stop.",
        "> fix the tests",
        "Continue goes on from there, Retry starts over, Drop leaves it at that.",
    ]


def test_what_was_written_stays_when_the_card_changes() -> None:
    [kept, card] = last_words(replace(TURN, attempt=2), replace(CUT, partial="So far"))
    assert kept.text == "-# Started again after a restart.\n-# Not finished:\nSo far"
    assert card.text.startswith("**Interrupted")


def test_a_crash_is_called_one() -> None:
    assert "Roomkey ended without warning" in last_words(TURN, replace(CUT, cause="crash"))[0].text


@pytest.mark.parametrize(
    ("known", "text"),
    [
        ({}, "Interrupted."),
        ({"took_s": 61.0}, "Interrupted after 1 min 1 s."),
        ({"last_tool": "ls", "tools": 1}, "Interrupted at `ls` (tool 1)."),
        ({"last_tool": "echo `a`\nb", "tools": 1}, "Interrupted at `echo 'a' b` (tool 1)."),
    ],
)
def test_how_far_it_got_is_said_as_far_as_it_is_known(known: dict[str, Any], text: str) -> None:
    assert said(status="interrupted", **known).startswith(f"**{text}** ")


def test_foreign_words_on_the_card_show_themselves_and_are_short() -> None:
    turn = replace(TURN, prompt=Prompt(text="# *loud* @everyone " + "x" * 5000))
    [words] = last_words(turn, replace(CUT, last_tool="y" * 5000))
    assert "\\*loud\\* \\@everyone" in words.text
    assert len(words.text) < 600


def test_a_chat_without_buttons_is_told_in_words_what_to_do() -> None:
    assert said(has_buttons=False, status="interrupted").endswith("say it again to start over.")


@pytest.mark.parametrize(("decision", "words"), [("continue", "goes on by itself"), ("drop", "left at that")])
def test_what_the_room_is_set_to_is_said_and_not_asked(
    decision: Literal["continue", "drop"], words: str
) -> None:
    [said] = last_words(TURN, replace(CUT, decision=decision))
    assert words in said.text
    assert "Retry" not in said.text


@pytest.mark.parametrize(
    ("turn", "mark"),
    [
        (replace(TURN, attempt=2), "-# Started again after a restart."),
        (replace(TURN, attempt=2, resumption="continue"), "-# Continued after an interruption."),
        (replace(TURN, attempt=2, resumption="retry"), "-# Started again after an interruption."),
    ],
)
def test_a_further_start_is_marked_as_one(turn: Turn, mark: str) -> None:
    [words] = last_words(turn, Outcome(status="ok", text="42"))
    assert words.text == f"{mark}\n42"


def test_the_end_of_a_limit_is_told_in_the_reader_s_own_time() -> None:
    over = datetime(2030, 1, 1, tzinfo=UTC)
    text = said(status="failed", text="The limit is reached.", problem="rate_limit", resets_at=over)
    assert text == "The limit is reached. That is <t:1893456000:R>."


@pytest.mark.parametrize(
    ("live", "left"),
    [
        ("-# 4 s", ""),
        ("-# Started again after an interruption.\n-# Bash: ls · 4 s", ""),
        ("One.\n\nTwo\n-# 4 s · 2 waiting", "-# Not finished:\nOne.\n\nTwo"),
        ("-# Continued after an interruption.\nOne.\n-# 4 s", "-# Not finished:\nOne."),
        ("-# Not finished:\nOne.", "-# Not finished:\nOne."),
        ("-# …", ""),
    ],
)
def test_what_was_written_live_is_kept_after_a_crash(live: str, left: str) -> None:
    assert folded(live) == left
