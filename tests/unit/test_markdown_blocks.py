"""An agent's Markdown as Discord shows it: whole, and while it grows."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.fences import after_line
from bot.markdown_blocks import chat_markdown, tail_markdown

TABLE = "| a | b |\n|---|---|\n| 1 | 2 |"
DRAWN = "```\na │ b\n──┼──\n1 │ 2\n```"


def shown(text: str) -> str:
    return "\n".join(chat_markdown(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\n\n---\n\nb", "a\n\nb"),
        ("---\na\n***", "a"),
        (f"before\n{TABLE}\nafter", f"before\n{DRAWN}\nafter"),
        (f"{TABLE}\n\n{TABLE}", f"{DRAWN}\n\n{DRAWN}"),
        ("| a | b |\nno rule", "| a | b |\nno rule"),
        ("| a | b |", "| a | b |"),
        ("a | b\n--|--", "a | b\n--|--"),
        (f"{TABLE}\n- item | x", f"{DRAWN}\n- item | x"),
        ("> a | b\n> --|--", "> a | b\n> --|--"),
        ("see [x][1]\n\n[1]: https://a.b", "see [x](https://a.b)\n"),
        ("see [x][2]\n[1]: https://a.b", "see [x][2]\n[1]: https://a.b"),
        ("a `b\n<c>` <br>\n", "a `b\n<c>` `<br>`\n"),
        ("a ` b\n\n<br>", "a ` b\n\n`<br>`"),
        ("a ` b\n```\n<br>\n```", "a ` b\n```\n<br>\n```"),
    ],
)
def test_blocks_are_shown_as_discord_can(text: str, expected: str) -> None:
    assert shown(text) == expected


CODE = "#### x\n---\n- [ ] y\n| a |\n|---|\n<b> ![i](https://a.b) [r]\n\n\n[r]: https://a.b"


@pytest.mark.parametrize(
    ("opening", "closing"),
    [("```", "```"), ("~~~md", "~~~"), ("`````", "`````"), ("- ```", "  ```"), ("> ```", "> ```")],
)
def test_nothing_within_a_fence_is_changed(opening: str, closing: str) -> None:
    text = f"{opening}\n{CODE}\n{closing}\n#### y"
    assert shown(text) == f"{opening}\n{CODE}\n{closing}\n**y**"


def test_a_long_table_is_drawn_in_parts_each_with_its_head() -> None:
    text = "| number |\n|---|\n" + "\n".join(f"| {n} |" for n in range(250))
    lines = shown(text).split("\n")
    assert lines.count("number") == 3
    assert [line for line in lines if line.isdigit()] == [str(n) for n in range(250)]


def test_a_very_long_line_is_taken_whole() -> None:
    line = "word <b> " * 2000
    assert shown(line) == "word `<b>` " * 2000


pieces = st.sampled_from(
    [
        *"ab#-*_`~|<>[]()!\\1. \n",
        "\n\n",
        "word ",
        "**bold** ",
        "`code` ",
        "[a](https://b.c) ",
        "![a](https://b.c) ",
        "[![a](https://b.c)](https://d.e) ",
        "<b>",
        "</b> ",
        "||hidden|| ",
        "\n```py\nx = 1\n```\n",
        "\n~~~\n<b>\n~~~\n",
        f"\n{TABLE}\n",
        "\n| a | b |\n",
        "\n#### head\n",
        "\n- [ ] task\n",
        "\n---\n",
        "\n# H\n",
    ]
)


@settings(deadline=None, max_examples=300)
@given(st.lists(pieces, max_size=25).map("".join))
@example(f"intro\n{TABLE}\nend")
@example("x <b><i>y</i> [a](https://b.c) `c` **d** ![e](https://f.g) h")
def test_what_is_shown_of_a_text_begins_what_is_shown_of_more_of_it(text: str) -> None:
    whole = shown(text)
    for end in range(len(text) + 1):
        grown = tail_markdown(text[:end], is_growing=True).removesuffix(" so far")
        kept = "\n".join(line for line in grown.split("\n") if not line.startswith("-# a table, "))
        assert whole.startswith(kept.rstrip())


@settings(deadline=None)
@given(st.lists(pieces, max_size=25).map("".join))
def test_what_grows_no_more_is_shown_whole(text: str) -> None:
    assert tail_markdown(text, is_growing=False) == shown(text)


@settings(deadline=None)
@given(st.lists(pieces, max_size=25).map("".join))
def test_code_stays_as_it_is_in_any_text(text: str) -> None:
    def code(lines: str) -> list[str]:
        fence, inner = None, list[str]()
        for line in lines.split("\n"):
            before, fence = fence, after_line(fence, line)
            if before is not None and fence is not None and "│" not in line and "─" not in line:
                inner.append(line)
        return inner

    drawn = code(shown(text))
    at = 0
    for line in code(text):
        at = drawn.index(line, at) + 1


def test_a_table_that_grows_is_a_small_line_until_it_ends() -> None:
    text = f"Look:\n{TABLE}\n\nDone."
    steps = [tail_markdown(text[:end], is_growing=True) for end in range(len(text) + 1)]
    assert "Look:\n-# a table, 0 rows so far" in steps
    assert "Look:\n-# a table, 1 row so far" in steps
    assert steps[-1] == f"Look:\n{DRAWN}\n\nDone."
    assert not any("| 1" in step or "|--" in step for step in steps)


def test_a_word_is_shown_as_soon_as_it_comes() -> None:
    for end in range(12):
        assert tail_markdown("Hello there"[:end], is_growing=True) == "Hello there"[:end].rstrip()


def test_a_tail_begins_within_its_fence() -> None:
    fence = after_line(None, "```py")
    assert tail_markdown("#### x\n```\n#### y", fence, is_growing=False) == "#### x\n```\n**y**"
