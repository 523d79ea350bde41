"""Pieces and windows hold for any text: within the limit, fences balanced, nothing lost."""

import re
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.chunks import SMALLEST_LIMIT, split
from bot.fences import after_line
from bot.measure import last_cut, units
from bot.render import clean, pieces, plain, shortened, window

LIMIT = SMALLEST_LIMIT

_words = st.sampled_from(
    ["word", "a", "Ünïcode", "👩‍👩‍👧", "🇩🇪🇫🇷", "e\u0301", "漢字。", "`code x`", "[a](http://b)", "<@123>"]
)
_lines = st.one_of(
    st.lists(_words, max_size=40).map(" ".join),
    st.sampled_from(
        [
            "",
            "```",
            "```py",
            "~~~",
            "````",
            "- ```js",
            "  ```",
            "> ```",
            "# Head",
            "- item",
            "    ",
            "x" * 900,
        ]
    ),
    st.text(max_size=60),
)
markdown = st.lists(_lines, max_size=60).map("\n".join)
anything = st.one_of(markdown, st.text(max_size=1500))


def is_balanced(text: str) -> bool:
    fence = None
    for line in text.split("\n"):
        fence = after_line(fence, line)
    return fence is None


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


@settings(deadline=None)
@given(anything, st.integers(LIMIT, 2000))
@example("```py\n" + "x = 1\n" * 400, 2000)
@example("\N{GRINNING FACE}" * 3000, 2000)
@example("a\u0301" * 3000, LIMIT)
@example("`" * 3000, LIMIT)
@example(("[" * 2000) + "](", LIMIT)
def test_pieces_keep_the_limit_the_fences_and_the_text(text: str, limit: int) -> None:
    source = clean(text)
    chunks = list(split(source, limit))
    assert all(units(chunk.text) <= limit for chunk in chunks)
    assert all(chunk.text.strip() for chunk in chunks)
    assert all(is_balanced(chunk.text) for chunk in chunks)
    assert squeezed("".join(chunk.body for chunk in chunks)) == squeezed(source)


@settings(deadline=None)
@given(anything)
def test_a_repair_is_a_fence_line_and_nothing_else(text: str) -> None:
    for chunk in split(clean(text), LIMIT):
        assert not chunk.opening or after_line(None, chunk.opening.removesuffix("\n")) is not None
        assert not chunk.closing.strip(" \t>`~\n")


@settings(deadline=None)
@given(anything)
def test_a_short_text_is_one_piece_and_unchanged(text: str) -> None:
    source = clean(text).strip()
    if units(source) <= 300 and is_balanced(source):
        assert [piece.strip() for piece in pieces(text, LIMIT)] == ([source] if source else [])


@settings(deadline=None)
@given(anything, st.integers(2 * LIMIT, 2000))
def test_a_window_fits_is_balanced_and_ends_with_the_newest_text(text: str, limit: int) -> None:
    shown = window(text, limit)
    assert units(shown) <= limit
    assert is_balanced(shown)
    newest = squeezed(clean(text))[-5:]
    assert newest in squeezed(shown)


def test_a_window_only_grows_until_it_jumps() -> None:
    shown = [window("word " * count, 1900) for count in range(1, 2000)]
    jumps = sum(not later.startswith(sooner) for sooner, later in pairwise(shown))
    assert jumps < 15


def test_a_cut_code_block_is_closed_and_opened_again_with_its_language_and_marker() -> None:
    code = "````python\n" + "\n".join(f"line_{n} = '```'" for n in range(200)) + "\n````\nAfter it."
    parts = pieces(code, 2000)
    assert len(parts) > 1
    assert all(part.startswith("````python\n") for part in parts)
    assert all(part.endswith("\n````") for part in parts[:-1])
    assert parts[-1].endswith("\n````\nAfter it.")


def test_a_fence_in_a_list_item_is_opened_again_with_its_indent() -> None:
    code = "- ```sh\n" + "  echo hello\n" * 300 + "  ```"
    assert all(part.startswith("  ```sh\n") for part in pieces(code, 2000)[1:])


def test_an_unclosed_fence_is_closed() -> None:
    assert pieces("```py\nx = 1", 2000) == ["```py\nx = 1\n```"]


def test_no_chunk_holds_an_empty_fence() -> None:
    text = "p" * 1960 + "\n```py\n" + "x = 1\n" * 5 + "```\nend"
    assert pieces(text, 2000) == ["p" * 1960, "```py\n" + "x = 1\n" * 5 + "```\nend"]


def test_a_fence_whose_first_line_does_not_fit_is_not_opened_for_nothing() -> None:
    parts = pieces("p" * 700 + "\n```py\n" + "x" * 3000 + "\n```", 2000)
    assert parts[0] == "p" * 700


def test_paragraphs_stay_whole_where_they_can() -> None:
    first, second = "one " * 300, "two " * 300
    assert pieces(f"{first}\n\n{second}", 2000) == [first.strip(), second.strip()]


def test_a_long_line_breaks_after_a_sentence_and_never_within_a_word() -> None:
    sentence = "The quick brown fox jumps over the lazy dog. "
    parts = pieces(sentence * 100, 2000)
    assert all(part.endswith("dog.") for part in parts)


@pytest.mark.parametrize(
    "span", ["[a link with words](https://example.org/x)", "`code with spaces in it`", "<@1234567890>"]
)
def test_links_code_and_mentions_stay_whole(span: str) -> None:
    for before in range(LIMIT - 60, LIMIT):
        text = "w " * (before // 2) + span + " tail" * 40
        assert any(span in part for part in pieces(text, LIMIT))


def test_a_long_word_is_cut_only_between_visible_characters() -> None:
    family = "👩\u200d👩\u200d👧"
    parts = pieces(family * 600, 1997)
    assert "".join(parts) == family * 600
    assert all(len(part) % len(family) == 0 for part in parts)


def test_a_flag_is_never_halved() -> None:
    flags = "🇩🇪" * 40
    assert all(last_cut(flags, 0, end) % 2 == 0 for end in range(2, 60))


def test_nul_and_lone_surrogates_become_a_visible_sign() -> None:
    assert clean("a\0b\ud800c\r\nd") == "a\ufffdb\ufffdc\nd"
    assert pieces("\ud83d", 2000) == ["\ufffd"]


def test_blank_text_gives_no_piece() -> None:
    assert pieces(" \n\t\n", 2000) == []


def test_foreign_names_show_themselves() -> None:
    assert plain("**a**\n<@1> `x`") == r"\*\*a\*\* \<\@1\> \`x\`"


def test_a_hundred_thousand_characters_are_split_in_good_time() -> None:
    text = "\n".join(["[" * 500, "`" * 501, "<" * 500, "x " * 250] * 50)
    assert len(pieces(text, 2000)) < 100


@given(anything)
def test_a_shortened_text_is_one_line_within_its_limit(text: str) -> None:
    short = shortened(text, 40)
    assert units(short) <= 40
    assert "\n" not in short
    line = " ".join(clean(text).split())
    assert short == line if units(line) <= 40 else line.startswith(short[:-1]) and short[-1] == "…"
