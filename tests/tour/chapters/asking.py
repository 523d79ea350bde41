"""What the agent asks: permissions, questions, plans."""

from typing import Final

from tests.tour.scene import Chapter, Scene
from tests.tour.steps import Clicks, Fills, Restarts, Runs, Says, Sees

_ASKED: Final = (Says("run:touch hello.txt"), Sees("needs your permission"))

ASKING: Final = Chapter(
    "What the agent asks",
    "An agent asks before it does what the room does not allow. Nothing happens until somebody who may has"
    " pressed a button, and no answer means no.",
    (
        Scene(
            "permission",
            "May it do this?",
            "The card shows the whole command, who asked for it and how much time is left. The first click of"
            " somebody who may counts.",
            _ASKED,
        ),
        Scene(
            "permission-allowed",
            "Allowed once",
            "The card becomes one line that says who allowed it, and the agent goes on.",
            (*_ASKED, Clicks("Allow once"), Sees("tool said")),
        ),
        Scene(
            "permission-always",
            "Always, in this room",
            "The button names a narrow pattern. The rule holds in this room alone, and `/permissions` shows"
            " it, takes it back, or exports it into the agent's own settings.",
            (
                *_ASKED,
                Clicks("Always here", begins=True),
                Sees("tool said"),
                Runs("permissions"),
                Sees("touch"),
            ),
        ),
        Scene(
            "permission-denied",
            "Denied",
            "The agent is told that it may not, and looks for another way or stops.",
            (*_ASKED, Clicks("Deny"), Sees("tool said")),
        ),
        Scene(
            "permission-reason-asked",
            "Denied with a reason",
            "The reason goes to the agent, so that it can do better at once.",
            (
                *_ASKED,
                Clicks("Deny with a reason"),
                Fills({"What should the agent know?": "Call it greeting.txt"}, submits=False),
            ),
        ),
        Scene(
            "permission-reason",
            "What the agent makes of it",
            "The card names who denied it; the agent has the reason and answers to it.",
            (
                *_ASKED,
                Clicks("Deny with a reason"),
                Fills({"What should the agent know?": "Call it greeting.txt"}),
                Sees("tool said"),
            ),
        ),
        Scene(
            "permission-restart",
            "A card after a restart",
            "If the bot was restarted, an open card says so, and the card of the interrupted turn offers its"
            " yes: the agent goes on with the answer.",
            (*_ASKED, Restarts(), Sees("Allow and continue also")),
        ),
        Scene(
            "questions",
            "A question",
            "The agent's questions come with a button for each answer; `Other…` takes your own words, and so"
            " does a reply to the message.",
            (Says("ask"), Sees("Which format should the report have?")),
        ),
        Scene(
            "questions-several",
            "A question with several answers",
            "Where several answers may be right, there is a menu to choose from.",
            (
                Says("ask"),
                Clicks("HTML"),
                Sees("Which parts should it have?"),
            ),
        ),
        Scene(
            "plan",
            "A plan to approve",
            "In plan mode the agent changes nothing before somebody has approved its plan. Approve it,"
            " with or without being asked for each edit, or keep planning and say what is wrong.",
            (Says("plan"), Sees("Not touched")),
        ),
        Scene(
            "plan-feedback",
            "Keep planning",
            "What you write goes to the agent, which stays in plan mode.",
            (
                Says("plan"),
                Clicks("Keep planning"),
                Fills({}, submits=False),
            ),
        ),
    ),
)
