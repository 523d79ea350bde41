"""`roomkey setup`, `invite` and `doctor`: from a token to a bot that runs. Thin functions."""

import asyncio
import json
import sys
import webbrowser
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from bot.cli_parts import ConfigOption, JsonOption, errors_as_sentences
from bot.cli_service import installation_of, is_of_machine

if TYPE_CHECKING:
    from bot.installation import Installation

MachineOption = Annotated[
    bool | None,
    typer.Option("--system/--own", help="The machine's installation in /etc/roomkey, or your user's own."),
]


class IsolationName(StrEnum):
    """What `--isolation` takes."""

    strict = "strict"
    bwrap = "bwrap"
    landlock = "landlock"
    none = "none"


def add_to(app: typer.Typer) -> None:
    """Add these commands to the program."""
    for command in (setup, invite, doctor):
        app.command()(command)


def setup(
    config: ConfigOption = None,
    *,
    system: Annotated[
        bool, typer.Option("--system", help="Set the machine's service up, in /etc/roomkey.")
    ] = False,
    token_file: Annotated[
        str, typer.Option(help="A file with the bot's token, or - for standard input.")
    ] = "",
    owner: Annotated[str, typer.Option(help="The user id of the bot's owner.")] = "",
    guild: Annotated[
        list[str] | None, typer.Option(help="The id of a guild to answer in; may be given more than once.")
    ] = None,
    listen: Annotated[
        list[str] | None, typer.Option(help="The id of a channel that shares the session `default`.")
    ] = None,
    isolation: Annotated[IsolationName | None, typer.Option(help="How agents are kept apart.")] = None,
    service: Annotated[
        bool | None, typer.Option("--service/--no-service", help="Run it as a service of systemd.")
    ] = None,
    store_login: Annotated[
        bool, typer.Option("--store-login", help="Write the agent's login where the service finds it.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace what is there without a question.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing; the answer is yes.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Set Roomkey up: token, intents, invite link, owner, agent, isolation, and the files for it.

    At a terminal it asks; every question has a flag. What is there already stays unless you say so.

    Exit codes: 0 set up, 1 something is left to do, 2 an answer is missing or wrong, 77 Discord refuses
    the token, 78 settings or isolation are not right.
    """
    from bot.setup import SetupOrder, run_setup
    from bot.setup_questions import Nobody, Terminal
    from bot.setup_report import next_step, setup_json
    from bot.setup_service import offer_service

    def say(text: str) -> None:
        if not as_json:
            typer.echo(text)

    is_person = sys.stdin.isatty() and not (yes or as_json)
    asker = Terminal() if is_person else Nobody(says_yes=yes)
    with errors_as_sentences():
        installation = installation_of(config, system)
        order = SetupOrder(
            token=_token_in(token_file),
            owner=owner,
            guilds=tuple(guild or ()),
            listen=tuple(listen or ()),
            isolation=isolation.value if isolation else None,
            force=force,
        )
        report = asyncio.run(run_setup(order, installation, asker, say))
        state = offer_service(service, store_login, report.login, installation, asker, say)
    if as_json:
        typer.echo(json.dumps(setup_json(report, installation.hosting, state), indent=2))
    else:
        say(next_step(report, state))
    if report.problems:
        raise typer.Exit(1)


def invite(
    config: ConfigOption = None,
    system: MachineOption = None,
    *,
    open_it: Annotated[bool, typer.Option("--open", help="Open it in a browser as well.")] = False,
) -> None:
    """Print the address at which the bot is let into a guild. It asks for the least that Roomkey needs."""
    from bot.setup import invite_of

    with errors_as_sentences():
        link = asyncio.run(invite_of(_installed(config, system)))
    typer.echo(link)
    if open_it:
        webbrowser.open(link)


def doctor(
    config: ConfigOption = None,
    system: MachineOption = None,
    *,
    fix: Annotated[bool, typer.Option("--fix", help="Mend what is safe to mend, and say what.")] = False,
    as_json: JsonOption = False,
    user: Annotated[str, typer.Option(help="A user id: what may this person do ...")] = "",
    channel: Annotated[str, typer.Option(help="... in the channel of this id?")] = "",
    limit: Annotated[
        float, typer.Option(min=0.1, max=600, help="How many seconds each check may take; all run at once.")
    ] = 2.0,
) -> None:
    """Look at all that Roomkey needs, say what is wrong and how to mend it. Takes at most 3 s.

    Exit codes: 0 nothing is in the way, 1 something is, 2 wrong use.
    """
    from bot.doctor import failed
    from bot.doctor_checks import examine_installation, question_of
    from bot.doctor_report import print_report, report_json

    with errors_as_sentences():
        question = question_of(user, channel)
        find = partial(_installed, config, system)
        results = asyncio.run(examine_installation(find, question, fix=fix, limit_s=limit))
    if as_json:
        typer.echo(json.dumps(report_json(results), indent=2))
    else:
        print_report(results, Console(highlight=False, soft_wrap=True))
    if failed(results):
        raise typer.Exit(1)


def _installed(config: Path | None, system: bool | None) -> "Installation":
    """Return the installation that is meant: for root, the machine's if there is one."""
    from bot.hosting import system_hosting
    from bot.settings_file import is_there

    if system is None:
        system = is_of_machine(None) and config is None and is_there(system_hosting().token_file)
    return installation_of(config, system)


def _token_in(name: str) -> str:
    """Return what stands in a file, or on standard input for `-`; "" for no name."""
    from bot.setup_questions import BadAnswer

    if not name:
        return ""
    try:
        text = sys.stdin.readline() if name == "-" else Path(name).read_text("utf-8")
    except OSError as error:
        raise BadAnswer(f"The token cannot be read from {name}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise BadAnswer(f"The token cannot be read from {name}: it is no text.") from error
    if not text.strip():
        raise BadAnswer(f"There is no token in {name}.")
    return text.strip()
