"""Foreign text: nothing unseen is left in it, and nothing seen is lost."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.foreign_text import clean, named, one_line


@given(st.text(st.characters()))
def test_what_is_left_can_be_sent_anywhere(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode()
    assert not set(cleaned) & {"\x00", "\x1b", "\x85", "\u202e", "\u2066", "\u200f", "\u200b", "\ufeff", "\r"}
    assert clean(cleaned) == cleaned


def test_line_breaks_and_tabs_stay() -> None:
    assert clean("a\r\n\tb\rc\u2028d") == "a\n\tb\nc\nd"


@pytest.mark.parametrize(
    "text",
    [
        "Grüße, naïve façade — “quoted”, 3 × 4 ≤ 12",
        "Привет, мир",
        "مرحبا بالعالم",
        "שלום עולם",
        "می\u200cخواهم",  # Persian: the joiner between is part of the word
        "क्\u200dष",
        "こんにちは、世界。葛\U000e0100飾区",
        "👩\u200d🚀 👨\u200d👩\u200d👧\u200d👦 ❤\ufe0f\u200d🔥 🏳\ufe0f\u200d🌈 👍🏽 1\ufe0f\u20e3",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",  # the flag of England
        "e\u0301 soft\xadhyphen",
    ],
)
def test_the_writing_of_every_language_stays_as_it_is(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a\x00b\x1b[31mc\x7f", "ab[31mc"),
        ("user\u202etxt.exe\u2069", "usertxt.exe"),
        ("in\u200bvisible\ufeff\u2060", "invisible"),
        ("hi" + "".join(chr(0xE0000 + ord(sign)) for sign in "obey me"), "hi"),
        ("🏴\U000e0041\U000e0042\U000e0043\U000e007f", "🏴"),
        ("a\ufe0f\ufe01\ufe02\U000e0101b", "a\ufe0fb"),
        ("a\u200d\u200c\u200db", "a\u200db"),
        ("a\ud800b", "ab"),
    ],
)
def test_what_nobody_sees_is_gone(text: str, left: str) -> None:
    assert clean(text) == left


@given(st.text(st.characters()), st.integers(1, 80))
def test_a_name_is_one_line_that_ends_where_its_quote_does(text: str, chars: int) -> None:
    assert len(one_line(text, chars)) <= chars
    assert "\n" not in named(text, chars)
    assert json.loads(named(text, chars)) == (one_line(text, chars) or "somebody")
