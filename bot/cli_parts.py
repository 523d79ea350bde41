"""What the commands of the command line share: options, settings, and errors as sentences."""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sessions.errors import RoomkeyError

if TYPE_CHECKING:
    from bot.settings import Settings

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config", help="The settings file; without it ROOMKEY_CONFIG or the usual places are used."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


def settings_of(config: Path | None) -> "Settings":
    """Return the settings; the token's variable is gone from the environment then. Raises SettingsError."""
    from bot.settings import load_settings

    return load_settings(config, os.environ)  # noqa: TID251 - handed to the one reader


@contextmanager
def errors_as_sentences() -> Generator[None]:
    """Say on standard error what was raised on purpose, and end with its exit code."""
    try:
        yield
    except RoomkeyError as error:
        print(f"roomkey: {error}", file=sys.stderr)  # noqa: T201 - that is how it is said
        raise typer.Exit(getattr(error, "exit_code", 1)) from error
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
