"""`roomkey service`: Roomkey as a systemd service. Thin functions over `bot.service`."""

import json
import os
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bot.cli_parts import ConfigOption, JsonOption, errors_as_sentences

if TYPE_CHECKING:
    from pathlib import Path

    from bot.installation import Installation

service: Final = typer.Typer(help="Run Roomkey as a systemd service.", no_args_is_help=True)

SystemOption = Annotated[
    bool | None,
    typer.Option(
        "--system/--user",
        help="A service of the machine, or of your user; by default root's is the machine's.",
    ),
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Answer every question with yes.")]
_EXIT_INACTIVE: Final = 3
"""What `systemctl status` says of a service that does not run."""


def installation_of(config: "Path | None", is_system: bool | None) -> "Installation":
    """Return an installation; `is_system` None means the machine's for root alone."""
    from bot.installation import find_installation

    environ = os.environ  # noqa: TID251 - handed to the one reader
    return find_installation(config, environ, is_system=is_of_machine(is_system))


def is_of_machine(wanted: bool | None) -> bool:
    """Whether the machine's installation is meant: as said, else for root alone."""
    return os.geteuid() == 0 if wanted is None else wanted


def ask_unless(yes: bool, question: str) -> bool:
    """Put a question; nobody there to answer means no."""
    if yes:
        return True
    return sys.stdin.isatty() and typer.confirm(question, default=True)


@service.command()
def install(system: SystemOption = None, yes: YesOption = False, config: ConfigOption = None) -> None:
    """Write the unit and, if you say so, start Roomkey now and whenever the machine starts.

    `roomkey setup` comes first: it writes token and settings where the service finds them.
    """
    from functools import partial

    from bot.service import install as install_service
    from bot.service_unit import this_program

    with errors_as_sentences():
        hosting = installation_of(config, system).hosting
        install_service(hosting, this_program(), typer.echo, partial(ask_unless, yes))


@service.command()
def status(system: SystemOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Say whether the service runs, and what it does. Exit codes: 0 it runs, 3 it does not."""
    from bot.service import state_of

    with errors_as_sentences():
        state = state_of(installation_of(config, system).hosting)
    typer.echo(json.dumps(asdict(state), indent=2) if as_json else state.sentence())
    if not state.is_active:
        raise typer.Exit(_EXIT_INACTIVE)


@service.command()
def logs(
    system: SystemOption = None,
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, help="How many of the last lines.")] = 100,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on showing what comes.")] = False,
) -> None:
    """Show what the service wrote into the journal."""
    from bot.programs import become
    from bot.service import log_words

    with errors_as_sentences():
        become(log_words(is_system=is_of_machine(system), lines=lines, follow=follow))


@service.command()
def uninstall(system: SystemOption = None, config: ConfigOption = None) -> None:
    """Stop the service and remove its unit. Settings, token and data stay."""
    from bot.service import uninstall as uninstall_service

    with errors_as_sentences():
        uninstall_service(installation_of(config, system).hosting, typer.echo)
