"""What the agent asks: permissions, questions, plans."""

from typing import Final

from tests.tour.outside import LooksAs
from tests.tour.scene import Chapter, Scene
from tests.tour.steps import Clicks, Cut, Fills, Gone, Picks, Restarts, Runs, Says, Sees

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
            "permission-export",
            "Take the rules elsewhere",
            "`/permissions export:True` gives them as a settings file of the agent, for a terminal.",
            (
                *_ASKED,
                Clicks("Always here", begins=True),
                Sees("tool said"),
                Cut(),
                Runs("permissions", {"export": "yes"}),
                Sees("rules as settings"),
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
            "permission-others",
            "Not yours to decide",
            "Who asked and the operators may answer; what anybody else presses changes nothing, and they are"
            " told who may.",
            (*_ASKED, LooksAs("ben"), Clicks("Allow once"), Sees("may not")),
        ),
        Scene(
            "permission-expired",
            "Nobody answered",
            "A request closes after ten minutes, or after what `agent.ask_limit_s` says (here three seconds),"
            " and that means no. The agent is told.",
            (*_ASKED, Sees("nobody answered in time"), Sees("tool said")),
            settings={"ROOMKEY_AGENT__ASK_LIMIT_S": "3"},
        ),
        Scene(
            "permission-restart",
            "A card after a restart",
            "If the bot was restarted, an open card says that it expired. The card of the interrupted turn"
            " has a button that says yes to what was asked and lets the agent go on.",
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
            "questions-other",
            "An answer of your own",
            "`Other…` opens a field for it; a reply to the question does the same.",
            (
                Says("ask"),
                Clicks("Other…"),
                Fills({"Your answer": "LaTeX, please"}, submits=False),
            ),
        ),
        Scene(
            "questions-answered",
            "Answered",
            "Each question becomes one line with its answer, the card says who gave it, and the agent goes"
            " on.",
            (
                Says("ask"),
                Clicks("HTML"),
                Picks("Choose as many as you like", ("Summary", "Sources")),
                Sees("tool said"),
                Gone("👀"),
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
            "plan-approved",
            "A plan that was approved",
            "The plan stays to be read, below who approved it, and the agent sets to work.",
            (Says("plan"), Clicks("Approve and accept edits"), Sees("I begin"), Gone("👀")),
        ),
        Scene(
            "plan-feedback",
            "Keep planning",
            "What you write goes to the agent, which stays in plan mode.",
            (
                Says("plan"),
                Clicks("Keep planning"),
                Fills({"What should be different?": "Leave the sections as they are."}, submits=False),
            ),
        ),
    ),
)
