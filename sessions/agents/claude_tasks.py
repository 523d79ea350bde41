"""Claude Code's own task list, followed through the calls that write it. Pure; the state is one process's.

`TaskCreate` and `TaskUpdate` change one entry, whose number only the result says (2.1.327); `TodoWrite` of
older ones writes the whole list at once.
"""

from collections.abc import Mapping
from typing import Final, Literal

from sessions.agents.claude_fields import as_list, as_map, as_text
from sessions.events import Task

_TASKS: Final = 200
_TEXT_CHARS: Final = 200
_STATES: Final[Mapping[str, Literal["pending", "active", "done"]]] = {
    "pending": "pending",
    "in_progress": "active",
    "completed": "done",
}
TASK_TOOLS: Final = frozenset({"TodoWrite", "TaskCreate", "TaskUpdate", "TaskList", "TaskGet"})
"""They only keep the list, which is shown itself."""


class TaskBook:
    """The list as far as this process has heard of it."""

    def __init__(self) -> None:
        self._tasks: dict[str, Task] = {}

    def begin_turn(self) -> None:
        """Forget a list that was done: the next turn begins one of its own."""
        if all(task.state == "done" for task in self._tasks.values()):
            self._tasks = {}

    def ended(
        self, name: str, arguments: Mapping[str, object], result: object, *, failed: bool
    ) -> tuple[Task, ...] | None:
        """Take a call's end; the list as it is then, None if it is the same."""
        if failed or name not in TASK_TOOLS:
            return None
        before = dict(self._tasks)
        self._change(name, arguments, as_map(result))
        return None if self._tasks == before else tuple(self._tasks.values())[:_TASKS]

    def _change(self, name: str, arguments: Mapping[str, object], result: Mapping[str, object]) -> None:
        match name:
            case "TodoWrite":
                todos = [as_map(todo) for todo in as_list(arguments.get("todos"))]
                self._tasks = {str(number): _task(todo) for number, todo in enumerate(todos[:_TASKS], 1)}
            case "TaskList" if "tasks" in result:
                tasks = [as_map(task) for task in as_list(result.get("tasks"))]
                self._tasks = {as_text(task.get("id")): _task(task) for task in tasks[:_TASKS]}
            case "TaskCreate":
                task = as_map(result.get("task"))
                number = as_text(task.get("id"))
                if number and len(self._tasks) < _TASKS:
                    self._tasks[number] = _task({**task, "status": "pending"})
            case "TaskUpdate" if result.get("success") is True:
                self._update(as_text(arguments.get("taskId")), arguments)
            case _:
                pass

    def _update(self, number: str, arguments: Mapping[str, object]) -> None:
        if arguments.get("status") == "deleted":
            self._tasks.pop(number, None)
            return
        known = self._tasks.get(number)
        if known is None and len(self._tasks) >= _TASKS:
            return
        changed = _task(arguments)
        text = changed.text or (known.text if known is not None else f"Task {number[:_TEXT_CHARS]}")
        state = changed.state if "status" in arguments or known is None else known.state
        self._tasks[number] = Task(text=text, state=state)


def _task(entry: Mapping[str, object]) -> Task:
    words = as_text(entry.get("content")) or as_text(entry.get("subject"))
    text = " ".join(words[: 4 * _TEXT_CHARS].split())
    short = text if len(text) <= _TEXT_CHARS else f"{text[:_TEXT_CHARS]}…"
    return Task(text=short, state=_STATES.get(as_text(entry.get("status")), "pending"))
