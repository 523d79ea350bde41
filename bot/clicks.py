"""What people do with components of ours, of whatever kind: all that one says stands in its action. Pure."""

from bot.approvals import AskClick, parse_ask
from bot.commands.spec import Rooms
from bot.components import Modal, Pressed
from bot.interruptions import CutClick, parse_cut
from bot.queue_view import QueueClick, parse_queue
from sessions.keys import SessionKey

Click = AskClick | CutClick | QueueClick
"""What a button, menu or modal says. Its turn, if it names one, is `turn`."""


def parse_click(pressed: Pressed) -> Click | None:
    """Return what somebody did; None if it is none of ours."""
    action = pressed.action
    return parse_ask(action) or parse_cut(action) or parse_queue(action)


async def modal_for(click: Click, _rooms: Rooms, _key: SessionKey) -> Modal | None:
    """Return the modal that a click opens in a room; None if it opens none. Within a second."""
    match click:
        case AskClick() | CutClick() | QueueClick():
            return None
