"""What the agent does while it works: tools, edits, tasks, thoughts, helpers, the background."""

import re
from typing import Final

from tests.tour.outside import HasFile
from tests.tour.scene import Chapter, Scene
from tests.tour.steps import Clicks, Cut, Picture, Runs, Says, Sees

CHECK_LINKS: Final = "#!/bin/sh\nsleep 9\necho 118 links, all right.\n"
_VERBOSE: Final = Runs("display", {"display": "verbose"})

WORK: Final = Chapter(
    "What the agent does",
    "While an agent works, one line says what it is doing. `/display` chooses for each room how much is"
    " shown.",
    (
        Scene(
            "tool-line",
            "The tool at work",
            "One line names the tool that runs and what it runs on, with a timer; the next tool takes its"
            " place.",
            (
                HasFile("check-links", CHECK_LINKS),
                Says("Are the links all right?\nrun:./check-links"),
                Clicks("Allow once"),
                Sees("allowed once"),
                Sees(re.compile(r"check-links · [2-9] s")),
                Picture(),
            ),
        ),
        Scene(
            "tasks",
            "A list of tasks",
            "The agent's own list stands above the growing answer and is ticked off in place.",
            (
                Says("tasks:3"),
                Sees("☑ Read the notes"),
                Picture(),
                Sees("are done"),
            ),
        ),
        Scene(
            "display",
            "How much you see",
            "`/display` is for each room: nothing but the answer, one line, one line for each tool, or all"
            " of it.",
            (Runs("display", {"display": "all", "thinking": "spoiler"}), Sees("spoiler")),
        ),
        Scene(
            "all-tools",
            "One line for each tool",
            "With the level `all` every tool keeps its line, with its mark and its time.",
            (
                Runs("display", {"display": "all"}),
                Sees("set here"),
                Cut(),
                Says("Where am I?\nrun:pwd\nrun:ls\nstory:9"),
                Sees("The start page loads"),
                Picture(),
                Sees("say which"),
            ),
        ),
        Scene(
            "edit",
            "What an edit changed",
            "With the level `verbose` each edit is shown as a diff; a large one comes as a file.",
            (
                _VERBOSE,
                Sees("verbose"),
                Says("edit"),
                Clicks("Allow once"),
                Sees("Edit needs your permission"),
                Cut(),
                Clicks("Allow once"),
                Sees("greets politely now"),
            ),
        ),
        Scene(
            "agent",
            "A helper of the agent",
            "A sub-agent, and what it does, stand in a line of their own.",
            (Says("agent:4"), Sees("Bash: ls"), Picture(), Sees("My helper says")),
        ),
        Scene(
            "background",
            "Work in the background",
            "A command may go on after the answer. When it has ended, the agent speaks up by itself, below a"
            " line that says what ended.",
            (Says("background:4"), Sees("A task in the background has ended.")),
        ),
        Scene(
            "thinking",
            "Thoughts",
            "Thoughts are hidden, under a spoiler or shown, as `/display` says for the room.",
            (
                Runs("display", {"thinking": "spoiler"}),
                Sees("spoiler"),
                Cut(),
                Says("think\nstory:6"),
                Sees("say which"),
            ),
        ),
    ),
)
