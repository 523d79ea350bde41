"""What people do with components of ours, of whatever kind: all that one says stands in its action. Pure."""

from bot.approvals import AskClick, parse_ask, reason_modal
from bot.commands import config, memory
from bot.commands.about import AboutClick, parse_about
from bot.commands.config import ConfigClick, parse_config
from bot.commands.help_view import HelpClick, parse_help
from bot.commands.memory import MemoryClick, parse_memory
from bot.commands.spec import Rooms
from bot.components import Modal, Pressed
from bot.interruptions import CutClick, parse_cut
from bot.past_view import Op, PastClick, parse_past
from bot.permissions_view import RuleClick, parse_rule_click
from bot.questions import PickClick, other_modal, parse_pick
from bot.queue_view import QueueClick, parse_queue
from bot.stop_button import StopClick, parse_stop
from sessions.keys import SessionKey

Press = (
    AskClick
    | PickClick
    | RuleClick
    | CutClick
    | QueueClick
    | ConfigClick
    | MemoryClick
    | HelpClick
    | StopClick
    | PastClick
)
"""What a button, menu or modal says. Its turn, if it names one, is `turn`."""

Click = Press | AboutClick
"""One of those, or what a form says that asks something."""


def parse_click(pressed: Pressed) -> Click | None:
    """Return what somebody did; None if it is none of ours."""
    action = pressed.action
    asked = parse_ask(action, pressed.fields) or parse_pick(pressed) or parse_rule_click(action)
    found = asked or parse_cut(action) or parse_queue(action) or parse_stop(action)
    found = found or parse_past(pressed)
    found = found or parse_about(pressed) or parse_help(action)
    return found or parse_config(pressed) or parse_memory(pressed)


def starts_turn(click: Click) -> bool:
    """Whether a click puts something into its room's line, as a message does."""
    return isinstance(click, AboutClick) or (isinstance(click, PastClick) and click.op is Op.RESUME)


async def modal_for(click: Click, rooms: Rooms, key: SessionKey) -> Modal | None:
    """Return the modal that a click opens in a room; None if it opens none. Within a second."""
    match click:
        case ConfigClick():
            return config.form(click, rooms, key)
        case MemoryClick():
            return await memory.form(click, rooms, key)
        case HelpClick() | AboutClick() | PastClick():
            return None
        case AskClick():
            return reason_modal(click)
        case PickClick():
            return other_modal(click) if click.choice == "other" else None
        case RuleClick() | CutClick() | QueueClick() | StopClick():
            return None
