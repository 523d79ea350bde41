"""Decisions about turns that were cut off: the buttons of their card, and what a click on them does."""

import re
from dataclasses import dataclass
from typing import Final, Protocol

from bot.access import Needs, Tier
from bot.render import plain
from sessions.errors import AlreadyDecided
from sessions.keys import TurnId
from sessions.store.values import Button, Settle

_ACTION: Final = re.compile(r"rk:(?P<how>continue|retry|drop):(?P<turn>[0-9]{1,18})")
_DONE: Final = {
    Settle.CONTINUE: "Continued",
    Settle.RETRY: "Started over",
    Settle.DROP: "Dropped",
}

ALLOWED_TOO: Final = "Allow and continue also says yes to what it asked above."
"""Said where the card of an interrupted turn offers that as well."""


@dataclass(frozen=True, slots=True)
class CutClick:
    """What a button of such a card says: what shall become of an interrupted turn."""

    how: Settle
    turn: TurnId

    @property
    def needs(self) -> Needs:
        """Who may decide: whoever asked for the turn, or an operator."""
        return Needs(Tier.USER, others=Tier.OPERATOR)


class Settler(Protocol):
    """Who takes these decisions; the session manager."""

    async def settle(self, turn: TurnId, how: Settle) -> bool:
        """Decide about an interrupted turn; False if that was decided already."""
        ...


def cut_buttons(turn: TurnId, allow: tuple[Button, ...] = ()) -> tuple[Button, ...]:
    """Return the three choices under the card of an interrupted turn, behind the yes to what it asked."""
    return (
        *allow,
        Button(label="Continue", action=f"rk:continue:{turn}", style="plain" if allow else "good"),
        Button(label="Retry", action=f"rk:retry:{turn}"),
        Button(label="Drop", action=f"rk:drop:{turn}", style="danger"),
    )


def parse_cut(action: str) -> CutClick | None:
    """Return what a button says; None if it is none of these."""
    found = _ACTION.fullmatch(action)
    return CutClick(Settle(found["how"]), TurnId(int(found["turn"]))) if found else None


def decided_line(how: Settle, person_name: str) -> str:
    """Return the one line that a card becomes when somebody has decided."""
    return f"-# {_DONE[how]} by {plain(person_name)}."


async def settle(click: CutClick, person_name: str, settler: Settler) -> str:
    """Take a person's decision and return the one line that the card becomes.

    Raises:
        AlreadyDecided: somebody was faster, or the turn is over.
    """
    if not await settler.settle(click.turn, click.how):
        raise AlreadyDecided
    return decided_line(click.how, person_name)
