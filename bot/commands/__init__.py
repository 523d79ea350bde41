"""What each command means on any platform; one file per topic. `COMMANDS` is the list."""

from typing import Final

from bot.commands.cwd import CWD
from bot.commands.help import help_command
from bot.commands.pair import PAIR
from bot.commands.people import ALLOW, DENY, WHO
from bot.commands.queue import QUEUE
from bot.commands.reset import RESET
from bot.commands.spec import Command
from bot.commands.status import STATUS
from bot.commands.stop import STOP
from bot.commands.why import WHY

_ACTS: Final = (STATUS, QUEUE, WHY, STOP, RESET, CWD, WHO, ALLOW, DENY, PAIR)

COMMANDS: Final[tuple[Command, ...]] = (*_ACTS, help_command(_ACTS))
"""Written by hand: one line for each command."""
