"""A tool call in words."""

from typing import Any, cast

import pytest

from sessions.agents.claude_tools import OUTPUT_CHARS, bounded, tool_output, tool_title


@pytest.mark.parametrize(
    ("name", "arguments", "title"),
    [
        ("Bash", {"command": "ls\n  -la", "description": "List"}, "ls -la"),
        ("Read", {"file_path": "/w/a.txt"}, "/w/a.txt"),
        ("Agent", {"description": "Look around", "prompt": "..."}, "Look around"),
        ("mcp__x__y", {"a": 1}, '{"a": 1}'),
        ("Bash", {"command": 7}, '{"command": 7}'),
        ("ExitPlanMode", {}, ""),
        ("AskUserQuestion", {"questions": [{"question": "Which one?"}, {}]}, "Which one?"),
        ("AskUserQuestion", {"questions": "odd"}, '{"questions": "odd"}'),
    ],
)
def test_a_title_is_one_telling_line(name: str, arguments: dict[str, object], title: str) -> None:
    assert tool_title(name, arguments) == title


def test_a_long_title_is_cut() -> None:
    title = tool_title("Bash", {"command": "x" * 500})
    assert len(title) == 120
    assert title.endswith("…")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("plain", "plain"),
        ([{"type": "text", "text": "a"}, {"type": "image", "source": {}}], "a\n[image]"),
        (None, ""),
        ([3], "[None]"),
    ],
)
def test_a_result_is_text(content: object, text: str) -> None:
    assert tool_output(content) == text


def test_arguments_of_any_shape_give_a_title() -> None:
    deep: object = 1
    for _ in range(5000):
        deep = {"a": deep}
    for arguments in ([], ["x"], "x", None, {"command": deep}, {"command": {"a": 1}}):
        assert tool_title("Bash", cast("Any", arguments))
    assert tool_title("Bash", {"command": deep}) == "(nested too deep to be shown)"


def test_arguments_are_shortened_wherever_they_are_long() -> None:
    deep: object = 1
    for _ in range(5000):
        deep = {"a": [deep]}
    assert bounded({"a": 1, "b": [True, None, 2.5], "c": {"d": "e"}}) == {
        "a": 1,
        "b": [True, None, 2.5],
        "c": {"d": "e"},
    }
    assert bounded(deep) == {"a": [{"a": ["…"]}]}
    assert bounded({"x": "y" * 10_000_000}) == {"x": f"{'y' * 2000}…"}
    assert len(cast("dict[str, object]", bounded({str(number): 1 for number in range(500)}))) == 50
    assert bounded(list(range(500))) == list(range(50))


def test_of_a_long_result_the_end_is_kept() -> None:
    blocks = [{"type": "text", "text": "x" * 100_000}] * 1000
    assert tool_output(blocks) == "x" * OUTPUT_CHARS
    assert tool_output("x" * 10_000_000 + "end").endswith("xend")
