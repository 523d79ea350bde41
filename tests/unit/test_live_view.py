"""The live message at each level: what it shows, in which order, and that it always fits."""

from functools import reduce
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answers import folded
from bot.live_view import SEPARATOR, folded_text, is_visible, live_text, notices, thinking_of
from bot.measure import units
from bot.reply_state import ReplyState, fold
from sessions.events import (
    BackgroundTasks,
    Compacted,
    Event,
    Idle,
    Retry,
    Started,
    Task,
    TaskList,
    TextDelta,
    TextFinal,
    Thinking,
    ToolEnd,
    ToolStart,
)
from sessions.room_settings import Display, RoomSettings

LS = ToolStart(id="t1", name="Bash", title="ls -la")
CAT = ToolStart(id="t2", name="Read", title="a.txt")
TASKS = TaskList(tasks=(Task(text="read", state="done"), Task(text="write", state="active")))
DIFF = "--- a.txt\n+++ a.txt\n@@ -1,1 +1,1 @@\n-two\n+2"
HELLO = TextDelta(text="Hello.")


def after(*events: Event) -> ReplyState:
    return reduce(lambda state, event: fold(state, event, 0.0), events, ReplyState(since_s=0.0))


def at(display: Display, *events: Event, limit: int = 2000, **more: object) -> str:
    room = RoomSettings.model_validate({"display": display, **more})
    return live_text(after(*events), 4.0, limit, room)


def is_seen(display: Display, *events: Event, **more: object) -> bool:
    return is_visible(after(*events), RoomSettings.model_validate({"display": display, **more}))


def test_nothing_is_shown_before_the_first_sign_of_work() -> None:
    for display in ("off", "new", "all", "verbose"):
        assert not is_seen(display, Idle())
        assert is_seen(display, HELLO)
        assert is_seen(display, Retry(attempt=1, limit=2, wait_s=1))
    assert [is_seen(display, LS) for display in ("off", "new", "all", "verbose")] == [False, True, True, True]
    assert [is_seen(display, TASKS) for display in ("off", "new")] == [False, True]
    assert not is_seen("new", Thinking(text="hm"))
    assert is_seen("new", Thinking(text="hm"), thinking="spoiler")


def test_off_shows_the_text_alone() -> None:
    assert at("off", TASKS, LS, Thinking(text="hm"), HELLO, thinking="shown") == "Hello.\n-# 4 s"


def test_new_shows_the_tool_at_work_until_the_next_one() -> None:
    assert at("new", LS) == "-# 💻 Bash: ls -la · 4 s"
    assert at("new", HELLO, LS, CAT) == "Hello.\n-# 📄 Read: a.txt · 4 s"
    assert at("new", HELLO, LS, ToolEnd(id="t1", failed=True)) == "Hello.\n-# 4 s"


def test_all_shows_a_line_for_each_tool_with_its_end() -> None:
    shown = at("all", LS, ToolEnd(id="t1", failed=True, output="no such file"), CAT, HELLO)
    assert shown.split("\n") == [
        "-# ❌ Bash: ls -la · 0 s",
        "-# ⏳ 📄 Read: a.txt · 4 s",
        SEPARATOR,
        "Hello.",
        "-# 4 s · 2 tools, 1 failed",
    ]


def test_verbose_adds_the_end_of_the_output() -> None:
    shown = at("verbose", LS, ToolEnd(id="t1", failed=True, output="first\nlast"))
    assert shown == "-# ❌ Bash: ls -la · 0 s\n```\nfirst\nlast\n```\n-# \u200b4 s · 1 tool, 1 failed"
    assert folded(shown) == ""


def test_verbose_adds_the_diff_of_an_edit() -> None:
    edit = ToolStart(id="t1", name="Edit", title="a.txt")
    shown = at("verbose", edit, ToolEnd(id="t1", failed=False, output="updated", diff=DIFF))
    assert f"```diff\n{DIFF}\n```" in shown
    assert "updated" not in shown
    assert "```" not in at("all", edit, ToolEnd(id="t1", failed=False, diff=DIFF))


def test_verbose_shows_what_sub_agents_do_and_all_only_that_they_do() -> None:
    agent = ToolStart(id="a", name="Agent", title="Look around")
    inner = ToolStart(id="b", name="Read", title="b.txt", parent="a")
    assert "-# ↳ ⏳ 📄 Read: b.txt · 4 s" in at("verbose", agent, inner)
    assert at("all", agent, inner).startswith("-# ⏳ 🤖 Agent: Look around ↳ Read: b.txt · 4 s\n")
    assert at("new", agent, inner) == "-# 🤖 Agent: Look around ↳ Read: b.txt · 4 s"


def test_what_runs_in_the_background_is_said() -> None:
    background = BackgroundTasks(count=1, names=("make all",))
    assert at("new", HELLO, background).endswith("-# 4 s · 1 in the background")
    assert at("verbose", HELLO, background).endswith(" · 1 in the background: make all")
    assert at("off", HELLO, background).endswith("-# 4 s")


def test_the_task_list_stands_on_top() -> None:
    assert at("new", HELLO, TASKS) == f"☑ read\n▶ **write**\n{SEPARATOR}\nHello.\n-# 4 s"
    assert at("new", TASKS) == f"☑ read\n▶ **write**\n-# {SEPARATOR}4 s"
    assert folded(at("new", TASKS)) == ""


@pytest.mark.parametrize(
    ("display", "said", "shown"),
    [
        ("new", None, "hidden"),
        ("verbose", None, "spoiler"),
        ("verbose", "hidden", "hidden"),
        ("new", "spoiler", "spoiler"),
        ("all", "shown", "shown"),
        ("off", "shown", "hidden"),
    ],
)
def test_thoughts_are_shown_as_the_room_is_set(display: Display, said: str | None, shown: str) -> None:
    more: dict[str, Any] = {} if said is None else {"thinking": said}
    assert thinking_of(RoomSettings.model_validate({"display": display, **more})) == shown
    text = at(display, Thinking(text="a ||b||\n# c"), HELLO, **more)
    assert ("💭 ||a \\|\\|b\\|\\| # c||" in text) is (shown == "spoiler")
    assert ("💭 a \\|\\|b\\|\\| # c" in text) is (shown == "shown")


def test_a_thought_of_a_megabyte_is_a_line() -> None:
    shown = at("new", *[Thinking(text="word " * 20_000)] * 10, HELLO, thinking="shown")
    assert "💭 …word" in shown
    assert units(shown) < 700


def test_the_text_has_its_room_whatever_else_there_is() -> None:
    many = TaskList(tasks=tuple(Task(text="x" * 200, state="pending") for _ in range(300)))
    tools = [
        event
        for number in range(500)
        for event in (
            ToolStart(id=str(number), name="Bash", title="*" * 300),
            ToolEnd(id=str(number), failed=False, output="y" * 2000, diff=DIFF * 50),
        )
    ]
    text = TextDelta(text="The answer is here. " * 200)
    shown = at("verbose", many, *tools, Thinking(text="z " * 5000), text)
    assert units(shown) <= 2000
    assert shown.count("The answer is here.") >= 20
    assert "292 more" in shown or "293 more" in shown


def test_a_crash_leaves_the_text_alone_of_a_live_message() -> None:
    edit = ToolStart(id="t1", name="Edit", title="a.txt")
    ended = ToolEnd(id="t1", failed=False, diff=DIFF)
    for display in ("off", "new", "all", "verbose"):
        assert folded(at(display, TASKS, edit, ended, LS, Thinking(text="hm"), HELLO)) == (
            "-# Not finished:\nHello."
        )
        assert folded(at(display, TASKS, edit, ended, LS)) == ""


def test_what_is_left_of_it_is_a_line_where_the_room_wants_one() -> None:
    state = after(LS, ToolEnd(id="t1", failed=False), HELLO)
    left = {
        level: folded_text(state, 42.0, RoomSettings(display=level))
        for level in ("off", "new", "all", "verbose")
    }
    assert left == {"off": "", "new": "", "all": "-# 42 s · 1 tool", "verbose": "-# 42 s · 1 tool"}


def test_a_task_list_is_kept_with_what_is_still_open() -> None:
    done = TaskList(tasks=(Task(text="read", state="done"),))
    assert folded_text(after(done), 42.0, RoomSettings()) == "-# 42 s · 1 of 1 task done"
    assert folded_text(after(TASKS), 42.0, RoomSettings()) == "-# 42 s · 1 of 2 tasks done\n▶ **write**"
    assert folded_text(after(TASKS), 42.0, RoomSettings(display="off")) == ""


def test_thoughts_that_somebody_wants_are_kept() -> None:
    kept = folded_text(after(Thinking(text="hm")), 1.0, RoomSettings(thinking="spoiler"))
    assert kept == "-# 1 s\n-# 💭 ||hm||"


def test_words_that_nobody_asked_for_say_whence_they_come() -> None:
    begun = Started(agent_session_id="s", model="m", workdir="/w")
    background = BackgroundTasks(count=1, names=("make *all*",)), BackgroundTasks(count=0)
    assert notices(after(begun)) == ["-# Nobody asked: the agent speaks by itself"]
    assert notices(after(*background, begun, LS)) == ["-# Ended in the background: make \\*all\\* · 1 tool"]
    assert notices(after(LS, HELLO)) == []


def test_every_loss_of_context_is_said_unless_somebody_wanted_it() -> None:
    [line] = notices(after(Compacted(before=182_000, after=12_000), Compacted(asked=True)))
    assert line.startswith("-# The conversation grew too long")
    assert "(182,000 → 12,000 tokens)" in line
    assert "tokens" not in notices(after(Compacted()))[0]


EVENTS = st.one_of(
    st.text(max_size=900).map(lambda text: TextDelta(text=text)),
    st.text(max_size=900).map(lambda text: TextFinal(text=text)),
    st.text(max_size=900).map(lambda text: Thinking(text=text)),
    st.text(max_size=300).map(lambda text: ToolStart(id="x", name=text[:9], title=text)),
    st.text(max_size=900).map(lambda text: ToolEnd(id="x", failed=True, output=text, diff=text)),
    st.lists(st.text(max_size=50), max_size=30).map(
        lambda texts: TaskList(tasks=tuple(Task(text=text, state="pending") for text in texts))
    ),
)


@settings(deadline=None)
@given(st.lists(EVENTS, max_size=20), st.sampled_from(("off", "new", "all", "verbose")))
def test_the_live_message_always_fits_and_is_never_empty(events: list[Event], display: Display) -> None:
    room, state = RoomSettings(display=display, thinking="spoiler"), after(*events)
    if is_visible(state, room):
        text = live_text(state, 10.0, 2000, room)
        assert 0 < units(text) <= 2000
    assert units(folded_text(state, 10.0, room)) <= 2000
