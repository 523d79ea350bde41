"""While it works: stop, more words, a question aside, the queue."""

from typing import Final

from tests.tour.scene import Chapter, Scene
from tests.tour.steps import Clicks, Replies, Runs, Says, Sees

_WHY: Final = Says("Why is the start page so slow?\nstory:40")
_BUSY: Final = (_WHY, Sees("The start page loads"))

STEERING: Final = Chapter(
    "While it works",
    "What you say during a turn waits in line, unless the room's policy says otherwise. Nothing is lost.",
    (
        Scene(
            "stop",
            "Stop",
            "The button, `/stop` or 🛑 under your message end the turn and all that it started. What was"
            " written so far is kept and marked as partial.",
            (*_BUSY, Clicks("Stop"), Sees("Stopped")),
        ),
        Scene(
            "queue",
            "The queue",
            "`/queue` shows what runs and what waits; each entry can be run next, moved or removed. Editing"
            " or deleting a message that waits changes or removes its entry.",
            (
                *_BUSY,
                Says("And the other pages?"),
                Says("Thanks!"),
                Runs("queue"),
                Sees("Thanks!"),
            ),
        ),
        Scene(
            "steer",
            "Say more while it works",
            "Reply to the growing message, and the agent hears you in the same turn, as soon as its tool is"
            " done.",
            (
                Says("run:read -t 10 < <(tail -f /dev/null)\nsay:The start page is done."),
                Clicks("Allow once"),
                Sees("allowed once"),
                Replies("💻 Bash", "Only the start page, please."),
                Sees("You also said"),
            ),
        ),
        Scene(
            "btw",
            "A question aside",
            "`/btw` asks something on a copy of the session: the turn that runs is not disturbed and hears"
            " nothing of it.",
            (
                *_BUSY,
                Runs("btw", {"question": "recall"}),
                Sees("Said in this room"),
            ),
        ),
    ),
)
