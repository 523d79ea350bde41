"""Permission requests as chat messages: the card, its buttons, and what a click decides."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from bot.access import Needs, Tier
from bot.components import Button
from bot.measure import reach, units
from bot.render import plain
from bot.reply_state import elapsed
from sessions.agents.base import Allow, Decision, Deny
from sessions.errors import AlreadyDecided
from sessions.events import PermissionAsk
from sessions.foreign_text import named
from sessions.keys import TurnId

_ACTION: Final = re.compile(r"rk:(?P<op>allow|deny):(?P<turn>[0-9]{1,18}):(?P<ask>[0-9a-f]{16})")
_FENCES: Final = re.compile(r"`(?=``)")
_NAME_CHARS: Final = 64
_TITLE_CHARS: Final = 120


@dataclass(frozen=True, slots=True)
class AskClick:
    """What a button says: yes or no to a turn's request. `ask` is the request's short name."""

    op: Literal["allow", "deny"]
    turn: TurnId
    ask: str

    @property
    def needs(self) -> Needs:
        """Who may decide: whoever asked for the turn, or an operator."""
        return Needs(Tier.USER, others=Tier.OPERATOR)


class Decider(Protocol):
    """Who takes decisions; the session manager."""

    async def decide(self, turn: TurnId, ask: str, decision: Decision) -> None:
        """Answer a turn's open request. Raises AlreadyDecided if it is not open any more."""
        ...


class OpenAsks:
    """The requests that are open right now, by what their buttons say.

    Not stored: after a restart nothing waits for the answer any more, so an old button finds
    nothing here and can never answer another request.
    """

    def __init__(self) -> None:
        self._asks: dict[tuple[TurnId, str], PermissionAsk] = {}

    def add(self, turn: TurnId, ask: PermissionAsk) -> None:
        """A request was made."""
        self._asks[turn, short_name(ask.id)] = ask

    def remove(self, turn: TurnId, ask_id: str) -> None:
        """A request is over; nothing happens if it was over already."""
        self._asks.pop((turn, short_name(ask_id)), None)

    def find(self, click: AskClick) -> PermissionAsk | None:
        """Return the request that a button belongs to, if it is open."""
        return self._asks.get((click.turn, click.ask))


def short_name(ask_id: str) -> str:
    """Return a request's name for its buttons: the vendor's own may be too long or hold any sign."""
    return hashlib.sha256(ask_id.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def buttons(turn: TurnId, ask_id: str) -> tuple[Button, Button]:
    """Return the two choices under a request."""
    name = short_name(ask_id)
    return (
        Button(label="Allow once", action=f"rk:allow:{turn}:{name}", style="good"),
        Button(label="Deny", action=f"rk:deny:{turn}:{name}", style="danger"),
    )


def parse_ask(action: str) -> AskClick | None:
    """Return what a button says; None if it is none of these."""
    found = _ACTION.fullmatch(action)
    if found is None:
        return None
    return AskClick("allow" if found["op"] == "allow" else "deny", TurnId(int(found["turn"])), found["ask"])


async def decide(click: AskClick, person_name: str, asks: OpenAsks, decider: Decider) -> str:
    """Take a person's decision and return the one line that the card becomes.

    Raises:
        AlreadyDecided: somebody was faster, the time is over, or the turn has ended.
    """
    ask = asks.find(click)
    if ask is None:
        raise AlreadyDecided
    if click.op == "allow":
        await decider.decide(click.turn, ask.id, Allow())
        return closed_card(ask, f"allowed once by {plain(person_name)}")
    await decider.decide(click.turn, ask.id, Deny(reason=f"{named(person_name, _NAME_CHARS)} said no."))
    return closed_card(ask, f"denied by {plain(person_name)}")


def card(ask: PermissionAsk, limit: int, ask_limit_s: float) -> str:
    """Return the text above the buttons: the tool and all that it was given.

    What does not fit is left out of the middle, and the card says so.
    """
    head = f"**{plain(ask.tool)}** needs your permission:\n```\n"
    foot = f"\n```\n-# No answer within {elapsed(ask_limit_s)} means no."
    detail = _shown(_detail(ask.arguments) or ask.title or ask.tool)
    return f"{head}{_shortened(detail, limit - units(head) - units(foot))}{foot}"


def closed_card(ask: PermissionAsk, verdict: str) -> str:
    """Return the one line that a card becomes when its request is over."""
    title = ask.title if len(ask.title) <= _TITLE_CHARS else f"{ask.title[:_TITLE_CHARS]}…"
    return f"-# {plain(ask.tool)}: {plain(title)} · {verdict}"


def _detail(arguments: Mapping[str, object]) -> str:
    return "\n".join(f"{name}: {_text(value)}" for name, value in arguments.items())


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except RecursionError:  # a model may nest as deep as it likes
        return "(nested too deep to be shown)"


def _shown(text: str) -> str:
    """Return `text` so that nothing in it hides: no way out of the code block, no invisible sign."""
    seen = "".join(char if _is_seen(char) else "\ufffd" for char in text.replace("\r\n", "\n"))
    return _FENCES.sub("`\u200b", seen)


def _is_seen(char: str) -> bool:
    return char in "\n\t" or not unicodedata.category(char).startswith("C")


def _shortened(text: str, room: int) -> str:
    if units(text) <= room:
        return text
    note = f"\n\n[... {len(text):,} characters in all; the middle is not shown. Say no if in doubt. ...]\n\n"
    half = (room - units(note)) // 2
    head_end = reach(text, 0, half)
    tail_start = len(text) - reach(text[::-1], 0, half)
    return f"{text[:head_end]}{note}{text[tail_start:]}"
