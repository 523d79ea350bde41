"""Titles of threads: a few words, whatever somebody wrote."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.measure import units
from bot.titles import TITLE_CHARS, title_of


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Mend the login page", "Mend the login page"),
        ("  **Mend** the `login` page.\nIt breaks.", "Mend the login page"),
        ("<@123> and <@!4>, look at <#5> <:smile:678>", "and , look at"),
        ("\n\n- [ ] first\n- second", "[ ] first"),
        ("see https://www.example.org/a/b?c=d now", "see example.org now"),
        ("🎉🎉", ""),
        ("🎉\nthe party", "the party"),
        ("", ""),
        ("?!…", ""),
        ("مرحبا بالعالم", "مرحبا بالعالم"),
        ("a\u202eb\u200bc", "abc"),
        ("@everyone do this", "@everyone do this"),
        ("[sticker: wave]", "[sticker: wave]"),
    ],
)
def test_a_title_is_the_first_line_with_words(text: str, title: str) -> None:
    assert title_of(text) == title


def test_a_long_line_is_cut_between_words() -> None:
    assert title_of("word " * 40) == "word " * 11 + "word…"


def test_a_long_word_is_cut_between_visible_characters() -> None:
    title = title_of("x" + "👩‍🚀" * 40)
    assert units(title) <= TITLE_CHARS
    assert set(title[1:-1].split("👩‍🚀")) == {""}


@given(st.text(max_size=300))
def test_a_title_is_one_line_of_bounded_length_or_nothing(text: str) -> None:
    title = title_of(text)
    assert units(title) <= TITLE_CHARS
    assert title == "" or title.strip() == title
    assert len(title.splitlines()) <= 1
