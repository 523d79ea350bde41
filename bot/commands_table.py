"""The commands as docs/commands.md, written from the commands themselves.

`python -m bot.commands_table` prints the page; with `--write` it updates the file.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bot.access import Tier
from bot.commands import GROUPS
from bot.commands.help_view import shown_name
from bot.commands.spec import Command, Option

PAGE: Final = Path(__file__).parent.parent / "docs" / "commands.md"
_WHO: Final = {
    Tier.STRANGER: "anybody",
    Tier.USER: "users",
    Tier.OPERATOR: "operators",
    Tier.OWNER: "owners",
}
_INTRO: Final = """\
# Commands

Every command is used in a room and acts on that room: a channel, a thread, a forum post or a direct message,
whether it is a listen channel or not. Its answer is for whoever used it alone; what concerns everybody in
the room is also said aloud. Who may is asked anew each time, as for a message: *users* are those who are
answered, *operators* see to everybody's turns and to the rooms, *owners* say who may and what agents may;
each may do all that those before them may. `/help` shows everybody what they may use.
[README.md](../README.md) says how to name these people.

This page is written by `python -m bot.commands_table --write`; a test compares the two."""


def page() -> str:
    """Return the whole page."""
    parts = [_INTRO]
    for topic, commands in GROUPS.items():
        rows = [("command", "for", "works", "does"), ("---",) * 4, *map(_row, commands)]
        table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
        parts.append(f"## {topic}\n\n{table}")
        parts += ["\n".join(_options(one)) for one in commands if one.options]
    return "\n\n".join(parts) + "\n"


def main(arguments: list[str]) -> None:
    """Print the page, or write it where it belongs."""
    if arguments == ["--write"]:
        PAGE.write_text(page(), "utf-8")
    else:
        sys.stdout.write(page())


def _row(command: Command) -> tuple[str, str, str, str]:
    where = "in a server's channels" if command.opens_thread else "in every room"
    works = f"on a message {where}, by right click" if command.on_message else where
    return f"`{shown_name(command)}`", _WHO[command.tier], works, _cell(command.description)


def _options(command: Command) -> Iterator[str]:
    yield f"`{shown_name(command)}` takes:"
    yield ""
    for option in command.options:
        yield f"- `{option.name}` ({_kind(option)}): {_cell(option.description)}"


def _kind(option: Option) -> str:
    match option.kind:
        case "flag":
            return "yes or no"
        case "text":
            return "must be given"
        case "choice":
            return " or ".join(f"`{one}`" for one in option.choices)
        case "user" | "role":
            return f"a {option.kind}"
        case "words":
            return "a text" if option.suggest is None else "a text; some are offered"
        case "path":
            return "a path"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    main(sys.argv[1:])
