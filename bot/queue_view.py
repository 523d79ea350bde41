"""/queue as a person sees it: what runs and waits in a room, page by page, with its buttons. Pure."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from bot.measure import last_cut, reach
from bot.render import plain
from bot.said import Said
from sessions.keys import TurnId
from sessions.manager import Queue
from sessions.store.values import Button, Kind, Turn


class Op(StrEnum):
    """What can be done with a queue. `CLEAR` only asks; `EMPTY` does it."""

    SHOW = "show"
    REMOVE = "remove"
    UP = "up"
    FIRST = "first"
    CLEAR = "clear"
    EMPTY = "empty"
    PAUSE = "pause"
    RESUME = "resume"


_ACTION: Final = re.compile(
    rf"rk:queue:(?P<op>{'|'.join(Op)}):(?P<page>[0-9]{{1,4}})(:(?P<turn>[0-9]{{1,18}}))?"
)
_PER_PAGE: Final = 4
"""A row of buttons each; the fifth row is for the whole queue."""
_WORDS_CHARS: Final = 80


@dataclass(frozen=True, slots=True)
class QueueClick:
    """What a button under a queue says. `page` is the one that it stands on."""

    op: Op
    page: int = 0
    turn: TurnId | None = None


def parse_queue(action: str) -> QueueClick | None:
    """Return what a button says; None if it is none of these."""
    found = _ACTION.fullmatch(action)
    if found is None:
        return None
    turn = found["turn"]
    return QueueClick(Op(found["op"]), int(found["page"]), TurnId(int(turn)) if turn else None)


def queue_view(queue: Queue, channel_id: str, page: int = 0, note: str = "") -> Said:
    """Return a page of a queue with its buttons, the last page if there are fewer; `note` comes first.

    Of what was said in another channel than `channel_id` neither a word nor who said it is shown.
    """
    page = max(0, min(page, (len(queue.waiting) - 1) // _PER_PAGE))
    before = page * _PER_PAGE
    shown = list(enumerate(queue.waiting[before : before + _PER_PAGE], before + 1))
    lines = [note, _head(queue)]
    if queue.running is not None:
        lines.append(f"▶️ {_entry(queue.running, channel_id)}")
    lines += [f"{number}\\. {_entry(turn, channel_id)}" for number, turn in shown]
    if len(shown) < len(queue.waiting):
        lines.append(f"-# {before + 1} to {before + len(shown)} of {len(queue.waiting)}")
    rows = [_choices(number, turn, page) for number, turn in shown]
    return Said("\n".join(filter(None, lines)), (*rows, _controls(queue, page)))


def clear_view(waiting: int, page: int) -> Said:
    """Return the question whether all that waits shall go, asked from a page."""
    remove = _button(f"Remove all {waiting}", Op.EMPTY, 0, style="danger")
    return Said(
        f"Remove all {waiting} that wait here? What runs goes on.",
        ((remove, _button("Keep them", Op.SHOW, page)),),
    )


def _head(queue: Queue) -> str:
    parts = ["**Queue of this room**", "running" if queue.running else "nothing runs"]
    parts.append(f"{len(queue.waiting)} waiting" if queue.waiting else "nothing waits")
    if queue.paused:
        parts.append("**paused**: nothing more starts until somebody resumes it")
    return " · ".join(parts)


def _entry(turn: Turn, channel_id: str) -> str:
    since = f"<t:{turn.created.timestamp():.0f}:R>"
    if turn.address.channel_id != channel_id:
        return f"something said in another channel · {since}"
    who = f"**{plain(turn.prompt.author_name)}**: " if turn.prompt.author_name else ""
    return f"{who}{_words(turn)} · {since}"


def _words(turn: Turn) -> str:
    if turn.kind is Kind.RESET:
        return "`/reset`"
    text = " ".join(turn.prompt.text.split())
    end = last_cut(text, 0, reach(text, 0, _WORDS_CHARS))
    words = plain(text) if end == len(text) else f"{plain(text[:end])}…"
    count = len(turn.prompt.attachments)
    files = "" if not count else "1 file" if count == 1 else f"{count} files"
    return " + ".join(filter(None, [words, files]))


def _choices(number: int, turn: Turn, page: int) -> tuple[Button, ...]:
    remove = _button(f"Remove {number}", Op.REMOVE, page, turn.id)
    if number == 1:
        return (remove,)
    up = _button(f"Up {number}", Op.UP, page, turn.id)
    return remove, up, _button(f"Next {number}", Op.FIRST, page, turn.id)


def _controls(queue: Queue, page: int) -> tuple[Button, ...]:
    resume, pause = _button("Resume", Op.RESUME, page, style="good"), _button("Pause", Op.PAUSE, page)
    clear = [_button("Clear", Op.CLEAR, page, style="danger")] if queue.waiting else []
    back = [_button("Back", Op.SHOW, page - 1)] if page else []
    more = [_button("More", Op.SHOW, page + 1)] if len(queue.waiting) > (page + 1) * _PER_PAGE else []
    return (*clear, resume if queue.paused else pause, _button("Refresh", Op.SHOW, page), *back, *more)


def _button(
    label: str,
    op: Op,
    page: int,
    turn: TurnId | None = None,
    *,
    style: Literal["plain", "good", "danger"] = "plain",
) -> Button:
    action = f"rk:queue:{op}:{page}" if turn is None else f"rk:queue:{op}:{page}:{turn}"
    return Button(label=label, action=action, style=style)
