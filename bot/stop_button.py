"""The Stop button of a live message: what it says, and what a click on it does."""

import re
from dataclasses import dataclass
from typing import Final, Protocol

from bot.access import Needs, Tier
from bot.components import Button
from bot.said import Clicked, Said
from sessions.keys import SessionKey, TurnId

_ACTION: Final = re.compile(r"rk:stop:(?P<turn>[0-9]{1,18})")
_OVER: Final = "That turn is over already. `/queue` shows what runs and waits here."


@dataclass(frozen=True, slots=True)
class StopClick:
    """What the button says: this turn is to end."""

    turn: TurnId

    @property
    def needs(self) -> Needs:
        """Who may: whoever asked for the turn, or an operator."""
        return Needs(Tier.USER, others=Tier.OPERATOR)


class Stopper(Protocol):
    """Who ends turns; the session manager."""

    def stop(self, key: SessionKey, turn: TurnId | None = None) -> bool:
        """End the running turn, only that one if it is named; False if none runs."""
        ...


def stop_button(turn: TurnId) -> Button:
    """Return the button that ends a turn."""
    return Button(label="Stop", action=f"rk:stop:{turn}", style="danger")


def parse_stop(action: str) -> StopClick | None:
    """Return what a button says; None if it is not this one."""
    found = _ACTION.fullmatch(action)
    return None if found is None else StopClick(TurnId(int(found["turn"])))


def is_stop(action: str) -> bool:
    """Whether a button is this one, of whatever turn."""
    return parse_stop(action) is not None


def press_stop(click: StopClick, key: SessionKey, stopper: Stopper) -> Clicked:
    """End the turn, if it still runs: by its state, whatever became of the message under the button."""
    if stopper.stop(key, click.turn):
        text = "Stopping it. The session stays, and what waits goes on."
        return Clicked(Said(text), deed="stop", private=True)
    return Clicked(Said(_OVER), private=True)
