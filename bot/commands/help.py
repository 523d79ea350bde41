"""/help: the list of commands, made from the commands themselves."""

from collections.abc import Sequence

from bot.commands.spec import Call, Command
from bot.said import Said

_INTRO = (
    "Every channel, thread and direct message is a room with a session of its own; only listen"
    " channels share one. Just write."
)


def help_command(others: Sequence[Command]) -> Command:
    """Return the command that describes `others` and itself."""

    async def run(_: Call) -> Said:
        return Said("\n".join([_INTRO, *map(_line, [*others, command])]))

    command = Command(name="help", description="What can be said here", run=run)
    return command


def _line(command: Command) -> str:
    options = "".join(f"\n  - `{option.name}`: {option.description}" for option in command.options)
    return f"- `/{command.name}`: {command.description}{options}"
