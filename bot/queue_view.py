"""/queue as a person sees it: what runs and waits in a room, page by page, with its buttons. Pure."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal, assert_never

from bot.access import Needs, Tier
from bot.durations import ago
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
_Style = Literal["plain", "good", "danger"]
_PER_PAGE: Final = 4
"""A row of buttons each; the fifth row is for the whole queue."""
_WORDS_CHARS: Final = 80


@dataclass(frozen=True, slots=True)
class QueueClick:
    """What a button under a queue says. `page` is the one that it stands on."""

    op: Op
    page: int = 0
    turn: TurnId | None = None

    @property
    def needs(self) -> Needs:
        """Who may do it: all may look, and remove what they asked for; the rest concerns others."""
        match self.op:
            case Op.SHOW:
                return Needs(Tier.USER, others=Tier.USER)
            case Op.REMOVE:
                return Needs(Tier.USER, others=Tier.OPERATOR)
            case Op.UP | Op.FIRST | Op.CLEAR | Op.EMPTY | Op.PAUSE | Op.RESUME:
                return Needs(Tier.OPERATOR, others=Tier.OPERATOR)
            case _:
                assert_never(self.op)


def parse_queue(action: str) -> QueueClick | None:
    """Return what a button says; None if it is none of these."""
    found = _ACTION.fullmatch(action)
    if found is None:
        return None
    turn = found["turn"]
    return QueueClick(Op(found["op"]), int(found["page"]), TurnId(int(turn)) if turn else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who looks at a queue, and from where."""

    person_id: str
    tier: Tier
    channel_id: str

    def may(self, click: QueueClick, turn: Turn | None = None) -> bool:
        """Whether a button is theirs to press."""
        needs = click.needs
        return self.tier >= (needs.own if turn is None or self.asked_for(turn) else needs.others)

    def asked_for(self, turn: Turn) -> bool:
        """Whether they asked for a turn."""
        return turn.prompt.author_id == self.person_id


def queue_view(queue: Queue, viewer: Viewer, page: int = 0, note: str = "") -> Said:
    """Return a page of a queue with the buttons that the viewer may press; `note` comes first.

    The last page, if there are fewer. Of what was said in another channel than the viewer's neither a word
    nor who said it is shown.
    """
    page = max(0, min(page, (len(queue.waiting) - 1) // _PER_PAGE))
    before = page * _PER_PAGE
    shown = list(enumerate(queue.waiting[before : before + _PER_PAGE], before + 1))
    lines = [note, _head(queue)]
    if queue.running is not None:
        lines.append(f"▶️ {_entry(queue.running, viewer.channel_id)}")
    lines += [f"{number}\\. {_entry(turn, viewer.channel_id)}" for number, turn in shown]
    if len(shown) < len(queue.waiting):
        lines.append(f"-# {before + 1} to {before + len(shown)} of {len(queue.waiting)}")
    rows = [_choices(number, turn, page, viewer) for number, turn in shown]
    return Said("\n".join(filter(None, lines)), (*filter(None, rows), _controls(queue, page, viewer)))


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
    since = ago(turn.created)
    if turn.address.channel_id != channel_id:
        return f"something said in another channel · {since}"
    who = f"**{plain(turn.prompt.author_name)}**: " if turn.prompt.author_name else ""
    return f"{who}{_words(turn)} · {since}"


def _words(turn: Turn) -> str:
    if turn.kind is not Kind.PROMPT:
        return f"`/{turn.kind}`"
    text = " ".join(turn.prompt.text.split())
    end = last_cut(text, 0, reach(text, 0, _WORDS_CHARS))
    words = plain(text) if end == len(text) else f"{plain(text[:end])}…"
    count = len(turn.prompt.attachments)
    files = "" if not count else "1 file" if count == 1 else f"{count} files"
    return " + ".join(filter(None, [words, files]))


def _choices(number: int, turn: Turn, page: int, viewer: Viewer) -> tuple[Button, ...]:
    moves = ((f"Move {number} up", Op.UP), (f"Run {number} next", Op.FIRST)) if number > 1 else ()
    return tuple(
        _button(label, op, page, turn.id)
        for label, op in ((f"Remove {number}", Op.REMOVE), *moves)
        if viewer.may(QueueClick(op, page, turn.id), turn)
    )


def _controls(queue: Queue, page: int, viewer: Viewer) -> tuple[Button, ...]:
    """Return the row for the whole queue; what only looks is offered to everybody."""
    clear: list[tuple[str, Op, _Style]] = [("Clear", Op.CLEAR, "danger")] if queue.waiting else []
    hold: tuple[str, Op, _Style] = ("Pause", Op.PAUSE, "plain")
    if queue.paused:
        hold = ("Resume", Op.RESUME, "good")
    back = [_button("Back", Op.SHOW, page - 1)] if page else []
    more = [_button("More", Op.SHOW, page + 1)] if len(queue.waiting) > (page + 1) * _PER_PAGE else []
    changes = [
        _button(label, op, page, style=style)
        for label, op, style in (*clear, hold)
        if viewer.may(QueueClick(op, page))
    ]
    return (*changes, _button("Refresh", Op.SHOW, page), *back, *more)


def _button(
    label: str,
    op: Op,
    page: int,
    turn: TurnId | None = None,
    *,
    style: _Style = "plain",
) -> Button:
    action = f"rk:queue:{op}:{page}" if turn is None else f"rk:queue:{op}:{page}:{turn}"
    return Button(label=label, action=action, style=style)
