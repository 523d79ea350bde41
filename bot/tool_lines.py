"""A tool call, a task list, a diff -> lines for people, in Markdown, each within a limit. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from bot.activity import Activity, Call
from bot.durations import elapsed
from bot.measure import units
from bot.render import plain, shortened
from sessions.events import Task
from sessions.foreign_text import one_line

TITLE_CHARS: Final = 120
_SCANNED_CHARS: Final = 400
_INSIDE_CHARS: Final = 60
_TASK_CHARS: Final = 100
_TASKS: Final = 8
_DEEPEST: Final = 3
_OTHER: Final = "🔧"
_SIGNS: Final[Mapping[str, str]] = {
    "Bash": "💻",
    "Read": "📄",
    "Edit": "✏️",
    "MultiEdit": "✏️",
    "Write": "✏️",
    "NotebookEdit": "✏️",
    "Glob": "🔎",
    "Grep": "🔎",
    "ToolSearch": "🔎",
    "WebSearch": "🔎",
    "WebFetch": "🌐",
    "Agent": "🤖",
    "Task": "🤖",
    "Skill": "📚",
    "ExitPlanMode": "🗺️",
    "AskUserQuestion": "❓",
}
_NAMES: Final[Mapping[str, str]] = {
    "AskUserQuestion": "Question",
    "EnterPlanMode": "Plan mode",
    "ExitPlanMode": "Plan",
    "mcp__roomkey__send_file": "send_file",
}
_FENCE: Final = re.compile(r"`(?=``)")


def words(name: str, title: str, limit: int = TITLE_CHARS) -> str:
    """Return a call in words, as in "Bash: ls". The agent chose them: as they are, never as Markdown."""
    name, title = _NAMES.get(name, name), title[:_SCANNED_CHARS]
    text = title if title.startswith(name) else f"{name[:_SCANNED_CHARS]}: {title}"
    return plain(shortened(one_line(text, _SCANNED_CHARS).removesuffix(":"), limit))


def at_work_line(call: Call, now_s: float) -> str:
    """Return the line about a call that runs: its sign, name and argument, and how long it has taken."""
    inside = "" if call.inside is None else f" ↳ {words(*call.inside, _INSIDE_CHARS)}"
    return f"{_sign(call)} {words(call.name, call.title)}{inside} · {elapsed(now_s - call.since_s)}"


def call_line(call: Call, now_s: float) -> str:
    """Return the line of a call in a list of calls, with a mark for how it ended."""
    indent = "↳ " * min(call.depth, _DEEPEST)
    if call.took_s is None:
        return f"-# {indent}⏳ {at_work_line(call, now_s)}"
    mark = "❌" if call.failed else "✅"
    return f"-# {indent}{mark} {words(call.name, call.title)} · {elapsed(call.took_s)}"


def background_words(activity: Activity, *, named: bool) -> str:
    """Return what runs beside the turn, as in "2 in the background"; "" for nothing."""
    if not activity.background:
        return ""
    names = ", ".join(words("", name, _INSIDE_CHARS) for name in activity.in_background[:3])
    return f"{activity.background} in the background{f': {names}' if named and names else ''}"


def task_lines(tasks: Sequence[Task], most: int = _TASKS) -> list[str]:
    """Return a task list in at most so many lines: what is done is counted if it does not fit."""
    done = [task for task in tasks if task.state == "done"]
    rest = [task for task in tasks if task.state != "done"]
    if len(tasks) <= most:
        return [_task_line(task) for task in tasks]
    room = most - (1 if done else 0)
    if len(rest) > room:
        # What is worked on is shown wherever it stands.
        rest.sort(key=lambda task: task.state != "active")
    shown = rest if len(rest) <= room else rest[: room - 1]
    lines = [f"☑ {len(done)} done"] if done else []
    lines += [_task_line(task) for task in shown]
    if len(shown) < len(rest):
        lines.append(f"… {len(rest) - len(shown)} more")
    return lines


def tasks_words(tasks: Sequence[Task]) -> str:
    """Return how far a task list is, as in "3 of 5 tasks done"; "" for none."""
    if not tasks:
        return ""
    done = sum(task.state == "done" for task in tasks)
    return f"{done} of {len(tasks)} {'task' if len(tasks) == 1 else 'tasks'} done"


def tools_words(count: int, failed: int = 0) -> str:
    """Return how many tools were used, as in "7 tools, 1 failed"; "" for none."""
    if not count:
        return ""
    return f"{count} {'tool' if count == 1 else 'tools'}{f', {failed} failed' if failed else ''}"


def fenced(text: str, language: str, limit: int, *, tail: bool = False) -> str:
    """Return foreign text as a code block of at most `limit` UTF-16 units, in whole lines; "" if none fits.

    With `tail` its end is kept, else its beginning.
    """
    lines = _FENCE.sub("`\u200b", text[-4 * limit :] if tail else text[: 4 * limit]).split("\n")
    left = limit - units(f"```{language}\n\n```") - len("…\n")
    kept: list[str] = []
    for line in reversed(lines) if tail else lines:
        seen = "".join(char if char.isprintable() or char == "\t" else "\ufffd" for char in line)
        left -= units(seen) + 1
        if left < 0:
            break
        kept.append(seen)
    if tail:
        kept.reverse()
    if not "".join(kept).strip():
        return ""
    is_cut = len(kept) < len(lines) or len(text) > 4 * limit
    more = ["…"] if is_cut else []
    return "\n".join([f"```{language}", *(more if tail else []), *kept, *([] if tail else more), "```"])


def _task_line(task: Task) -> str:
    text = plain(shortened(one_line(task.text, _SCANNED_CHARS), _TASK_CHARS)) or "…"
    match task.state:
        case "done":
            return f"☑ {text}"
        case "active":
            return f"▶ **{text}**"
        case "pending":
            return f"☐ {text}"


def _sign(call: Call) -> str:
    return _SIGNS.get(call.name, _OTHER)
