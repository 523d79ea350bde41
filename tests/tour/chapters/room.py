"""The room: its settings, its memory, how it does, and help."""

from typing import Final

from tests.tour.scene import Chapter, Scene
from tests.tour.steps import Begins, Clicks, Cut, Fills, Restarts, Runs, Says, Sees, Types

ROOM: Final = Chapter(
    "The room",
    "Each command acts on the room in which it is used, and its answer is for you alone. What concerns"
    " everybody is said aloud.",
    (
        Scene(
            "commands",
            "Commands",
            "Type `/`: the commands that you may use stand there, with what they do.",
            (Types("/", "/status"),),
        ),
        Scene(
            "help",
            "Help",
            "`/help` lists what you may use, and tells all about one command when you name it.",
            (Runs("help"), Sees("/status")),
        ),
        Scene(
            "status",
            "How this room does",
            "`/status` says what runs, where, as whom and at what cost, and how to go on in a terminal.",
            (Says("hello"), Sees("first thing"), Runs("status"), Sees("Go on in a terminal")),
        ),
        Scene(
            "why",
            "What became of a message",
            "`/why` tells it of any message, by its link.",
            (Begins("why"),),
        ),
        Scene(
            "config",
            "Settings",
            "`/config` shows every setting of the room and where it comes from. Choose one to change it.",
            (Runs("config"), Sees("display")),
        ),
        Scene(
            "model",
            "Model",
            "`/model` and `/effort` hold from the next turn on, in this room.",
            (Begins("model"), Types("", "opus")),
        ),
        Scene(
            "mode",
            "What the agent may do without asking",
            "`/mode` is for owners: ask for everything, accept edits, plan first, or more.",
            (Begins("mode"), Types("", "plan")),
        ),
        Scene(
            "prompt",
            "What the agent is told about the room",
            "`/prompt` opens what stands before every turn of this room.",
            (Runs("prompt"), Fills({}, submits=False)),
        ),
        Scene(
            "memory",
            "What the agent remembers",
            "`/memory` shows the files in which the agent of this room keeps what it wants to remember;"
            " change them in place.",
            (
                Says("hello"),
                Sees("first thing I hear"),
                Cut(),
                Runs("memory"),
                Clicks("New file…"),
                Fills({"Name": "deploys.md", "What is to be remembered": "Nothing is deployed on Fridays."}),
                Sees("Saved"),
            ),
        ),
        Scene(
            "restart",
            "After a crash",
            "If the bot or its machine fell over during a turn, a card says what had been done. Nothing is"
            " run twice without a word.",
            (
                Says("run:touch started\nstory:40"),
                Clicks("Allow once"),
                Sees("The start page loads"),
                Restarts(),
                Sees("Interrupted"),
            ),
        ),
    ),
)
