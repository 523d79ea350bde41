"""What an agent does, folded: bounded, and right in whatever order its events come."""

from functools import reduce

import pytest

from bot.activity import Activity, active, at_end
from sessions.events import BackgroundTasks, Task, TaskList, Thinking, ToolEnd, ToolStart

Event = ToolStart | ToolEnd | TaskList | BackgroundTasks | Thinking


def after(*events: Event) -> Activity:
    return reduce(lambda known, at: active(known, at[1], at[0]), enumerate(events), Activity())


def start(call: str, name: str = "Bash", parent: str | None = None) -> ToolStart:
    return ToolStart(id=call, name=name, title=f"do {call}", parent=parent)


def end(call: str, **more: object) -> ToolEnd:
    return ToolEnd(id=call, failed=bool(more.pop("failed", False)), **more)  # type: ignore[arg-type]


def names(activity: Activity) -> list[tuple[str, bool]]:
    return [(call.id, call.took_s is None) for call in activity.calls]


def test_calls_stand_in_the_order_in_which_they_began_however_they_end() -> None:
    activity = after(start("a"), start("b"), start("c"), end("c"), end("a", failed=True))
    assert names(activity) == [("a", False), ("b", True), ("c", False)]
    assert (activity.count, activity.failed) == (3, 1)
    assert activity.at_work is not None
    assert activity.at_work.id == "b"


@pytest.mark.parametrize("stray", [end("never begun"), end("a")])
def test_an_end_without_its_beginning_changes_nothing(stray: ToolEnd) -> None:
    activity = after(start("a"), end("a"))
    assert active(activity, stray, 9.0) is activity


def test_a_call_knows_how_long_it_took() -> None:
    activity = active(active(Activity(), start("a"), 10.0), end("a"), 14.5)
    assert [call.took_s for call in activity.calls] == [4.5]


def test_a_sub_agent_shows_what_it_does_and_the_outermost_one_is_at_work() -> None:
    activity = after(start("top", "Agent"), start("deep", "Agent", "top"), start("x", "Read", "deep"))
    assert activity.at_work is not None
    assert (activity.at_work.id, activity.at_work.inside) == ("top", ("Read", "do x"))
    assert [(call.root, call.depth) for call in activity.calls] == [(None, 0), ("top", 1), ("top", 2)]


def test_a_sub_agent_in_the_background_outlives_its_call() -> None:
    activity = after(start("top", "Agent"), end("top"), start("x", "Read", "top"))
    assert activity.at_work is not None
    assert (activity.at_work.id, activity.at_work.root, activity.at_work.depth) == ("x", "top", 1)


def test_the_agents_own_call_is_shown_before_those_of_sub_agents() -> None:
    activity = after(start("own"), start("x", "Read", "elsewhere"))
    assert activity.at_work is not None
    assert activity.at_work.id == "own"


def test_the_calls_that_keep_the_task_list_are_not_shown_as_tools() -> None:
    tasks = (Task(text="one", state="done"), Task(text="two", state="active"))
    activity = after(start("a", "TaskCreate"), end("a"), TaskList(tasks=tasks))
    assert (activity.calls, activity.count) == ([], 0)
    assert (activity.tasks, activity.tasks_done) == (tasks, 1)
    assert active(activity, TaskList(tasks=tasks), 1.0) is activity


def test_of_five_hundred_tools_that_never_end_a_few_are_known_and_all_are_counted() -> None:
    activity = after(*(start(str(number)) for number in range(500)))
    assert len(activity.running) == 32
    assert activity.count == 500
    assert activity.at_work is not None
    assert activity.at_work.id == "499"
    assert at_end(activity).at_work is None


def test_of_five_hundred_tools_that_ended_the_last_are_known() -> None:
    both = [event for number in range(500) for event in (start(str(number)), end(str(number)))]
    activity = after(*both)
    assert [call.id for call in activity.calls] == [str(number) for number in range(488, 500)]
    assert activity.count == 500


def test_of_a_long_thought_the_end_is_kept() -> None:
    activity = after(Thinking(text="x" * 1_000_000), Thinking(text="the end"))
    assert len(activity.thoughts) == 2000
    assert activity.thoughts.endswith("xthe end")


def test_diffs_are_kept_up_to_a_limit() -> None:
    big = "x" * 90_000
    activity = after(*(one for call in "abcd" for one in (start(call), end(call, diff=big))))
    assert activity.diffs == (big, big)


def test_what_ended_in_the_background_is_named() -> None:
    activity = after(
        BackgroundTasks(count=2, names=("make", "test")),
        BackgroundTasks(count=1, names=("test",)),
    )
    assert (activity.background, activity.in_background, activity.out_of_background) == (
        1,
        ("test",),
        ("make",),
    )
    assert active(activity, BackgroundTasks(count=1, names=("test",)), 1.0) is activity
