"""What each command means on any platform; one file per topic. `COMMANDS` is the list."""

from collections.abc import Mapping
from itertools import chain
from typing import Final

from bot.commands.about import ABOUT
from bot.commands.btw import BTW
from bot.commands.compact import COMPACT
from bot.commands.config import CONFIG
from bot.commands.context import CONTEXT
from bot.commands.cwd import CWD
from bot.commands.display import DISPLAY
from bot.commands.fork import FORK
from bot.commands.fork_here import FORK_HERE
from bot.commands.help import with_help
from bot.commands.memory import MEMORY
from bot.commands.mode import MODE
from bot.commands.model import EFFORT, MODEL
from bot.commands.new import NEW
from bot.commands.pair import PAIR
from bot.commands.people import ALLOW, DENY, WHO
from bot.commands.permissions import PERMISSIONS
from bot.commands.prompt import PROMPT
from bot.commands.queue import QUEUE
from bot.commands.reset import RESET
from bot.commands.resume import RESUME
from bot.commands.rewind import REWIND
from bot.commands.sessions import SESSIONS
from bot.commands.spec import Command
from bot.commands.status import STATUS
from bot.commands.stop import STOP
from bot.commands.why import WHY, WHY_MESSAGE

_ACTS: Final[Mapping[str, tuple[Command, ...]]] = {
    "What runs": (STATUS, QUEUE, STOP, WHY),
    "On a message (right-click it, then Apps)": (ABOUT, FORK_HERE, WHY_MESSAGE),
    "Sessions": (RESET, NEW, SESSIONS, RESUME, FORK, REWIND, COMPACT, CONTEXT, BTW),
    "This room": (CONFIG, MODEL, EFFORT, MODE, PERMISSIONS, DISPLAY, PROMPT, MEMORY, CWD),
    "People": (WHO, ALLOW, DENY, PAIR),
}
"""Written by hand: every command but /help, by what it is about."""

GROUPS: Final = with_help(_ACTS)
"""All commands, as /help and docs/commands.md show them."""

COMMANDS: Final[tuple[Command, ...]] = tuple(chain.from_iterable(GROUPS.values()))
