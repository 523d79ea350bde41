"""The room: its settings, its memory, how it does, and help."""

from typing import Final

from bot.demo.guild.permissions import Permission
from tests.tour.outside import AsksWhy, BeginsAt, Kills, LooksAs, MayNot, OpensMenu, Starts, Waits
from tests.tour.scene import Chapter, Scene
from tests.tour.steps import Begins, Clicks, Cut, Fills, Other, Picks, Restarts, Runs, Says, Sees, Types

ROOM: Final = Chapter(
    "The room",
    "Each command acts on the room in which it is used, and its answer is for you alone. What concerns"
    " everybody is said aloud.",
    (
        Scene(
            "commands",
            "Commands",
            "Type `/`: every command stands there, with what it does.",
            (Types("/", "/status"),),
        ),
        Scene(
            "help",
            "Help",
            "`/help` lists what you may use, and tells all about one command when you name it.",
            (Runs("help"), Sees("/status"), BeginsAt("/status")),
        ),
        Scene(
            "help-one",
            "Help about one command",
            "With a command's name it tells what that one takes.",
            (Runs("help", {"command": "/display"}), Sees("footer")),
        ),
        Scene(
            "refused",
            "What you may not do",
            "A refusal says who may, and nothing has happened.",
            (LooksAs("ben"), Runs("mode"), Sees("only", anywhere=True)),
        ),
        Scene(
            "who",
            "Who may do what",
            "`/who` says what you may do here and why; operators see everybody. `/allow` and `/deny` change"
            " it.",
            (Runs("who"), Sees("owner")),
        ),
        Scene(
            "status",
            "How this room does",
            "`/status` says what runs, where, as whom and at what cost, and how to go on in a terminal.",
            (Says("hello"), Sees("first thing"), Cut(), Runs("status"), Sees("Go on in a terminal")),
        ),
        Scene(
            "status-verbose",
            "A room shares nothing",
            "`/status verbose:True` compares the room with all others: directories, memory, session and"
            " environment.",
            (
                Says("hello"),
                Sees("first thing"),
                Cut(),
                Runs("status", {"verbose": "yes"}),
                Sees("Apart:"),
            ),
        ),
        Scene(
            "why",
            "What became of a message",
            "`/why` tells it of any message, by its link.",
            (Says("hello"), Sees("first thing"), AsksWhy("hello"), Sees("It was answered")),
        ),
        Scene(
            "config",
            "Settings",
            "`/config` shows every setting of the room and where it comes from. Choose one to change it.",
            (Runs("config"), Sees("display")),
        ),
        Scene(
            "config-one",
            "One setting",
            "What it is for, what holds now, and what each choice does. What was set here can be taken back.",
            (
                Runs("config"),
                Picks("Change a setting", ("display",)),
                Sees("Now:"),
                OpensMenu("Choose another"),
            ),
        ),
        Scene(
            "model",
            "Model",
            "`/model` holds from the next turn on, in this room. Names are offered, and any other may be"
            " typed.",
            (Begins("model"), Types("", "opus")),
        ),
        Scene(
            "effort",
            "How much it thinks",
            "`/effort` says how hard the agent thinks before it answers; the next turn has it.",
            (
                Runs("effort", {"level": "low"}),
                Sees("next turn"),
                Says("effort"),
                Sees("I am asked"),
            ),
        ),
        Scene(
            "mode",
            "What the agent may do without asking",
            "`/mode` is for owners: ask for everything, accept edits, plan first, or more.",
            (Runs("mode"), Sees("never asks")),
        ),
        Scene(
            "mode-changed",
            "Another mode",
            "Everybody in the room is told; whoever set it reads what it means.",
            (Runs("mode", {"mode": "acceptEdits"}), Sees("set by")),
        ),
        Scene(
            "cwd",
            "Where it works",
            "`/cwd` shows the room's directory and what else its agent sees. Owners bind it to a project, or"
            " mount one to read.",
            (Says("hello"), Sees("first thing"), Cut(), Runs("cwd"), Sees("Workdir")),
        ),
        Scene(
            "prompt",
            "What the agent is told about the room",
            "`/prompt` opens what stands before every turn of this room.",
            (
                Runs("prompt"),
                Fills(
                    {"What is the agent told about this room?": "This room is about the shop."},
                    submits=False,
                ),
            ),
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
            "degraded",
            "What the bot may not do",
            "Without a permission it goes on without, says once in the channel what is missing, and names the"
            " permission that mends it. So it does for threads, files and history.",
            (
                MayNot(Permission.ADD_REACTIONS),
                Says("hello"),
                Sees("Add Reactions"),
                Sees("first thing"),
            ),
        ),
        Scene(
            "catch-up",
            "While the bot was away",
            "What was said meanwhile is answered, in its order. What is older than `discord.catch_up_s` is"
            " listed instead, so that you choose.",
            (
                Says("hello"),
                Sees("first thing"),
                Cut(),
                Kills(),
                Other("ben", "Is the front door open?"),
                Waits(32),
                Says("Who waters the plants?"),
                Other("ben", "And who feeds the cat?"),
                Starts(),
                Sees("Send again"),
                Sees("cat?”"),
            ),
            settings={"ROOMKEY_DISCORD__CATCH_UP_S": "30"},
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
