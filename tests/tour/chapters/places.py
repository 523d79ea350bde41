"""Places: threads, messages of others, files in and out."""

from typing import Final

from bot.demo.model import show
from tests.tour.scene import Chapter, Scene
from tests.tour.steps import (
    Clicks,
    Cut,
    Fills,
    OnMessage,
    OpensThread,
    Other,
    Replies,
    Says,
    Sees,
    SeesFile,
)

_CHART: Final = {"chart.png": show.chart_png()}
_NOTES: Final = {"notes.txt": b"The window opens to the left.\n"}

PLACES: Final = Chapter(
    "Threads, messages and files",
    "Every channel, thread, forum post and direct message is a room of its own.",
    (
        Scene(
            "thread",
            "A thread begins with its message",
            "Open a thread on a message, and its agent knows what that message says; nothing else of the"
            " channel.",
            (
                Other("ben", "The lamp in the hall flickers since Monday."),
                OpensThread("The lamp in the hall", "the lamp"),
                Says("What is this about?"),
                Sees("first thing I hear"),
            ),
        ),
        Scene(
            "message-commands",
            "What can be done with a message",
            "Right click a message, or press its `…`: apps offer their commands there.",
            (Other("ben", "The build fails since noon."), OnMessage("The build fails")),
        ),
        Scene(
            "ask-about",
            "Ask about this",
            "The agent gets the message, whoever wrote it, and your question.",
            (
                Other("ben", "The build fails since noon."),
                OnMessage("The build fails", "Ask about this"),
                Fills({}, submits=False),
            ),
        ),
        Scene(
            "why-no-answer",
            "Why no answer",
            "Every message can be asked what became of it.",
            (
                Says("hello"),
                Sees("first thing"),
                Cut(),
                OnMessage("hello", "Why no answer", mine=True),
                Sees("answer"),
            ),
        ),
        Scene(
            "reply",
            "Reply to anything",
            "What you reply to is quoted to the agent, with who wrote it.",
            (
                Other("ben", "The red button belongs to the left door."),
                Sees("first thing I hear"),
                Replies("first thing I hear", "recall"),
                Sees("Said in this room before"),
            ),
        ),
        Scene(
            "file-in",
            "Files for the agent",
            "Drop them into the message box. Small texts stand in the prompt, all of them in the room's"
            " inbox.",
            (Says("Please read these notes.", _NOTES), Sees("notes.txt")),
        ),
        Scene(
            "image-in",
            "Pictures for the agent",
            "An agent that can look at pictures sees them.",
            (Says("images", _CHART), SeesFile("chart.png"), Sees("I see 1 image")),
        ),
        Scene(
            "file-out",
            "Files from the agent",
            "The agent sends files of its working directory, and no others.",
            (Says("file"), Clicks("Allow once"), SeesFile("report.md"), Sees("The report is above")),
        ),
        Scene(
            "image-out",
            "Pictures from the agent",
            "Pictures are shown in place.",
            (Says("picture"), Clicks("Allow once"), SeesFile("chart.png"), Sees("The chart is above")),
        ),
    ),
)
