"""Answers: how they grow, how they end, and what of Markdown they keep."""

from typing import Final

from tests.tour.scene import Chapter, Scene
from tests.tour.steps import Gone, Picture, Runs, Says, Sees, SeesFile

_WHY: Final = "Why is the start page so slow?\nstory"

ANSWERS: Final = Chapter(
    "Answers",
    "Write a message in a room; the agent of that room answers. On the page, words such as `story` or `table`"
    " tell the offline model what to do; a real agent needs none of them.",
    (
        Scene(
            "first-answer",
            "A first answer",
            "Say something. The reaction under your message shows its state; the answer is a reply to it."
            " Every room has an agent of its own, which knows nothing of the other rooms.",
            (Says("hello"), Sees("the first thing I hear in this room"), Gone("👀")),
        ),
        Scene(
            "streaming",
            "An answer grows while you read",
            "The text appears as the agent writes it, with the time that has passed and a button to stop it.",
            (Says(f"{_WHY}:12"), Sees("shown at a quarter of its size"), Picture(), Sees("say which")),
        ),
        Scene(
            "final-answer",
            "The finished answer is a new message",
            "When the agent has ended, its answer comes as a message of its own, which notifies you once; the"
            " growing one goes away. The last line is the footer: how long it took and what it cost, or more"
            " of it, or nothing, as `/display` says.",
            (Says(f"{_WHY}:1"), Sees("say which")),
        ),
        Scene(
            "footer",
            "As much of a footer as you like",
            "`/display footer:full` adds the model, how full its context is and where the agent works; `off`"
            " leaves the line out.",
            (
                Runs("display", {"footer": "full"}),
                Sees("set here"),
                Says("hello"),
                Sees("of context"),
            ),
        ),
        Scene(
            "headings",
            "Headings, lists, links, spoilers",
            "Discord's Markdown is used where there is any; the rest, such as smaller headings and boxes to"
            " tick, becomes what looks most like it.",
            (Says("headings"), Sees("still to do")),
        ),
        Scene(
            "table",
            "Tables are drawn to fit",
            "Discord has no tables, so one is drawn in aligned columns.",
            (Says("table"), Sees("The workshop is the busiest")),
        ),
        Scene(
            "wide-table",
            "Wide tables become lines",
            "A table that is too wide for a phone is written row by row, each value under its name.",
            (Says("table:wide"), Sees("Nothing is urgent")),
        ),
        Scene(
            "several-messages",
            "A long answer takes several messages",
            "It is cut where it hurts least: between paragraphs, never inside a word or a link, and a"
            " block of code goes on as one.",
            (Says("long:several"), Sees("a point of part 5")),
        ),
        Scene(
            "long-code",
            "Long code comes as a file",
            "Code that does not fit into a message is attached, with the ending that belongs to its"
            " language.",
            (Says("code:90"), Sees("It prints 90 numbers")),
        ),
        Scene(
            "long-answer",
            "A very long answer becomes a file",
            "Its beginning stands in the channel, the whole of it in a file; a line says how long it is.",
            (Says("long"), SeesFile("answer.md")),
        ),
    ),
)
