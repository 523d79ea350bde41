"""What the buttons under permissions and plans say, and what a click on them decides."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, Protocol

from bot.access import Needs, Tier
from bot.ask_view import approved_text, closed_line
from bot.chat import Person
from bot.components import Field, Modal
from bot.interruptions import Settler, decided_line
from bot.open_asks import OpenAsk, OpenAsks
from bot.render import plain
from bot.said import Clicked, Said
from sessions.agents.base import Allow, Decision, Deny, Verdict
from sessions.errors import AlreadyDecided, StateError, UserError
from sessions.events import PermissionAsk, PlanAsk
from sessions.foreign_text import clean, named
from sessions.keys import TurnId
from sessions.permission_rules import parse_rule
from sessions.room_permissions import Permissions, Waiting
from sessions.store.values import Settle, Turn, TurnState

log = logging.getLogger(__name__)

Op = Literal["allow", "always", "edits", "deny", "why", "keep", "no"]

_ACTION: Final = re.compile(
    r"rk:(?P<op>allow|always|edits|deny|why|keep|no):(?P<turn>[0-9]{1,18}):(?P<ask>[0-9a-f]{16})"
    r"(:(?P<mark>[0-9a-f]{32}))?"
)
_NAME_CHARS: Final = 64
_REASON: Final = "reason"
_REASON_CHARS: Final = 1000
_NOT_HERE: Final = "This cannot be allowed for good any more. Press Allow once, or Deny."


@dataclass(frozen=True, slots=True)
class AskClick:
    """What a button under a permission or a plan says. `ask` is its short name, `mark` its fingerprint.

    `why` and `keep` open a modal, which sends `no` with a reason. `edits` approves a plan and every edit
    of a file in its turn.
    """

    op: Op
    turn: TurnId
    ask: str
    mark: str = ""
    reason: str = ""

    @property
    def needs(self) -> Needs:
        """Who may decide: whoever asked for the turn, or an operator; for good an owner alone."""
        if self.op == "always":
            return Needs(Tier.OWNER, others=Tier.OWNER)
        return Needs(Tier.USER, others=Tier.OPERATOR)


class Decider(Protocol):
    """Who takes decisions; the session manager."""

    async def decide(self, turn: TurnId, ask: str, decision: Decision) -> None:
        """Answer a turn's open ask. Raises AlreadyDecided if it is not open any more."""
        ...


class Deciders(Decider, Settler, Protocol):
    """Who also decides about interrupted turns, and keeps what was allowed; the session manager."""

    @property
    def permissions(self) -> Permissions:
        """What was allowed in each room for good, and answers that wait."""
        ...


def parse_ask(action: str, fields: Mapping[str, str] = MappingProxyType({})) -> AskClick | None:
    """Return what a button says, or a modal with these fields; None if it is none of these."""
    found = _ACTION.fullmatch(action)
    if found is None:
        return None
    op: Op = found["op"]  # type: ignore[assignment]  -- the pattern knows no other
    turn, mark = TurnId(int(found["turn"])), found["mark"] or ""
    return AskClick(op, turn, found["ask"], mark, fields.get(_REASON, ""))


def reason_modal(click: AskClick) -> Modal | None:
    """Return the modal that a button opens; None if it opens none."""
    if click.op not in ("why", "keep"):
        return None
    title, label = (
        ("Deny with a reason", "What should the agent know?")
        if click.op == "why"
        else ("Keep planning", "What should be different?")
    )
    action = f"rk:no:{click.turn}:{click.ask}:{click.mark}".removesuffix(":")
    field = Field(name=_REASON, label=label, long=True, required=False, limit=_REASON_CHARS)
    return Modal(action=action, title=title, fields=(field,))


async def decide(
    click: AskClick, person: Person, turn: Turn, asks: OpenAsks, rooms: Deciders, on: str | None = None
) -> Clicked:
    """Take a person's decision; returns the one line that the card becomes. It was made `on` a message.

    After a restart the process that asked is gone: a yes lets its turn go on, and is kept for when the
    same is asked again; a no drops the turn.

    Raises:
        AlreadyDecided: somebody was faster, the time is over, or the turn has ended.
        UserError: it cannot be allowed for good.
    """
    if click.op in ("why", "keep"):
        raise UserError("Press that button again, and fill in what it opens.")
    entry = asks.entry(click.turn, click.ask)
    if entry is not None:
        is_its_own = on is None or asks.of_message(on) is entry
        return await _open(click, person, turn, entry, rooms, is_its_own=is_its_own)
    again = asks.alike(click.turn, click.mark)
    if again is not None:  # the resumed turn has asked anew: its card answers for both
        return await _open(click, person, turn, again, rooms, is_its_own=False)
    return await _late(click, person, turn, rooms)


async def _open(
    click: AskClick, person: Person, turn: Turn, entry: OpenAsk, rooms: Deciders, *, is_its_own: bool
) -> Clicked:
    ask, who = entry.ask, plain(person.name)
    if not isinstance(ask, PermissionAsk | PlanAsk):
        raise AlreadyDecided
    is_plan, rule = isinstance(ask, PlanAsk), None
    if click.op == "always":
        rule = parse_rule(ask.rule) if isinstance(ask, PermissionAsk) else None
        if rule is None:
            raise UserError(_NOT_HERE)
    words = f"allowed here for good by {who}: `{rule}`" if rule else _words(click, who, is_plan=is_plan)
    line = closed_line(ask, words)
    if isinstance(ask, PlanAsk) and click.op in ("allow", "edits"):
        line = approved_text(ask, words)
    # Whether a rule could be kept is not known yet when its card changes by itself.
    elsewhere = closed_line(ask, f"allowed by {who}: `/permissions` shows what holds here") if rule else line
    await answer(rooms, entry, _verdict(click, person, is_plan=is_plan), line="" if is_its_own else elsewhere)
    if rule is None:
        return Clicked(Said(line), deed=_deed(click))
    try:
        await rooms.permissions.teach(turn.key, rule, person.id, person.name)
    except StateError as error:
        log.warning("a rule was not stored", extra={"reason": str(error)})
        return Clicked(
            Said(closed_line(ask, f"allowed once by {who}; it could not be kept for good")),
            deed="allow request",
        )
    return Clicked(Said(line), deed=_deed(click), detail=str(rule))


async def answer(rooms: Decider, entry: OpenAsk, decision: Decision, *, line: str = "") -> None:
    """Answer an open ask; its card becomes `line` unless a button of its own says what it becomes.

    Raises AlreadyDecided, also while somebody else's answer is on its way, and StateError; then the card
    stays as it is.
    """
    if entry.is_taken:  # else the card could say what the slower one decided
        raise AlreadyDecided
    entry.is_taken, entry.line = True, line  # before it is over, for then the card is let go
    try:
        await rooms.decide(entry.turn, entry.ask.id, decision)
    except BaseException:
        entry.is_taken, entry.line = False, ""
        raise


async def _late(click: AskClick, person: Person, turn: Turn, rooms: Deciders) -> Clicked:
    verdict = _verdict(click, person, is_plan=click.op == "edits")
    if isinstance(verdict, Deny):
        if turn.state is not TurnState.INTERRUPTED or not await rooms.settle(click.turn, Settle.DROP):
            raise AlreadyDecided
        return Clicked(Said(decided_line(Settle.DROP, person.name)), deed=_deed(click))
    if turn.state not in (TurnState.INTERRUPTED, TurnState.QUEUED, TurnState.RUNNING) or not click.mark:
        raise AlreadyDecided
    if turn.state is TurnState.RUNNING and turn.attempt < 2:
        raise AlreadyDecided  # it was not cut off: this ask of it is simply over
    waiting = Waiting(turn=click.turn, fingerprint=click.mark, decision=verdict)
    await rooms.permissions.keep(turn.key, waiting)
    if turn.state is TurnState.INTERRUPTED and not await rooms.settle(click.turn, Settle.CONTINUE):
        await rooms.permissions.take(turn.key, click.turn, click.mark)
        raise AlreadyDecided
    # What the rule was, nobody knows any more: so it is not allowed for good.
    allowed = "Allowed once" if click.op == "always" else "Allowed"
    line = f"-# {allowed} by {plain(person.name)}. It counts when the agent asks the same again."
    return Clicked(Said(line), deed="allow request")


def _verdict(click: AskClick, person: Person, *, is_plan: bool) -> Verdict:
    if click.op in ("allow", "always", "edits"):
        return Allow(accept_edits=is_plan and click.op == "edits")
    reason = " ".join(clean(click.reason).split())[:_REASON_CHARS]
    no = "wants you to keep planning" if is_plan else "said no"
    return Deny(reason=f"{named(person.name, _NAME_CHARS)} {no}{f': {reason}' if reason else '.'}")


def _words(click: AskClick, who: str, *, is_plan: bool) -> str:
    if is_plan:
        match click.op:
            case "allow":
                return f"approved by {who}, who is asked about each edit"
            case "edits":
                return f"approved by {who}, edits included"
            case _:
                return f"sent back by {who}"
    if click.op in ("allow", "edits"):
        return f"allowed once by {who}"
    return f"denied by {who}{', with a reason' if click.reason.strip() else ''}"


def _deed(click: AskClick) -> str:
    match click.op:
        case "always":
            return "allow for good"
        case "allow" | "edits":
            return "allow request"
        case _:
            return "deny request"
