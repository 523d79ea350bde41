"""Tables too long for a message: their first rows stay, and the whole is a file that no spreadsheet runs."""

import csv
import io

import pytest

from bot.long_tables import as_csv, without_long_tables
from bot.render import MOST_PIECES, Words, rendered
from bot.tables import begun

HEAD = ["| Name | Size |", "|:--|--:|"]
ROWS = [f"| file {n} | {n} |" for n in range(300)]
LONG = "\n".join([*HEAD, *ROWS])


def cells(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def written(*row: str) -> list[str]:
    table = begun("|" + "a|" * len(row), "|" + "-|" * len(row))
    assert table is not None
    return cells(as_csv(table.with_row("|" + "|".join(row) + "|")))[1]


def test_a_long_table_is_a_file_and_its_first_rows_stay() -> None:
    text, [file] = without_long_tables(f"Before.\n\n{LONG}\n\nAfter.", 2000, 10)
    first = "\n".join([*HEAD, *ROWS[:10]])
    assert text == f"Before.\n\n{first}\n\n-# The table, 300 rows, is in the file table-1.csv.\n\nAfter."
    assert file.name == "table-1.csv"
    rows = cells(file.content.decode("utf-8-sig"))
    assert (rows[0], rows[1], rows[300], len(rows)) == (
        ["Name", "Size"],
        ["file 0", "0"],
        ["file 299", "299"],
        301,
    )


def test_a_table_that_fits_a_message_stays_and_so_does_one_in_a_code_block() -> None:
    short = "\n".join([*HEAD, *ROWS[:20]])
    for text in (f"{short}\n{'words ' * 500}", f"```\n{LONG}\n```", "\n".join(ROWS)):
        assert without_long_tables(text, 2000, 10) == (text, ())


def test_of_rows_that_are_long_themselves_fewer_stay() -> None:
    wide = "\n".join([*HEAD, *[f"| {'x' * 400} | {n} |" for n in range(20)]])
    text, [_] = without_long_tables(wide, 2000, 10)
    assert text.count("| x") == 1
    text, [_] = without_long_tables(wide.replace("x" * 400, "x" * 1500), 2000, 10)
    assert text == "\n-# The table, 20 rows, is in the file table-1.csv."


def test_no_message_gets_more_files_than_it_may_have() -> None:
    text, files = without_long_tables("\n\n".join([LONG] * 4), 2000, 2)
    assert [file.name for file in files] == ["table-1.csv", "table-2.csv"]
    assert text.count(LONG) == 2


def test_cells_are_quoted_and_read_without_markdown() -> None:
    assert written('say "hi", you', "**bold** `code`", "a<br>b", "x \\| y") == [
        'say "hi", you',
        "bold code",
        "a b",
        "x | y",
    ]
    assert written("[the page](https://a.test/x)") == ["the page (https://a.test/x)"]


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "=HYPERLINK(1)",
        "+cmd",
        "-2+3",
        "@SUM(1)",
        "－1",
        "＝x",
        "**=1+1**",
        "`=1+1`",
        "[=1](https://a.test)",
        "-A1",
    ],
)
def test_what_a_spreadsheet_would_compute_is_text(cell: str) -> None:
    [shown] = written(cell)
    assert shown.startswith("'")


def test_what_begins_behind_a_semicolon_is_text_too() -> None:
    """Where commas stand in numbers, a spreadsheet ends cells at semicolons."""
    assert written("x;=1+1;y", "a, b;@SUM(1)", "one; two") == ["x;'=1+1;y", "a, b;'@SUM(1)", "one; two"]


@pytest.mark.parametrize("cell", ["-5", "+3.5", "-1,200.50", "-12 %", "-1e-9", "-", "--", "a=1", "", "1-2"])
def test_numbers_and_dashes_stay_as_they_are(cell: str) -> None:
    assert written(cell, "x") == [cell, "x"]


def test_an_answer_with_a_long_table_has_it_where_it_is_named() -> None:
    [one] = rendered(Words(body=f"Here it is.\n\n{LONG}"), 2000)
    assert [file.name for file in one.files] == ["table-1.csv"]
    assert "file 9 │    9" in one.text
    assert "is in the file table-1.csv." in one.text
    assert not any(part.files for part in rendered(Words(body=LONG), 2000, can_attach=False))


def test_a_whole_book_has_its_tables_beside_it() -> None:
    prose = "\n\n".join(["words " * 300] * (2 * MOST_PIECES))
    [one] = rendered(Words(body=f"{prose}\n\n{LONG}"), 2000)
    assert [file.name for file in one.files] == ["answer.md", "table-1.csv"]
    assert "Its long tables are files of their own as well." in one.text
