"""Claude Code's task list, followed through its calls."""

import pytest

from sessions.agents.claude_tasks import TaskBook
from sessions.events import Task

ONE = Task(text="one", state="pending")


def made(number: str, subject: str) -> dict[str, object]:
    return {"task": {"id": number, "subject": subject}}


def book() -> TaskBook:
    tasks = TaskBook()
    tasks.ended("TaskCreate", {"subject": "one"}, made("1", "one"), failed=False)
    return tasks


def updated(tasks: TaskBook, number: str, **more: object) -> tuple[Task, ...] | None:
    return tasks.ended("TaskUpdate", {"taskId": number, **more}, {"success": True}, failed=False)


def test_an_entry_is_made_worked_on_and_done() -> None:
    tasks = book()
    assert updated(tasks, "1", status="in_progress") == (Task(text="one", state="active"),)
    assert updated(tasks, "1", subject="uno") == (Task(text="uno", state="active"),)
    assert updated(tasks, "1", status="completed") == (Task(text="uno", state="done"),)
    assert updated(tasks, "1", status="completed") is None
    assert updated(tasks, "1", status="deleted") == ()


def test_an_entry_of_an_earlier_process_has_its_number_at_least() -> None:
    assert updated(TaskBook(), "7", status="in_progress") == (Task(text="Task 7", state="active"),)


def test_what_failed_changes_nothing() -> None:
    tasks = book()
    assert tasks.ended("TaskCreate", {}, made("2", "two"), failed=True) is None
    assert tasks.ended("TaskUpdate", {"taskId": "7"}, {"success": False}, failed=False) is None
    assert tasks.ended("Bash", {"todos": []}, {"tasks": []}, failed=False) is None


def test_the_whole_list_may_come_at_once() -> None:
    tasks = book()
    listed = {"tasks": [{"id": "1", "subject": "a", "status": "completed"}, {"id": "2", "subject": "b"}]}
    assert tasks.ended("TaskList", {}, listed, failed=False) == (
        Task(text="a", state="done"),
        Task(text="b", state="pending"),
    )
    todos = {"todos": [{"content": "x", "status": "in_progress", "activeForm": "doing x"}]}
    assert tasks.ended("TodoWrite", todos, {}, failed=False) == (Task(text="x", state="active"),)


def test_a_list_that_is_done_is_gone_at_the_next_turn_and_another_stays() -> None:
    tasks = book()
    tasks.begin_turn()
    assert updated(tasks, "1", status="completed") == (Task(text="one", state="done"),)
    tasks.begin_turn()
    assert tasks.ended("TaskCreate", {}, made("2", "two"), failed=False) == (
        Task(text="two", state="pending"),
    )


@pytest.mark.parametrize(
    "todos", [None, 3, [None], [{"content": {"a": 1}, "status": 7}], [{"status": "blocked"}], "x"]
)
def test_an_odd_list_raises_nothing(todos: object) -> None:
    tasks = book()
    tasks.ended("TodoWrite", {"todos": todos}, None, failed=False)
    tasks.ended("TaskCreate", {}, todos, failed=False)
    tasks.ended("TaskUpdate", {"taskId": todos}, {"success": True, "taskId": todos}, failed=False)


def test_a_list_of_thousands_and_a_text_of_megabytes_are_cut() -> None:
    todos = [{"content": "x y " * 1_000_000, "status": "pending"}] * 5000
    shown = TaskBook().ended("TodoWrite", {"todos": todos}, {}, failed=False)
    assert shown is not None
    assert len(shown) == 200
    assert max(len(task.text) for task in shown) <= 201
    tasks = TaskBook()
    for number in range(500):
        shown = tasks.ended("TaskCreate", {}, made(str(number), "x"), failed=False) or shown
    assert len(shown) == 200
