"""Sessions: new ones, former ones, copies, and what fills them."""

from typing import Final

from tests.tour.outside import DeletesPlace
from tests.tour.scene import Chapter, Scene
from tests.tour.steps import (
    Begins,
    Cut,
    EntersThread,
    OnMessage,
    OpensThread,
    Picks,
    Runs,
    Says,
    Sees,
    SeesFile,
    Types,
)

_TALK: Final = (
    Says("The red button belongs to the left door."),
    Sees("first thing I hear"),
    Says("The blue one opens the window."),
    Sees("You have told me 2 things"),
)

SESSIONS: Final = Chapter(
    "Sessions",
    "What was said in a room is its session. It is kept when the bot restarts, and a room may have had many.",
    (
        Scene(
            "new",
            "A fresh session",
            "`/new` begins one, with a name if you like. The former one stays in `/sessions`.",
            (
                *_TALK,
                Cut(),
                Runs("new", {"name": "the garden"}),
                Sees("the garden"),
                Says("recall"),
                Sees("Nothing was said in this room before"),
            ),
        ),
        Scene(
            "sessions",
            "What there was",
            "`/sessions` lists the room's sessions with their first words, age and cost. Choose one to go on"
            " with it, to get it as a file, or to delete it.",
            (
                *_TALK,
                Runs("new", {"name": "the garden"}),
                Sees("the garden"),
                Says("The rake is in the shed."),
                Sees("shed.”"),
                Cut(),
                Runs("sessions"),
                Sees("The red button"),
            ),
        ),
        Scene(
            "session-chosen",
            "One session",
            "What you chose, with what can be done with it. Before anything is deleted you are asked again.",
            (
                *_TALK,
                Runs("new", {"name": "the garden"}),
                Sees("the garden"),
                Says("The rake is in the shed."),
                Sees("shed.”"),
                Cut(),
                Runs("sessions"),
                Picks("Pick one", ("The red button belongs to the left door",)),
                Sees("Id:"),
            ),
        ),
        Scene(
            "resume",
            "Go on with a former session",
            "`/resume` offers what there is while you type, sessions from a terminal too. One that is in use"
            " somewhere else is refused, and you are told where.",
            (
                *_TALK,
                Runs("new", {"name": "the garden"}),
                Sees("the garden"),
                Cut(),
                Begins("resume"),
                Types("red", "The red button"),
            ),
        ),
        Scene(
            "resumed",
            "Back in a former session",
            "The room knows again what was said in that session; the one before it stays in `/sessions`.",
            (
                *_TALK,
                Runs("new", {"name": "the garden"}),
                Sees("the garden"),
                Cut(),
                Runs("resume", picks={"session": "The red"}),
                Sees("Back in the session"),
                Says("recall"),
                Sees("Said in this room before"),
            ),
        ),
        Scene(
            "deleted-place",
            "What was said in a deleted thread",
            "A channel or thread that was deleted leaves its session. An owner may go on with it elsewhere:"
            " `/resume` and `/sessions` have it.",
            (
                Says("Let us talk about the garden."),
                Sees("garden.”"),
                OpensThread("Let us talk about", "the rake"),
                Says("The rake is in the shed."),
                Sees("shed.”"),
                DeletesPlace(),
                Cut(),
                Runs("resume", picks={"session": "the rake"}),
                Sees("the deleted place"),
                Says("recall"),
                Sees("Said in this room before"),
            ),
        ),
        Scene(
            "fork",
            "A copy that goes its own way",
            "`/fork` opens a thread that knows all that was said here. Neither hears of the other from then"
            " on.",
            (
                *_TALK,
                Cut(),
                Runs("fork", {"name": "what if"}),
                EntersThread(),
                Says("recall"),
                Sees("blue one"),
            ),
        ),
        Scene(
            "fork-from-here",
            "Fork from a message",
            "Right click a message: `Fork from here` opens a thread that knows all up to it.",
            (*_TALK, Cut(), OnMessage("first thing I hear", "Fork from here"), Sees("Forked into")),
        ),
        Scene(
            "rewind",
            "Back to before a message",
            "`/rewind` forgets a message and all after it. Files stay as they are, and it says so.",
            (*_TALK, Cut(), Runs("rewind", picks={"message": "The blue"}), Sees("forgotten")),
        ),
        Scene(
            "context",
            "What fills the context",
            "`/context` shows the agent's own figures: what fills its memory of this session, and how much"
            " is left.",
            (
                *_TALK,
                Says("long:40000"),
                SeesFile("answer.md"),
                Says("Is that all?"),
                Sees("all?”"),
                Cut(),
                Runs("context"),
                Sees("%"),
            ),
        ),
        Scene(
            "compact",
            "Make room",
            "`/compact` replaces what was said by a summary. It says how much room that made.",
            (*_TALK, Cut(), Runs("compact"), Sees("summary")),
        ),
    ),
)
