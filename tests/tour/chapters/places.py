"""Places: threads, messages of others, files in and out."""

from typing import Final

from bot.demo.model import show
from tests.tour.outside import Forwards, Polls, Posts, Returns, Speaks, Sticks, WritesDirectly
from tests.tour.scene import Chapter, Scene
from tests.tour.steps import (
    Clicks,
    Cut,
    EntersThread,
    Fills,
    OnMessage,
    OpensThread,
    Other,
    Picks,
    Runs,
    Says,
    Sees,
    SeesFile,
)

_EACH: Final = (
    Runs("config"),
    Picks("Change a setting", ("auto thread",)),
    Picks("Choose another", ("yes",)),
    Sees("It holds"),
    Cut(),
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
                Other("ben", "The lamp in the hall has been flickering since Monday."),
                OpensThread("The lamp in the hall", "the lamp"),
                Says("What is this about?"),
                Sees("I was shown"),
            ),
        ),
        Scene(
            "auto-thread",
            "A thread for each message",
            "Where `/config` says `auto thread: yes`, each message opens a thread that is named after it, and"
            " the channel stays tidy.",
            (
                *_EACH,
                Says("The lamp in the hall has been flickering since Monday."),
                EntersThread(),
                Sees("first thing"),
                Returns(),
            ),
        ),
        Scene(
            "auto-thread-inside",
            "The answer is in the thread",
            "Go on there: it is a room of its own. A thread that you rename keeps your name.",
            (
                *_EACH,
                Says("The lamp in the hall has been flickering since Monday."),
                EntersThread(),
                Sees("first thing"),
            ),
        ),
        Scene(
            "forum-post",
            "A post in a forum",
            "Each post of a forum is a room; its first message is the first prompt.",
            (Posts("A bell for the door", "What would a bell for the front door cost?"), Sees("first thing")),
        ),
        Scene(
            "direct-message",
            "A direct message",
            "It is a room of its own as well, for you and the bot alone.",
            (WritesDirectly(), Says("Is anybody there?"), Sees("first thing")),
        ),
        Scene(
            "mention",
            "Only when it is mentioned",
            "Where `reply_to` is `mention`, the bot is silent until it is named; then it also hears what was"
            " said since its last answer.",
            (
                Other("ben", "The build has been failing since noon."),
                Says("@roomkey what do you think?"),
                Sees("I was shown"),
            ),
            settings={"ROOMKEY_DISCORD__REPLY_TO": "mention"},
        ),
        Scene(
            "message-commands",
            "What can be done with a message",
            "Right click a message, or press its `…`: apps offer their commands there.",
            (
                Other("ben", "The build has been failing since noon."),
                Sees("first thing I hear"),
                OnMessage("The build has been", mine=True),
            ),
        ),
        Scene(
            "ask-about",
            "Ask about this",
            "The agent gets the message, whoever wrote it, and your question.",
            (
                Other("ben", "The build has been failing since noon."),
                OnMessage("The build has been", "Ask about this"),
                Fills({"Your question": "What has changed since the morning?"}, submits=False),
            ),
        ),
        Scene(
            "asked-about",
            "The answer to your question",
            "The question and the answer are for everybody, with a link to what they are about.",
            (
                Other("ben", "The build has been failing since noon."),
                Sees("first thing I hear"),
                Cut(),
                OnMessage("The build has been", "Ask about this", mine=True),
                Fills({"Your question": "What does that mean?"}),
                Sees("You have told me"),
            ),
        ),
        Scene(
            "why-no-answer",
            "Why no answer",
            "Every message can be asked what became of it, also one that nobody answered.",
            (
                Says("@ben could you look at the door?"),
                OnMessage("could you look", "Why no answer", mine=True),
                Sees("Not answered"),
            ),
        ),
        Scene(
            "reply",
            "Reply to anything",
            "Reply to a message and mention the bot: what you reply to is quoted to the agent, with who wrote"
            " it.",
            (
                Other("ben", "The red button belongs to the left door."),
                Sees("first thing I hear"),
                OnMessage("The red button", "Reply", mine=True),
                Says("@roomkey and the blue one?"),
                Sees("I was shown"),
            ),
        ),
        Scene(
            "forward",
            "Forward something",
            "A forwarded message reaches the agent as a quote.",
            (Forwards("ben", "The parcel is at the back door."), Sees("parcel")),
        ),
        Scene(
            "stickers-and-polls",
            "Stickers and polls",
            "They reach the agent as words.",
            (
                Sticks("ben", "a waving hand"),
                Sees("first thing"),
                Polls("ben", "When do we clean the shop?", ("on Friday", "on Monday")),
                Sees("You have told me 2 things"),
            ),
        ),
        Scene(
            "file-in",
            "Files for the agent",
            "Drop them into the message box. Small texts stand in the prompt, all of them in the room's"
            " inbox.",
            (Says("Please read these notes.", _NOTES), Sees("opens to the left")),
        ),
        Scene(
            "voice",
            "Voice messages",
            "With `voice.command` or `voice.url` in the settings they are written down. You see what was"
            " heard, and the agent gets it as if you had typed it.",
            (Speaks("Which door does the red button belong to?"), Sees("Which door"), Sees("first thing")),
            settings={"ROOMKEY_VOICE__COMMAND": '["sed", "1d", "{file}"]'},
        ),
        Scene(
            "voice-off",
            "Where voice messages are off",
            "They are off unless the settings say otherwise. The room is told once, and what to do instead.",
            (Speaks("Which door does the red button belong to?"), Sees("transcription is off")),
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
            (
                Says("picture"),
                Clicks("Allow once"),
                Sees("Bash needs your permission"),
                Clicks("Allow once"),
                SeesFile("chart.png"),
                Sees("The chart is above"),
            ),
        ),
    ),
)
