"""The settings as README's table and as deploy/roomkey.example.toml, written from the classes.

`python -m bot.settings_table` prints the table; with `--write` it updates both files in place.
"""

import json
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from textwrap import wrap
from typing import Final, Literal, get_args, get_origin

from bot.settings import Settings
from bot.settings_names import ANY_ID, Setting, settings_of, variable

BEGIN: Final = "<!-- settings -->"
END: Final = "<!-- /settings -->"
_ROOT: Final = Path(__file__).parent.parent
README: Final = _ROOT / "README.md"
EXAMPLE: Final = _ROOT / "deploy" / "roomkey.example.toml"

_SAMPLE_ID: Final = "123456789012345678"
_DATA_DIR: Final = "~/.local/state/roomkey"
_VARIABLES_ALONE: Final = (
    ("DISCORD_BOT_TOKEN", "The bot's token. A file `discord-token` in the data directory outranks it."),
    (
        "ROOMKEY_CONFIG",
        "The settings file, if it is neither in the data directory nor in `~/.config/roomkey`.",
    ),
)


def settings_table() -> str:
    """Return the Markdown table of all settings, without a final newline."""
    rows = [("in roomkey.toml", "variable", "default", "meaning"), ("---",) * 4]
    rows += [("", f"`{name}`", "", meaning) for name, meaning in _VARIABLES_ALONE]
    for setting in settings_of(Settings):
        name, default = f"`{setting.name}`", f"`{_default(setting)}`"
        rows.append(
            (name, f"`{variable(setting.path)}`", default if default != '`""`' else "", _meaning(setting))
        )
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def with_table(readme: str) -> str:
    """Return README's text with the table between its markers brought up to date.

    Raises:
        ValueError: the markers are not there.
    """
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"README.md has no {BEGIN} ... {END}")
    return f"{before}{begin}\n{settings_table()}\n{end}{after}"


def example_file() -> str:
    """Return a settings file that names every setting, each commented out at its default."""
    lines = ["# Every setting of Roomkey at its default. Take the `#` away from what you change."]
    for table, settings in groupby(settings_of(Settings), lambda setting: setting.path[:-1]):
        lines += ["", *_header(table)]
        for setting in settings:
            lines += [f"# {line}" for line in wrap(_meaning(setting), 98)]
            lines.append(f"#{setting.path[-1]} = {_default(setting)}")
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> None:
    """Print the table, or write it where it belongs."""
    if arguments == ["--write"]:
        README.write_text(with_table(README.read_text("utf-8")), "utf-8")
        EXAMPLE.write_text(example_file(), "utf-8")
    else:
        sys.stdout.write(f"{settings_table()}\n")


def _header(table: tuple[str, ...]) -> Iterator[str]:
    if ANY_ID in table:
        yield f"#[{'.'.join(_SAMPLE_ID if part == ANY_ID else part for part in table)}]"
    elif table:
        yield f"[{'.'.join(table)}]"


def _default(setting: Setting) -> str:
    """Return the default as TOML; empty text for a setting that is not set."""
    if setting.path == ("data_dir",):
        return json.dumps(_DATA_DIR)
    default: object = setting.field.get_default()
    return json.dumps("" if default is None else default)


def _meaning(setting: Setting) -> str:
    """Return what a setting means and, if it is a choice, which values it takes."""
    choices = [
        choice
        for part in (setting.field.annotation, *get_args(setting.field.annotation))
        if get_origin(part) is Literal
        for choice in get_args(part)
    ]
    listed = ", ".join(f"`{choice}`" for choice in choices)
    return f"{setting.field.description}{f' One of {listed}.' if len(choices) > 1 else ''}"


if __name__ == "__main__":
    main(sys.argv[1:])
