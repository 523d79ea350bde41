"""/sessions as a person sees it: a room's sessions page by page, one of them with its buttons. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, assert_never

from bot.access import Needs, Tier
from bot.components import Button, Choice, Menu, Pressed, Row
from bot.durations import ago
from bot.render import plain
from bot.said import Said
from sessions.keys import TurnId
from sessions.past import PastSession


class Op(StrEnum):
    """What can be done with sessions. `PICK` shows one, `ASK` only asks; `DELETE` does it."""

    SHOW = "show"
    PICK = "pick"
    RESUME = "resume"
    EXPORT = "export"
    ASK = "ask"
    DELETE = "delete"


_ACTION: Final = re.compile(
    rf"rk:past:(?P<op>{'|'.join(Op)}):(?P<page>[0-9]{{1,4}})(:(?P<ref>[0-9a-f]{{16}}))?"
)
_REF: Final = re.compile(r"[0-9a-f]{16}")
_PER_PAGE: Final = 8
_TITLE_CHARS: Final = 80
_STATES: Final = {
    "open": "open here",
    "former": "former",
    "terminal": "from a terminal",
    "in use": "open in a terminal",
    "deleted": "of a place that was deleted",
}


@dataclass(frozen=True, slots=True)
class PastClick:
    """What a button or menu under a room's sessions says. `page` is the one that it stands on."""

    op: Op
    page: int = 0
    ref: str = ""

    @property
    def turn(self) -> TurnId | None:
        """It concerns no turn."""
        return None

    @property
    def needs(self) -> Needs:
        """Who may do it: all may look; operators decide which one the room is in, and what leaves it."""
        match self.op:
            case Op.SHOW | Op.PICK:
                return Needs(Tier.USER, others=Tier.USER)
            case Op.RESUME | Op.EXPORT | Op.ASK | Op.DELETE:
                return Needs(Tier.OPERATOR, others=Tier.OPERATOR)
            case _:
                assert_never(self.op)


def parse_past(pressed: Pressed) -> PastClick | None:
    """Return what somebody did with a room's sessions; None if it is none of these."""
    found = _ACTION.fullmatch(pressed.action)
    if found is None:
        return None
    chosen = pressed.values[0] if pressed.values and _REF.fullmatch(pressed.values[0]) else ""
    return PastClick(Op(found["op"]), int(found["page"]), found["ref"] or chosen)


def past_view(sessions: Sequence[PastSession], now: datetime, page: int = 0, note: str = "") -> Said:
    """Return a page of a room's sessions with a menu to pick one; the last page, if there are fewer."""
    if not sessions:
        text = "This room has no sessions yet: the first message here starts one."
        return Said("\n".join(filter(None, [note, text])))
    last = (len(sessions) - 1) // _PER_PAGE
    page = max(0, min(page, last))
    shown = sessions[page * _PER_PAGE : (page + 1) * _PER_PAGE]
    many = "1" if len(sessions) == 1 else str(len(sessions))
    lines = [note, f"**Sessions of this room** · {many}", *(_line(one) for one in shown)]
    choices = tuple(
        Choice(
            label=_cut(title_or_none(one), 100),
            value=one.ref,
            detail=f"{_STATES[one.state]} · {shown_age(one.last_used, now)}",
        )
        for one in shown
    )
    rows: list[Row] = [Menu(action=f"rk:past:pick:{page}", hint="Pick one", choices=choices)]
    turns = [
        Button(label=label, action=f"rk:past:show:{to}")
        for label, to in (("Back", page - 1), ("More", page + 1))
        if 0 <= to <= last
    ]
    if turns:
        lines.append(f"-# Page {page + 1} of {last + 1}")
        rows.append(tuple(turns))
    return Said("\n".join(filter(None, lines)), tuple(rows))


def session_view(one: PastSession, tier: Tier, page: int = 0) -> Said:
    """Return one session with what the viewer may do with it."""
    cost = "" if one.cost_usd is None else f" · ~${one.cost_usd:.2f}"
    lines = [
        f"**{plain(_cut(title_or_none(one), 300))}**",
        f"{_STATES[one.state]} · {_turns(one)}{cost} · last used {ago(one.last_used)}",
        f"Id: `{_cut(one.agent_session_id.replace('`', ''), 100)}`",
    ]
    if one.state == "in use":
        lines.append("-# It is open in a terminal: end it there, then it can be resumed here.")
    if one.state == "deleted":
        lines.append("-# Resumed here, this room goes on with a copy of it; files stay where they were.")
    offered: list[Button] = []
    for label, op, fits in (
        ("Resume here", Op.RESUME, one.state in ("former", "terminal", "deleted")),
        ("Export", Op.EXPORT, one.state in ("open", "former")),
        ("Delete…", Op.ASK, one.state == "former"),
    ):
        click = PastClick(op, page, one.ref)
        if fits and tier >= click.needs.own:
            offered.append(
                Button(label=label, action=_action(click), style="primary" if op is Op.RESUME else "plain")
            )
    offered.append(Button(label="All sessions", action=f"rk:past:show:{page}"))
    return Said("\n".join(lines), (tuple(offered),))


def delete_view(one: PastSession, page: int) -> Said:
    """Return the question whether a session shall go for good."""
    delete = Button(
        label="Delete for good", action=_action(PastClick(Op.DELETE, page, one.ref)), style="danger"
    )
    keep = Button(label="Keep it", action=_action(PastClick(Op.PICK, page, one.ref)))
    return Said(
        f"Delete **{plain(_cut(title_or_none(one), 300))}** ({_turns(one)}) for good? What was said in it"
        " cannot be brought back; messages in the chat, files and memory notes stay.",
        ((delete, keep),),
    )


def title_or_none(one: PastSession) -> str:
    """Return what a session is called."""
    return " ".join(one.title.split()) or "without a name"


def shown_age(then: datetime, now: datetime) -> str:
    """Return how long ago something was, in two words: `just now`, `5 min ago`, `3 h ago`, `12 days ago`."""
    minutes = max(0, int((now - then).total_seconds() // 60))
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min ago"
    if minutes < 48 * 60:
        return f"{minutes // 60} h ago"
    return f"{minutes // (24 * 60)} days ago"


def _line(one: PastSession) -> str:
    mark = "▶️ " if one.state == "open" else "• "
    cost = "" if one.cost_usd is None else f" · ~${one.cost_usd:.2f}"
    title = plain(_cut(title_or_none(one), _TITLE_CHARS))
    where = "" if one.state in ("open", "former") else f" · {_STATES[one.state]}"
    return f"{mark}**{title}** · {_turns(one)}{cost} · {ago(one.last_used)}{where}"


def _turns(one: PastSession) -> str:
    return "1 turn" if one.turn_count == 1 else f"{one.turn_count} turns"


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _action(click: PastClick) -> str:
    return f"rk:past:{click.op}:{click.page}:{click.ref}"
