"""The clicks on buttons of ours, of whatever kind: all that one says stands in its action. Pure."""

from bot.approvals import AskClick, parse_ask
from bot.interruptions import CutClick, parse_cut
from bot.queue_view import QueueClick, parse_queue

Click = AskClick | CutClick | QueueClick
"""What a button says when it is clicked. Its turn, if it names one, is `turn`."""


def parse_click(action: str) -> Click | None:
    """Return what a button says; None if it is none of ours."""
    return parse_ask(action) or parse_cut(action) or parse_queue(action)
