"""While it works: stop, more words, a question aside, the queue."""

from typing import Final

from tests.tour.chapters.work import CHECK_LINKS
from tests.tour.outside import AsksWhy, Edits, HasFile, OpensMenu
from tests.tour.scene import Chapter, Scene
from tests.tour.steps import Clicks, Picks, Replies, Runs, Says, Sees

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
                Sees("2 waiting"),
                Sees("⏳", anywhere=True),
                Runs("queue"),
                Sees("Thanks!"),
            ),
        ),
        Scene(
            "edit-waiting",
            "Change what waits",
            "Edit your message while it waits, and its entry changes; delete it, and the entry goes. 🛑 under"
            " it takes it out as well.",
            (
                *_BUSY,
                Says("And the other pages?"),
                Sees("1 waiting"),
                Edits("And the other pages?", "And the page of the workshop?"),
                Runs("queue"),
                Sees("the workshop"),
            ),
        ),
        Scene(
            "why-waiting",
            "Why it is not answered yet",
            "`/why` and the link of a message tell what became of it, also while it waits.",
            (
                *_BUSY,
                Says("And the other pages?"),
                Sees("1 waiting"),
                AsksWhy("And the other pages?"),
                Sees("one is before it"),
            ),
        ),
        Scene(
            "when-busy",
            "Wait, steer or interrupt",
            "`when busy` in `/config` says what becomes of what you say during a turn: it waits, joins it, or"
            " ends it.",
            (
                Runs("config"),
                Picks("Change a setting", ("when busy",)),
                Sees("Now:"),
                OpensMenu("Choose another"),
            ),
        ),
        Scene(
            "steer",
            "Say more while it works",
            "Reply to the growing message, and the agent hears you in the same turn, as soon as its tool is"
            " done.",
            (
                HasFile("check-links", CHECK_LINKS),
                Says("Are the links all right?\nrun:./check-links\nsay:All 118 links are all right."),
                Clicks("Allow once"),
                Sees("allowed once"),
                Replies("💻 Bash", "Look at the pictures as well."),
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
