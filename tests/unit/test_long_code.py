"""Code too long for a message becomes a file with the right name."""

import pytest

from bot.long_code import MOST_FILES, ending, without_long_code

LONG = "\n".join(f"value_{n} = {n}" for n in range(300))


def test_a_long_block_becomes_a_file_and_a_line_names_it() -> None:
    text, [file] = without_long_code(f"Before.\n```python\n{LONG}\n```\nAfter.", 2000)
    assert text == "Before.\n-# The code, 300 lines, is in the file code-1.py.\nAfter."
    assert (file.name, file.content.decode()) == ("code-1.py", f"{LONG}\n")


def test_short_blocks_stay() -> None:
    text = f"```py\nshort\n```\n```rs\n{LONG}\n```\n~~~\nshort too\n~~~\n{'text ' * 500}"
    shown, [file] = without_long_code(text, 2000)
    assert "```py\nshort\n```" in shown
    assert "~~~\nshort too\n~~~" in shown
    assert file.name == "code-1.rs"


def test_a_block_that_nobody_closed_is_one_all_the_same() -> None:
    text, [file] = without_long_code(f"```\n{LONG}", 2000)
    assert text == "-# The code, 300 lines, is in the file code-1.txt."
    assert file.content.decode() == f"{LONG}\n"


def test_a_block_in_a_list_loses_its_indent() -> None:
    indented = LONG.replace("\n", "\n  ")
    _, [file] = without_long_code(f"- ```py\n  {indented}\n  ```", 2000)
    assert file.content.decode() == f"{LONG}\n"


def test_no_message_gets_more_files_than_it_may_have() -> None:
    text, files = without_long_code(f"```\n{LONG}\n```\n" * 12, 2000)
    assert [file.name for file in files] == [f"code-{n + 1}.txt" for n in range(MOST_FILES)]
    assert text.count(LONG) == 2


@pytest.mark.parametrize(
    ("info", "end"),
    [
        ("", "txt"),
        ("Python", "py"),
        ("ts", "ts"),
        ("c++", "cpp"),
        ("yml title=x", "yaml"),
        ("src/app.test.tsx", "tsx"),
        ("{.bash}", "txt"),
        ("../../etc/passwd", "txt"),
        ("zig", "zig"),
        ("?!", "txt"),
        ("verylonglanguagename", "txt"),
    ],
)
def test_a_language_gives_the_end_of_the_name(info: str, end: str) -> None:
    assert ending(info) == end
