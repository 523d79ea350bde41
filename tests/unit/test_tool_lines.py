"""A tool call, a task list, a diff, in lines that nobody's words can break out of."""

from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.activity import Activity, Call
from bot.fences import after_line
from bot.measure import units
from bot.tool_lines import (
    at_work_line,
    background_words,
    call_line,
    fenced,
    task_lines,
    tasks_words,
    tools_words,
    words,
)
from sessions.events import Task


def call(name: str = "Bash", title: str = "ls -la", **more: object) -> Call:
    return Call(id="1", number=0, name=name, title=title, since_s=0.0, **more)  # type: ignore[arg-type]


State = Literal["pending", "active", "done"]


def tasks(done: int, active: int, pending: int) -> list[Task]:
    counts: list[tuple[State, int]] = [
        ("done", done),
        ("pending", pending // 2),
        ("active", active),
        ("pending", pending - pending // 2),
    ]
    made: list[Task] = []
    for state, count in counts:
        made += [Task(text=f"thing {len(made) + at}", state=state) for at in range(count)]
    return made


def test_a_call_at_work_has_its_sign_and_its_time() -> None:
    assert at_work_line(call(), 4.0) == "💻 Bash: ls -la · 4 s"
    assert at_work_line(call("mcp__x__y", ""), 0.0) == "🔧 mcp\\_\\_x\\_\\_y · 0 s"
    assert at_work_line(call("Read", "Read a.txt"), 0.0) == "📄 Read a.txt · 0 s"


def test_a_sub_agent_says_what_it_does_just_now() -> None:
    line = at_work_line(call("Agent", "Look", inside=("Read", "a.txt")), 61.0)
    assert line == "🤖 Agent: Look ↳ Read: a.txt · 1 min 1 s"


def test_a_call_in_a_list_says_how_it_ended() -> None:
    assert call_line(call(), 4.0) == "-# ⏳ 💻 Bash: ls -la · 4 s"
    assert call_line(call(took_s=2.0), 9.0) == "-# ✅ Bash: ls -la · 2 s"
    assert call_line(call(took_s=0.1, failed=True, depth=1), 9.0) == "-# ↳ ❌ Bash: ls -la · 0 s"
    assert call_line(call(took_s=0.1, depth=70), 9.0).startswith("-# ↳ ↳ ↳ ✅")


HOSTILE = [
    "**x** <@1> @everyone [a](http://b) ||s|| `c` # h",
    "a\nb\r\nc\u2028d\x00\x1b[31m",
    "\u202egnp.exe \u2066x\u2069 \u200bz",
    "x" * 1_000_000,
    "😀" * 5_000,
    "",
    " \n ",
]


@pytest.mark.parametrize("title", HOSTILE)
def test_whatever_the_title_it_stays_one_plain_short_line(title: str) -> None:
    line = call_line(call(title=title), 0.0)
    assert units(line) <= 2 * 120 + 60
    assert len(line.splitlines()) == 1
    assert not {"\u202e", "\u2066", "\u200b", "\x00", "\x1b"} & set(line)
    for mark in ("**", "<@1>", "[a](", "||", "@everyone"):
        assert mark not in line.replace("\\" + mark[0], "")


def test_a_name_may_be_as_odd_as_a_title() -> None:
    assert words("<@1>" * 500, "x") == words("<@1>" * 500, "x").replace("\n", "")
    assert units(words("n" * 10_000, "t")) <= 240


def test_a_short_task_list_is_shown_whole_and_in_its_order() -> None:
    assert task_lines(
        [Task(text="a", state="done"), Task(text="b*", state="active"), Task(text="c", state="pending")]
    ) == [
        "☑ a",
        "▶ **b\\***",
        "☐ c",
    ]


def test_a_long_task_list_counts_what_is_done_and_what_comes_later() -> None:
    lines = task_lines(tasks(150, 1, 149))
    assert lines[0] == "☑ 150 done"
    assert lines[1].startswith("▶ **thing")
    assert lines[-1] == "… 144 more"
    assert len(lines) == 8
    assert task_lines(tasks(20, 0, 0)) == ["☑ 20 done"]
    assert len(task_lines(tasks(0, 0, 300))) == 8


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40), st.integers(3, 12))
def test_a_task_list_never_has_more_lines_and_loses_no_task(
    done: int, active: int, pending: int, most: int
) -> None:
    lines = task_lines(tasks(done, active, pending), most)
    assert len(lines) <= most
    counted = sum(int(line.split()[1]) if line.endswith(("done", "more")) else 1 for line in lines)
    assert counted == done + active + pending


def test_an_empty_task_is_still_a_line() -> None:
    assert task_lines([Task(text=" \n", state="pending")]) == ["☐ …"]


def test_figures_are_words() -> None:
    assert tasks_words(tasks(3, 1, 1)) == "3 of 5 tasks done"
    assert tasks_words(tasks(1, 0, 0)) == "1 of 1 task done"
    assert tasks_words([]) == ""
    assert [tools_words(*pair) for pair in ((0, 0), (1, 0), (7, 2))] == ["", "1 tool", "7 tools, 2 failed"]


def test_what_runs_in_the_background_is_counted_or_named() -> None:
    activity = Activity(background=4, in_background=("make", "<@1>", "c", "d"))
    assert background_words(activity, named=False) == "4 in the background"
    assert background_words(activity, named=True) == "4 in the background: make, \\<\\@1\\>, c"
    assert background_words(Activity(), named=True) == ""


def test_a_block_keeps_the_beginning_or_the_end() -> None:
    text = "\n".join(f"line {number}" for number in range(100))
    assert fenced(text, "diff", 60).startswith("```diff\nline 0\nline 1")
    assert fenced(text, "diff", 60).endswith("\n…\n```")
    assert fenced(text, "", 60, tail=True).startswith("```\n…\n")
    assert fenced(text, "", 60, tail=True).endswith("line 99\n```")
    assert fenced("a\nb", "", 60) == "```\na\nb\n```"
    assert fenced(" \n ", "", 60) == ""
    assert fenced("x" * 500, "", 60) == ""


@settings(deadline=None)
@given(st.text(alphabet="`ab\n\u202e\x00~ 😀", max_size=400), st.integers(30, 200), st.booleans())
def test_nothing_gets_out_of_a_block(text: str, limit: int, tail: bool) -> None:
    block = fenced(text, "diff", limit, tail=tail)
    assert units(block) <= limit
    fence, closings = None, 0
    for line in block.split("\n") if block else []:
        before, fence = fence, after_line(fence, line)
        closings += before is not None and fence is None
    assert fence is None
    assert closings == (1 if block else 0)
    assert "\u202e" not in block
    assert "\x00" not in block


def test_ten_megabytes_are_cut_without_being_read() -> None:
    assert units(fenced("x\n" * 5_000_000, "", 300, tail=True)) <= 300
