"""Pieces and windows hold for any text: within the limit, fences balanced, nothing lost."""

from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.chunks import SMALLEST_LIMIT, split
from bot.fences import after_line
from bot.measure import last_cut, units
from bot.render import MOST_PIECES, Words, clean, is_seen, pieces, plain, rendered, shortened, window
from bot.tail import Tail
from tests.support.shown_text import is_balanced, squeezed

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


PARAGRAPHS = "\n\n".join(f"Paragraph {n}: {'word ' * 60}" for n in range(100))


def texts(**words: str) -> list[str]:
    return [one.text for one in rendered(Words(**words), 2000)]


@settings(deadline=None)
@given(anything, anything, st.text(max_size=3000), st.sampled_from(["", "-# 12 s"]), st.booleans())
def test_any_words_are_messages_that_fit_and_show_something(
    head: str, body: str, end: str, small: str, can_attach: bool
) -> None:
    words = Words(head=clean(head), body=body, end=clean(end), small=small)
    shown = rendered(words, 2000, can_attach=can_attach)
    assert all(units(one.text) <= 2000 for one in shown)
    assert all(one.text.strip() for one in shown)
    assert bool(shown) == bool(words.text.strip())
    assert all(is_balanced(one.text) for one in shown) or not is_balanced(words.end)
    assert sum(len(one.files) for one in shown) <= 10
    assert not shown or shown[-1].text.endswith(small)


def test_an_answer_is_drawn_for_the_chat() -> None:
    assert texts(body="#### Head\n\n| a |\n|---|\n| 1 |") == ["**Head**\n\n```\na\n─\n1\n```"]


def test_what_shows_nothing_when_drawn_is_shown_as_it_is() -> None:
    assert texts(body="---") == ["---"]


def test_the_small_line_joins_the_last_message() -> None:
    assert texts(body="hi", small="-# 12 s") == ["hi\n-# 12 s"]
    assert texts(end="Stopped.", small="-# 12 s") == ["Stopped.\n-# 12 s"]
    assert texts(head="-# mark\n", end="Stopped.") == ["-# mark\nStopped."]
    first, second = texts(body="word " * 399 + "end", end="**Stopped.**", small="-# 12 s")
    assert first.startswith("word word")
    assert second.endswith("end\n\n**Stopped.**\n-# 12 s")
    assert len(second) > 40


def test_the_beginning_of_a_long_answer_ends_with_no_heading() -> None:
    part = "word " * 90
    body = "\n\n".join(f"## Part {number}\n\n{part}" for number in range(60))
    for limit in range(500, 2000, 50):
        first, *_ = rendered(Words(body=body), limit)
        lines = first.text.partition("\n-# This is the beginning")[0].splitlines()
        assert not lines[-1].startswith("#"), limit


def test_an_answer_of_more_than_five_messages_is_its_beginning_and_a_file() -> None:
    [shown] = rendered(Words(head="-# mark\n", body=PARAGRAPHS, small="-# 12 s"), 2000)
    assert shown.text.startswith("-# mark\nParagraph 0: word")
    assert shown.text.endswith(
        f"\n-# This is the beginning. The file answer.md has the whole answer: {len(PARAGRAPHS):,} characters"
        " in 199 lines.\n-# 12 s"
    )
    [file] = shown.files
    assert (file.name, file.content.decode()) == ("answer.md", PARAGRAPHS)


def test_why_a_turn_failed_is_said_beside_the_file() -> None:
    [shown] = rendered(Words(body=PARAGRAPHS, end="**The agent hangs.**", small="-# 12 s"), 2000)
    assert shown.text.endswith("lines.\n\n**The agent hangs.**\n-# 12 s")


def test_an_answer_of_five_messages_is_none() -> None:
    text = "\n\n".join("x" * 1990 for _ in range(MOST_PIECES))
    assert [(len(one.text), one.files) for one in rendered(Words(body=text), 2000)] == [(1990, ())] * 5


def test_where_there_are_no_files_all_of_it_is_messages() -> None:
    shown = rendered(Words(body=PARAGRAPHS), 2000, can_attach=False)
    assert len(shown) > MOST_PIECES
    assert "Paragraph 99" in shown[-1].text
    assert not any(one.files for one in shown)


def test_a_long_code_block_goes_with_the_message_that_names_it() -> None:
    code = "value = 1\n" * 300
    body = f"{'word ' * 390}\n\nHere:\n```py\n{code}```\nDone."
    first, second = rendered(Words(body=body), 2000)
    assert first.files == ()
    assert second.text == "Here:\n-# The code, 300 lines, is in the file code-1.py.\nDone."
    assert [(file.name, file.content.decode()) for file in second.files] == [("code-1.py", code)]


@pytest.mark.parametrize(
    "part", ["word ", "```\n", "[[(<`|", "| a | b |\n|---|---|\n\n", "[a]: https://b.c\n[a] "]
)
def test_an_answer_of_a_megabyte_is_one_message_and_a_file(part: str) -> None:
    body = part * (1_000_000 // len(part))
    [shown] = rendered(Words(body=body, small="-# 12 s"), 2000)
    assert units(shown.text) <= 2000
    assert [len(file.content) for file in shown.files] == [len(body)]


def test_a_window_that_is_followed_shows_what_one_shows_that_is_found_anew() -> None:
    text, tail = "", Tail()
    for number in range(400):
        text += f"Line {number} of it.\n" + "\n" * (number % 7 == 0)
        tail = tail.moved(text)
        shown = window(text, 2000, tail, is_growing=True)
        assert f"Line {number} of it." in shown
        assert units(shown) <= 2000


@pytest.mark.parametrize("text", ["", " \n", "\u200b\u2060", "\u00a0", "\u202e"])
def test_what_nobody_sees_is_nothing(text: str) -> None:
    assert not is_seen(text)
    assert is_seen(f"{text}.")
