"""/help: the list of commands, made from the commands themselves."""

from collections.abc import Sequence
from typing import Final

from bot.access import Tier
from bot.commands.spec import Call, Command
from bot.said import Said

_INTRO = (
    "Every channel, thread and direct message is a room with a session of its own; only listen"
    " channels share one. Just write."
)
_FOR: Final = {Tier.OPERATOR: " (operators)", Tier.OWNER: " (owners)"}


def help_command(others: Sequence[Command]) -> Command:
    """Return the command that describes `others` and itself, as far as the person who asks may use them."""

    async def run(call: Call) -> Said:
        theirs = [one for one in (*others, command) if Tier.USER <= one.tier <= call.tier]
        return Said("\n".join([_INTRO, *map(_line, theirs)]))

    command = Command(name="help", description="What can be said here", tier=Tier.USER, run=run)
    return command


def _line(command: Command) -> str:
    options = "".join(f"\n  - `{option.name}`: {option.description}" for option in command.options)
    return f"- `/{command.name}`{_FOR.get(command.tier, '')}: {command.description}{options}"
