"""What a tool is to do, in words: all of it, nothing hidden, as a diff where a file changes."""

from hypothesis import given
from hypothesis import strategies as st

from bot.ask_text import detail_of, fenced, shown


def test_all_that_a_tool_was_given_is_listed() -> None:
    detail = detail_of({"command": "ls -la\ncat a", "timeout": 5, "more": {"a": [1]}})
    assert detail.text == 'command: ls -la\ncat a\ntimeout: 5\nmore: {"a": [1]}'
    assert (detail.language, detail.is_whole) == ("", True)


def test_an_edit_is_a_diff_and_nothing_of_it_is_left_out() -> None:
    detail = detail_of({"file_path": "/a", "old_string": "x\ny", "new_string": "x\nz", "replace_all": True})
    assert detail.language == "diff"
    assert detail.text == "file_path: /a\nreplace_all: true\n@@ -1,2 +1,2 @@\n x\n-y\n+z"
    assert detail_of({"file_path": "/a", "content": "x\ny"}).text == "file_path: /a\ncontent:\n+x\n+y"


def test_a_large_edit_is_listed_without_being_compared() -> None:
    old, new = "\n".join(map(str, range(5000))), "\n".join(map(str, range(5000, 10_000)))
    lines = detail_of({"old_string": old, "new_string": new}).text.split("\n")
    assert lines[0] == "-0"
    assert lines[-1] == "+9999"
    assert len(lines) == 10_000


def test_a_megabyte_is_whole() -> None:
    detail = detail_of({"command": "x" * 1_000_000})
    assert detail.is_whole
    assert len(detail.text) == 1_000_009


def test_what_is_nested_too_deep_is_said_so() -> None:
    deep: object = 1
    for _ in range(10_000):
        deep = [deep]
    detail = detail_of({"command": "ls", "more": deep})
    assert detail.text == "command: ls\nmore: (nested too deep to be shown)"
    assert not detail.is_whole


@given(st.text())
def test_nothing_hides_in_a_request(text: str) -> None:
    seen = shown(f"a{text}\u202e\u200b\x1b[2Kb")
    assert all(char in "\n\t" or char.isprintable() or char.isspace() for char in seen)
    assert "\u202e" not in seen
    assert "\x1b" not in seen


@given(st.text(st.sampled_from("`a\n"), max_size=40))
def test_nothing_ends_its_code_block(text: str) -> None:
    assert fenced(text).count("```") == 2
