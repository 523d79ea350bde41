"""The live message of a turn as its room wants it: a window, and the one line that is left of it. Pure."""

from collections.abc import Sequence
from typing import Final, Literal

from bot.durations import elapsed
from bot.measure import units
from bot.render import plain, window
from bot.reply_state import ReplyState
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
from sessions.events import Compacted
from sessions.room_settings import RoomSettings

SEPARATOR: Final = "\u200b"
"""The line between what the agent does and what it says: it looks empty, and nobody writes it."""

NOTHING_WRITTEN: Final = f"-# {SEPARATOR}"
"""So the last line begins where all above it is what the agent does: nobody sees the difference."""

_TEXT_UNITS: Final = 900
"""So much of the text is shown whatever else there is to show."""

_CALLS: Final = 6
_TAIL_UNITS: Final = 300
_DIFF_UNITS: Final = 500
_THOUGHT_UNITS: Final = 400
_KEPT_THOUGHT_UNITS: Final = 1500
_OPEN_TASKS: Final = 10

_Thinking = Literal["hidden", "spoiler", "shown"]


def is_visible(state: ReplyState, room: RoomSettings) -> bool:
    """Whether there is anything to show."""
    if state.trouble or state.text.strip():
        return True
    if room.display == "off":
        return False
    activity = state.activity
    if activity.running or activity.tasks or (activity.thoughts.strip() and thinking_of(room) != "hidden"):
        return True
    return room.display in ("all", "verbose") and bool(activity.ended)


def thinking_of(room: RoomSettings) -> _Thinking:
    """Return how thoughts are shown: as somebody said, else behind a spoiler where all is shown."""
    if room.display == "off":
        return "hidden"
    if "thinking" in room.model_fields_set or room.display != "verbose":
        return room.thinking
    return "spoiler"


def live_text(state: ReplyState, now_s: float, limit: int, room: RoomSettings | None = None) -> str:
    """Return the live message: tasks, tools, the tail of the text, one small line about what happens now.

    Of what the agent does, as much as leaves room for the text.
    """
    room = room or RoomSettings()
    status = f"-# {_status(state, now_s, room)}"
    text = state.text
    left = limit - units(status) - units(state.mark) - 5
    above = _above(state, now_s, room, left - min(units(text[-_TEXT_UNITS:]), _TEXT_UNITS))
    if above:
        left -= units(above) + 1
    is_growing = bool(state.writing)
    written = window(text, left, state.tail, is_growing=is_growing) if text.strip() else ""
    if above and written:
        written = f"{SEPARATOR}\n{written}"
    elif above and not all(line.startswith("-# ") for line in above.split("\n")):
        status = status.replace("-# ", NOTHING_WRITTEN, 1)
    return "\n".join(part for part in (state.mark, above, written, status) if part.strip(" \n"))


def folded_text(state: ReplyState, now_s: float, room: RoomSettings) -> str:
    """Return what is left of the live message under the answer; "" if it is to go."""
    if room.display == "off":
        return ""
    activity, thoughts = state.activity, _thoughts(state, room, _KEPT_THOUGHT_UNITS)
    if room.display == "new" and not activity.tasks and not thoughts:
        return ""
    parts = [
        elapsed(now_s - state.since_s),
        tools_words(activity.count, activity.failed),
        tasks_words(activity.tasks),
    ]
    still_open = [task for task in activity.tasks if task.state != "done"]
    lines = [f"-# {' · '.join(filter(None, parts))}", *task_lines(still_open, _OPEN_TASKS), thoughts]
    return "\n".join(line for line in lines if line)


def notices(state: ReplyState) -> list[str]:
    """Return the small lines above the answer: whence it comes, and what of the context is lost."""
    lines: list[str] = []
    activity = state.activity
    if state.is_unasked:
        ended = ", ".join(words("", name) for name in activity.out_of_background)
        whence = f"Ended in the background: {ended}" if ended else "Nobody asked: the agent speaks by itself"
        lines.append(" · ".join(filter(None, [f"-# {whence}", tools_words(activity.count)])))
    lines += [_compacted(event) for event in state.compactions if not event.asked]
    return lines


def _compacted(event: Compacted) -> str:
    sizes = ""
    if event.before and event.after is not None:
        sizes = f" ({event.before:,} → {event.after:,} tokens)"
    return (
        f"-# The conversation grew too long, so its older part is now a summary{sizes}."
        " Details of it may be lost; files and memory notes are not."
    )


def _above(state: ReplyState, now_s: float, room: RoomSettings, limit: int) -> str:
    """Return what the agent does, the tasks first: whole parts, as many as fit."""
    if room.display == "off":
        return ""
    activity = state.activity
    kept: list[str] = []

    def add(part: str) -> bool:
        nonlocal limit
        fits = bool(part) and units(part) + 1 <= limit
        if fits:
            limit -= units(part) + 1
            kept.append(part)
        return fits

    add("\n".join(task_lines(activity.tasks)))
    if room.display in ("all", "verbose"):
        add("\n".join(_calls(state, now_s, room, limit)))
    if room.display == "verbose" and activity.ended:
        last = activity.ended[-1]
        if last.diff:
            add(fenced(last.diff, "diff", min(limit - 1, _DIFF_UNITS)))
        else:
            add(fenced(last.output, "", min(limit - 1, _TAIL_UNITS), tail=True))
    add(_thoughts(state, room, min(limit - 1, _THOUGHT_UNITS)))
    return "\n".join(kept)


def _calls(state: ReplyState, now_s: float, room: RoomSettings, limit: int) -> Sequence[str]:
    """Return the lines of the last calls, the newest for certain; those of sub-agents where all is shown."""
    calls = [call for call in state.activity.calls if call.root is None or room.display == "verbose"]
    lines: list[str] = []
    for call in reversed(calls[-_CALLS:]):
        line = call_line(call, now_s)
        limit -= units(line) + 1
        if limit < 0:
            break
        lines.append(line)
    return lines[::-1]


def _thoughts(state: ReplyState, room: RoomSettings, limit: int) -> str:
    """Return the end of what the agent thought, in whole words and one block; "" if nobody wants it."""
    shown = thinking_of(room)
    thoughts = "" if shown == "hidden" else " ".join(state.activity.thoughts.split())
    if not thoughts or limit < _THOUGHT_UNITS // 4:
        return ""
    marks = len("-# 💭 ||…||") + 1
    tail = thoughts[-(limit - marks) // 2 :] if units(thoughts) > (limit - marks) // 2 else thoughts
    if len(tail) < len(thoughts):
        tail = f"…{tail.partition(' ')[2] or tail}"
    return f"-# 💭 ||{plain(tail)}||" if shown == "spoiler" else f"-# 💭 {plain(tail)}"


def _status(state: ReplyState, now_s: float, room: RoomSettings) -> str:
    activity, span = state.activity, elapsed(now_s - state.since_s)
    parts = [f"{state.trouble} · {span}" if state.trouble else span]
    at_work = activity.at_work
    match room.display:
        case "new" if at_work is not None and not state.trouble:
            parts = [at_work_line(at_work, now_s)]
        case "all" | "verbose":
            parts.append(tools_words(activity.count, activity.failed))
        case _:
            pass
    if room.display != "off":
        parts.append(background_words(activity, named=room.display == "verbose"))
    parts.append(f"{state.waiting} waiting" if state.waiting else "")
    return " · ".join(part for part in parts if part)
