"""What an edit changed, from the CLI's structured result or from what it was given."""

import pytest

from sessions.agents.claude_diffs import DIFF_CHARS, file_diff

HUNK = {"oldStart": 1, "oldLines": 3, "newStart": 1, "newLines": 3, "lines": [" one", "-two", "+2", " three"]}
EDIT = {"file_path": "/w/a.txt", "old_string": "two", "new_string": "2\n3"}


def test_the_structured_result_comes_first() -> None:
    diff = file_diff("Edit", EDIT, {"filePath": "a.txt", "structuredPatch": [HUNK]})
    assert diff == "--- a.txt\n+++ a.txt\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three"


def test_without_it_what_was_given_is_shown() -> None:
    assert file_diff("Edit", EDIT, None) == "--- /w/a.txt\n+++ /w/a.txt\n-two\n+2\n+3"
    many = {"file_path": "a", "edits": [{"old_string": "x", "new_string": ""}, {"new_string": "y"}]}
    assert file_diff("MultiEdit", many, "odd") == "--- a\n+++ a\n-x\n+y"


def test_a_new_file_is_all_new() -> None:
    made = {"type": "create", "filePath": "b.txt", "content": "new\nfile\n", "structuredPatch": []}
    given = {"file_path": "b.txt", "content": "new\nfile\n"}
    assert file_diff("Write", given, made) == "--- /dev/null\n+++ b.txt\n+new\n+file"


def test_what_changes_no_file_has_no_diff() -> None:
    assert file_diff("Bash", {"command": "ls", "old_string": "a"}, {"structuredPatch": [HUNK]}) == ""
    assert file_diff("Edit", {"file_path": "a"}, {}) == ""


@pytest.mark.parametrize(
    "result",
    [None, 3, [], {"structuredPatch": 7}, {"structuredPatch": [None, {"lines": "x", "oldStart": "y"}]}],
)
def test_an_odd_result_raises_nothing(result: object) -> None:
    assert file_diff("Edit", EDIT, result).startswith("--- /w/a.txt")


def test_a_change_of_ten_megabytes_is_cut_to_whole_lines() -> None:
    lines = [f"+line {number}" for number in range(700_000)]
    for diff in (
        file_diff("Edit", EDIT, {"structuredPatch": [{**HUNK, "lines": lines}]}),
        file_diff("Write", {"file_path": "a", "content": "x\n" * 5_000_000}, None),
        file_diff("Write", {"file_path": "a", "content": "x" * 10_000_000 + "\n" * 3000}, None),
    ):
        assert len(diff) <= DIFF_CHARS + 100
        assert diff.splitlines()[-1].startswith(("+line", "… more", "+x"))
    assert file_diff("Edit", EDIT, {"structuredPatch": [{**HUNK, "lines": lines}]}).endswith("left out here")
