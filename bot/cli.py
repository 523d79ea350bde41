"""The command line: arguments -> one function for each command; exit codes.

This module and those of its name import late: engine and Discord take longer to load than most commands.
"""

import asyncio
import json
import os
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from bot.cli_hosting import add_to
from bot.cli_parts import ConfigOption, JsonOption, errors_as_sentences, settings_of
from bot.cli_service import service
from bot.cli_upkeep import add_upkeep
from bot.output import expendable_output

app: Final = typer.Typer(
    help="A Discord bot in which every channel or thread is its own isolated coding-agent session.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)
importing: Final = typer.Typer(help="Take over the sessions of another program.", no_args_is_help=True)
exporting: Final = typer.Typer(help="Write the sessions for another program.", no_args_is_help=True)
app.add_typer(importing, name="import")
app.add_typer(exporting, name="export")
app.add_typer(service, name="service")
add_to(app)
add_upkeep(app)


def main() -> None:
    """Run the command line; the entry point of `roomkey`."""
    with expendable_output():
        app()


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"roomkey {version('roomkey')}")  # noqa: T201 - that is the command's output
        raise typer.Exit


@app.callback()
def _root(  # pyright: ignore[reportUnusedFunction] - typer holds it
    _version: Annotated[
        bool, typer.Option("--version", help="Show the version.", is_eager=True, callback=_show_version)
    ] = False,
) -> None: ...


@app.command()
def run(config: ConfigOption = None) -> None:
    """Connect to Discord and serve until told to stop.

    Exit codes: 0 stopped cleanly, 2 wrong use, 75 another Roomkey uses this data directory or token,
    77 Discord refuses the token, 78 settings, intents, isolation or stored state are not right.
    """
    from bot.own_process import close_to_others, forget_variables

    with errors_as_sentences():
        close_to_others()  # before anything else is loaded
        from bot.service_manager import ServiceManager
        from sessions import crash_points

        environ = os.environ  # noqa: TID251 - handed to the one reader
        crash_points.plan(environ.get("ROOMKEY_CRASH_AT", ""))  # for tests alone
        settings, told_by = settings_of(config), ServiceManager.of(environ)
        forget_variables(environ)
        from bot.app import run_bot  # takes long to load, and wrong settings are said at once

        run_bot(settings, told_by)


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="The page's port; 0 takes a free one.")] = 0,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")
    ] = True,
    data_dir: Annotated[
        Path | None, typer.Option(help="Keep the demo's state here; without it, it is gone at the end.")
    ] = None,
) -> None:
    """Try Roomkey in the browser: no account, no key, nothing leaves this machine.

    Starts an offline Discord, an offline model, the real bot and the real Claude Code. Ctrl-C ends it all.
    """
    from bot.demo.launch import run_demo

    with errors_as_sentences():
        asyncio.run(run_demo(port=port, open_browser=browser, data_dir=data_dir))


@app.command()
def bind(
    key: Annotated[str, typer.Argument(help="The session key: `default` or a channel's id.")],
    directory: Annotated[Path, typer.Argument(help="An existing directory.")],
    config: ConfigOption = None,
) -> None:
    """Give a room an existing directory as its working directory.

    The bot must not be running. The room keeps its conversation and its memory.
    """
    from bot.offline import bind_room

    with errors_as_sentences():
        record = bind_room(settings_of(config), key, directory)
    typer.echo(f"{record.key} works in {record.workdir} from its next turn on.")


@importing.command("claudeclaw")
def import_claudeclaw(
    directory: Annotated[Path, typer.Argument(help="Its project directory, or .claude/claudeclaw in it.")],
    config: ConfigOption = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would happen; change nothing.")
    ] = False,
    as_json: JsonOption = False,
    claude_config: Annotated[
        Path | None, typer.Option(help="Where Claude keeps its transcripts, if not in the usual place.")
    ] = None,
    bind_project: Annotated[
        bool, typer.Option("--bind-project", help="Let imported rooms work in the project directory itself.")
    ] = False,
    write_config: Annotated[
        bool, typer.Option("--write-config", help="Write roomkey.toml from its settings, if there is none.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Copy also when there is very much of it.")] = False,
) -> None:
    """Take over the sessions of claudeclaw. Its own files are never changed; twice is as good as once."""
    from bot.offline import ImportOrder, import_sessions
    from sessions.legacy_report import render_report, report_json

    order = ImportOrder(
        directory=directory,
        claude_config=claude_config,
        dry_run=dry_run,
        bind_project=bind_project,
        write_config=write_config,
        copy_much=yes,
    )
    with errors_as_sentences():
        report = import_sessions(settings_of(config), order, Console(stderr=True))
    typer.echo(json.dumps(report_json(report), indent=2) if as_json else render_report(report))


@exporting.command("claudeclaw")
def export_claudeclaw(
    file: Annotated[Path, typer.Argument(help="The sessions.json to write.")],
    config: ConfigOption = None,
) -> None:
    """Write all sessions as claudeclaw's sessions.json."""
    from bot.offline import export_sessions

    with errors_as_sentences():
        count = export_sessions(settings_of(config), file)
    typer.echo(f"{count} sessions written to {file}.")
