"""A text in parts: within the limit, balanced, nothing lost, and cut where it hurts least."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from bot.chunks import SMALLEST_LIMIT, Chunk, split
from bot.markdown_blocks import chat_markdown
from bot.measure import may_cut, units
from tests.support.shown_text import is_balanced, squeezed

LIMIT = SMALLEST_LIMIT

SPANS = [
    "[a link](https://example.org/a_(b)?c=d)",
    '[titled](https://example.org "a title")',
    "<@123456789>",
    "<t:1893456000:R>",
    "`inline code`",
    "``two ` ticks``",
    "||a spoiler of words||",
    "**bold words**",
    "https://example.org/a/long/path?with=query",
]
GRAPHEMES = ["👩\u200d👩\u200d👧", "🇩🇪", "e\u0301\u0302", "❤\ufe0f", "👍🏽", "한", "\u1112\u1161\u11ab", "नि"]
TABLE = ["| key | value |", "|---|---|", *(f"| k{n} | value number {n} |" for n in range(60))]

_line = st.one_of(
    st.lists(st.sampled_from([*SPANS, *GRAPHEMES, "word", "漢字。", "a"]), max_size=30).map(" ".join),
    st.sampled_from(
        ["", "```", "```py", "~~~", "~~~~sh", "````", "- ```js", "  ```", "> ```", "# H", "- item", "1. one"]
    ),
    st.text(max_size=80),
    st.just("\n".join(TABLE)),
    st.just("x" * 900),
)
texts = st.lists(_line, max_size=40).map("\n".join)


def spots(text: str, chunks: list[Chunk]) -> list[int]:
    """Return where in the source each chunk ends, but the last one."""
    ends, at = list[int](), 0
    for chunk in chunks:
        at = text.index(chunk.body, at) + len(chunk.body) if chunk.body else at
        ends.append(at)
    return ends[:-1]


@settings(deadline=None)
@given(texts, st.integers(LIMIT, 2000), st.booleans())
@example("```\n" * 1000, LIMIT, False)
@example("\u202e\u200b" * 2000, LIMIT, False)
@example("\n".join(TABLE), LIMIT, True)
@example("\x0b\n\u0301\n" + "[" * 900, LIMIT, False)
@example("- ```js\n```\t" + "x" * 450, LIMIT, False)
@example("````inline code`" + "x" * 450, LIMIT, False)
@example("w " * 190 + "\n```js `" + "x" * 450, LIMIT, False)
@example("||" + "secret words " * 200 + "||", 2000, False)
def test_parts_fit_are_balanced_and_give_back_the_text(text: str, limit: int, drawn: bool) -> None:
    source = "\n".join(chat_markdown(text)) if drawn else text
    chunks = list(split(source, limit))
    assert all(units(chunk.text) <= limit for chunk in chunks)
    assert all(is_balanced(chunk.text) for chunk in chunks)
    assert squeezed("".join(chunk.body for chunk in chunks)) == squeezed(source)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.sampled_from([*GRAPHEMES, " ", " \u0301", "ab"]), max_size=400).map("".join))
def test_no_visible_character_is_cut(text: str) -> None:
    chunks = list(split(text, LIMIT))
    for end in spots(text, chunks):
        assert may_cut(text, end)
    assert not any(chunk.body[:1] in "\u0301\u0302\ufe0f\u200d" for chunk in chunks)


@settings(deadline=None)
@given(st.data(), st.integers(LIMIT, 700))
def test_nothing_is_cut_that_could_stay_whole(data: st.DataObject, limit: int) -> None:
    parts = data.draw(st.lists(st.sampled_from([*SPANS, "word", "some words.", "\n", "\n\n"]), max_size=120))
    text = " ".join(parts)
    shown = [chunk.text for chunk in split(text, limit)]
    for span in SPANS:
        assert sum(one.count(span) for one in shown) == text.count(span)


def test_a_spoiler_of_several_lines_stays_whole() -> None:
    spoiler = "||first line\nsecond line\nthird line||"
    for before in range(LIMIT - 60, LIMIT, 3):
        text = "w " * (before // 2) + "\n" + spoiler + "\nand on " * 20
        assert any(spoiler in chunk.text for chunk in split(text, LIMIT))


def test_a_drawn_table_is_cut_between_rows_and_its_head_is_repeated() -> None:
    drawn = "\n".join(chat_markdown("\n".join([*TABLE, "", "after"])))
    parts = [chunk.text for chunk in split(drawn, 500)]
    assert len(parts) > 2
    for part in parts[:-1]:
        assert part.startswith(f"```\nkey │ value\n────┼{'─' * 16}\nk")
        assert part.endswith("\n```")
    lines = [line for part in parts for line in part.split("\n")]
    rows = [line for line in lines if re.fullmatch(r"k\d+ +│ value number \d+", line)]
    assert [row.split()[0] for row in rows] == [f"k{n}" for n in range(60)]
    assert {cell_len(row.partition("│")[0]) for row in rows} == {4}


def test_a_table_that_does_not_fit_begins_with_its_head_in_the_next_part() -> None:
    drawn = "\n".join(chat_markdown("p" * 380 + "\n\n" + "\n".join(TABLE[:4])))
    first, second = [chunk.text for chunk in split(drawn, LIMIT)]
    assert first == "p" * 380
    assert second.startswith("```\nkey │ value\n")


def test_code_that_looks_like_nothing_special_gets_no_head() -> None:
    text = "```\nkey | value\n----+------\n" + "row\n" * 300 + "```"
    assert [chunk.text for chunk in split(text, LIMIT)][1].startswith("```\nrow\n")


@pytest.mark.parametrize("marker", ["```", "````", "~~~", "~~~~~"])
@pytest.mark.parametrize("lead", ["", "  ", "- ", "1. ", "> "])
def test_any_fence_is_opened_again_as_it_was(marker: str, lead: str) -> None:
    indent = "".join(" " if char not in " >" else char for char in lead)
    text = f"{lead}{marker}py\n" + f"{indent}code = 1\n" * 200 + f"{indent}{marker}"
    parts = [chunk.text for chunk in split(text, LIMIT)]
    assert len(parts) > 2
    assert all(part.startswith(f"{indent}{marker}py\n") for part in parts[1:])
    assert all(part.endswith(f"\n{indent}{marker}") for part in parts)


def test_a_thousand_nested_fences_are_split_like_any_text() -> None:
    text = "\n".join("`" * (3 + n % 70) + "py" for n in range(1000)) + "\nthe end"
    parts = [chunk.text for chunk in split(text, 2000)]
    assert all(units(part) <= 2000 and is_balanced(part) for part in parts)
    assert "the end" in parts[-1]


@pytest.mark.parametrize(
    "bomb", ["[" * 5000, "![](" * 2000, "`" * 5000, "||" * 3000, "**a" * 2000, "<" * 5000, "> " * 3000]
)
def test_a_markdown_bomb_is_split_like_any_text(bomb: str) -> None:
    chunks = list(split(bomb, 2000))
    assert squeezed("".join(chunk.body for chunk in chunks)) == squeezed(bomb)
    assert all(units(chunk.text) <= 2000 for chunk in chunks)


def test_right_to_left_and_zero_width_text_keeps_every_character() -> None:
    text = ("שלום \u200bعالم\u200d \u2067left\u2069 " * 300).strip()
    assert squeezed("".join(chunk.body for chunk in split(text, LIMIT))) == squeezed(text)


class Counted(str):
    """A text that counts how much of it is looked at by slices."""

    __slots__ = ()
    looked_at = 0

    def __getitem__(self, key: object) -> str:
        found = super().__getitem__(key)  # type: ignore[index]
        Counted.looked_at += len(found)
        return found


@pytest.mark.parametrize(
    "part", ["word ", "line\n", "x", "| a | b |\n", "`a` [b](https://c.d) ", "```\ncode\n```\n"]
)
def test_the_work_for_a_part_does_not_grow_with_the_text(part: str) -> None:
    """Of a megabyte as much is looked at for the first ten parts as of a tenth of it."""

    def looked_at(size: int) -> int:
        Counted.looked_at = 0
        chunks = split(Counted(part * (size // len(part))), 2000)
        for _ in range(10):
            next(chunks)
        return Counted.looked_at

    assert looked_at(1_000_000) == looked_at(100_000) < 2_000_000
