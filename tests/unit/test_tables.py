"""Tables as Discord can show them."""

import pytest
from rich.cells import cell_len

from bot.tables import MOST_COLUMNS, begun, drawn, may_be_head, may_be_row


def shown(*lines: str) -> list[str]:
    table = begun(lines[0], lines[1])
    assert table is not None
    for line in lines[2:]:
        table = table.with_row(line)
    return drawn(table)


def test_a_narrow_table_is_drawn_in_columns_on_their_sides() -> None:
    assert shown("| Name | Size | Mid |", "|:--|--:|:-:|", "| a | 1 | x |", "| long | 22 | yyyyy |") == [
        "```",
        "Name │ Size │  Mid",
        "─────┼──────┼──────",
        "a    │    1 │   x",
        "long │   22 │ yyyyy",
        "```",
    ]


def test_columns_count_what_a_screen_shows() -> None:
    lines = shown("|名前|b|", "|-|-|", "|漢字漢|e\u0301|", "|👩\u200d👩\u200d👧|x|", "|🇩🇪|y|")
    bars = {cell_len(line.partition("│")[0]) for line in lines if "│" in line}
    assert bars == {7}


def test_cells_show_no_markdown_signs_where_it_would_not_work() -> None:
    lines = shown("|**a**|`b`|", "|-|-|", "|~~c~~ d|x\\|y<br>z|")
    assert lines[1] == "a   │ b"
    assert lines[3] == "c d │ x|y z"


def test_a_wide_table_is_one_block_of_lines_for_each_row() -> None:
    wide = "w" * 60
    assert shown("|Name|What it is|Empty|", "|-|-|-|", f"|a|{wide} **x**||", f"|b|{wide}|c|") == [
        "**Name:** a",
        f"**What it is:** {wide} **x**",
        "",
        "**Name:** b",
        f"**What it is:** {wide}",
        "**Empty:** c",
        "",
    ]


def test_a_table_with_links_keeps_them_alive() -> None:
    assert shown("|a|b|", "|-|-|", "|[x](https://y.z)|1|")[0] == "**a:** [x](https://y.z)"


def test_rows_have_as_many_cells_as_the_head() -> None:
    lines = shown("a | b", "- | -", "1", "1 | 2 | 3")
    assert lines[3:5] == ["1 │", "1 │ 2"]


def test_a_table_fits_a_phone() -> None:
    fits = shown("|a|b|", "|-|-|", f"|{'x' * (MOST_COLUMNS - 4)}|y|")
    assert fits[0] == "```"
    assert max(cell_len(line) for line in fits) <= MOST_COLUMNS
    assert shown("|a|b|", "|-|-|", f"|{'x' * (MOST_COLUMNS - 3)}|y|")[0] != "```"


def test_a_cell_cannot_end_the_code_block() -> None:
    assert sum("```" in line for line in shown("|a|", "|-|", "|x ``` y|")) == 2


@pytest.mark.parametrize(
    ("head", "rule"),
    [
        ("| a | b |", "|---|"),
        ("| a |", "text"),
        ("| a |", "| |"),
        ("a", "===="),
        ("|" + "a|" * 31, "|" + "-|" * 31),
    ],
)
def test_what_is_no_table_begins_none(head: str, rule: str) -> None:
    assert begun(head, rule) is None


def test_a_table_without_rows_shows_its_names() -> None:
    assert shown("|a|", "|-|") == ["```", "a", "─", "```"]


def test_a_head_begins_with_a_bar_and_a_row_holds_one() -> None:
    assert may_be_head("  | a")
    assert not may_be_head("a | b")
    assert may_be_row("a | b")
    assert not may_be_row("a")
    assert not may_be_row(" | |")
    assert not may_be_row(r"a \| b")
