"""What the agent does in a turn, folded from its events: tools, sub-agents, tasks, thoughts. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from sessions.events import (
    BackgroundTasks,
    Task,
    TaskList,
    Thinking,
    ToolEnd,
    ToolStart,
)

_RUNNING: Final = 32
"""So many tools at work are known; of more than that the oldest are only counted."""

_ENDED: Final = 12
_THOUGHT_CHARS: Final = 2000
_BACKGROUND: Final = 5
_DIFFS_CHARS: Final = 200_000
_TASK_TOOLS: Final = frozenset({"TodoWrite", "TaskCreate", "TaskUpdate", "TaskList", "TaskGet"})
"""What they do is shown as the task list itself."""

_Running = Mapping[str, "Call"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A tool call. `took_s` is None while it runs. `root` is the sub-agent it runs in, the outermost one.

    `depth` counts the sub-agents around it. `inside` is the newest call of the sub-agent that this one is.
    """

    id: str
    number: int
    name: str
    title: str
    since_s: float
    took_s: float | None = None
    failed: bool = False
    output: str = ""
    diff: str = ""
    root: str | None = None
    depth: int = 0
    inside: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What a turn's agent did and does. `ended` are its last calls, oldest first; `count` counts all.

    `diffs` is what it changed in files, oldest first, up to a limit; `thoughts` the end of what it thought.
    `out_of_background` names what ended in the background meanwhile.
    """

    running: _Running = field(default_factory=lambda: MappingProxyType({}))
    ended: tuple[Call, ...] = ()
    count: int = 0
    failed: int = 0
    tasks: tuple[Task, ...] = ()
    background: int = 0
    in_background: tuple[str, ...] = ()
    out_of_background: tuple[str, ...] = ()
    thoughts: str = ""
    diffs: tuple[str, ...] = ()
    diffs_chars: int = 0

    @property
    def calls(self) -> list[Call]:
        """The calls that are known, in the order in which they began."""
        return sorted((*self.ended, *self.running.values()), key=lambda call: call.number)

    @property
    def at_work(self) -> Call | None:
        """The newest call of the agent itself that runs; one of a sub-agent if there is none."""
        calls = sorted(self.running.values(), key=lambda call: (call.root is None, call.number))
        return calls[-1] if calls else None

    @property
    def tasks_done(self) -> int:
        """How many tasks are done."""
        return sum(task.state == "done" for task in self.tasks)


def active(
    activity: Activity, event: ToolStart | ToolEnd | TaskList | BackgroundTasks | Thinking, now_s: float
) -> Activity:
    """Return what is known after `event`; `activity` itself if that is nothing new."""
    match event:
        case ToolStart():
            return _started(activity, event, now_s)
        case ToolEnd(id=call):
            known = activity.running.get(call)
            return activity if known is None else _ended(activity, known, event, now_s)
        case TaskList(tasks=tasks):
            return activity if tasks == activity.tasks else replace(activity, tasks=tasks)
        case BackgroundTasks(count=count, names=names):
            gone = [name for name in activity.in_background if name not in names]
            over = (*activity.out_of_background, *gone)[-_BACKGROUND:]
            changed = replace(activity, background=count, in_background=names, out_of_background=over)
            return activity if changed == activity else changed
        case Thinking(text=text):
            return replace(activity, thoughts=(activity.thoughts + text[-_THOUGHT_CHARS:])[-_THOUGHT_CHARS:])


def at_end(activity: Activity) -> Activity:
    """Return what is known when the turn has ended: nothing runs in it any more."""
    return replace(activity, running={})


def _started(activity: Activity, event: ToolStart, now_s: float) -> Activity:
    if event.name in _TASK_TOOLS:
        return activity
    running = dict(activity.running)
    around = None if event.parent is None else running.get(event.parent)
    root = event.parent if around is None else around.root or around.id
    call = Call(
        id=event.id,
        number=activity.count,
        name=event.name,
        title=event.title,
        since_s=now_s,
        root=root,
        depth=0 if root is None else 1 if around is None else around.depth + 1,
    )
    if root is not None and root in running:
        running[root] = replace(running[root], inside=(event.name, event.title))
    running[event.id] = call
    if len(running) > _RUNNING:
        del running[next(iter(running))]
    return replace(activity, running=running, count=activity.count + 1)


def _ended(activity: Activity, call: Call, event: ToolEnd, now_s: float) -> Activity:
    running = {name: one for name, one in activity.running.items() if name != call.id}
    end = replace(
        call,
        took_s=now_s - call.since_s,
        failed=event.failed,
        output=event.output,
        diff=event.diff,
    )
    changed = replace(
        activity,
        running=running,
        ended=(*activity.ended[1 - _ENDED :], end),
        failed=activity.failed + event.failed,
    )
    if not event.diff or activity.diffs_chars + len(event.diff) > _DIFFS_CHARS:
        return changed
    return replace(
        changed, diffs=(*activity.diffs, event.diff), diffs_chars=activity.diffs_chars + len(event.diff)
    )
