"""`roomkey backup`, `restore`, `forget` and `audit`: thin functions over what they are named after."""

import json
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Final

import typer

from bot.cli_parts import ConfigOption, JsonOption, errors_as_sentences, settings_of

_SPAN: Final = re.compile(r"(\d{1,6})([mhdw])")
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SHOWN: Final = 10


def add_upkeep(app: typer.Typer) -> None:
    """Add these commands."""
    for command in (backup, restore, forget, audit):
        app.command()(command)


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write: .tar, .tar.gz or .tgz.")],
    config: ConfigOption = None,
    *,
    workdirs: Annotated[
        bool, typer.Option("--workdirs", help="Take the rooms' working directories as well.")
    ] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Write over a file of that name.")] = False,
) -> None:
    """Write a backup: queue, sessions, conversations, memory, settings. The bot may go on running.

    The bot's token is not in it, nor are agents' logins. Keep it as safe as what people said.
    """
    from sessions.backup import write_backup
    from sessions.paths import Paths

    with errors_as_sentences():
        paths = Paths.at(settings_of(config).data_dir)
        done = write_backup(
            paths,
            file.absolute(),
            workdirs=workdirs,
            version=version("roomkey"),
            now=datetime.now(UTC),
            force=replace,
        )
    typer.echo(f"{done.files} files, {done.size_bytes / 1024**2:.1f} MiB, are in {file}.")
    if not workdirs:
        typer.echo("The rooms' working directories are not in it; --workdirs takes them too.")
    _list("Not in it, because they lie elsewhere:", done.elsewhere)
    _list("Left out:", done.left_out)


def restore(
    file: Annotated[Path, typer.Argument(help="A backup, or a .sqlite3 copy from backups/.")],
    into: Annotated[
        Path | None, typer.Option(help="The data directory to make; without it that of the settings.")
    ] = None,
    config: ConfigOption = None,
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Move what is there aside, inside the data directory.")
    ] = False,
) -> None:
    """Make a data directory what it was when the backup was made. The bot must not be running.

    A `.sqlite3` copy brings back the database alone. What was answered since is not remembered: waiting
    prompts of that time run again, and younger messages may be answered a second time.
    """
    from sessions.restore import restore as restore_backup

    with errors_as_sentences():
        data_dir = settings_of(config).data_dir if into is None else into.expanduser().absolute()
        done = restore_backup(file.absolute(), data_dir, datetime.now(UTC), force=force)
    when = "" if done.made is None else f" of {done.made:%Y-%m-%d %H:%M} UTC"
    typer.echo(f"{data_dir} is as in the backup{when}: {done.files} files.")
    if done.aside is not None:
        typer.echo(f"What was there is in {done.aside}; delete it when nothing is missing.")
    if done.made is not None and not done.workdirs:
        typer.echo("The rooms' working directories were not in it; they begin empty.")
    typer.echo(
        "At its next start the bot runs what waited then, and answers what was said since as far back as"
        " discord.catch_up_s says, also what it had answered. Set that to 0 for one start if it must not."
    )


def forget(
    name: Annotated[str, typer.Argument(help="A person's id, or a room's key.")],
    config: ConfigOption = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete what Roomkey keeps of a person or a room; says first what that is, and what stays.

    The bot must not be running.
    """
    from bot.forgetting import forget as forget_it

    def agree(lines: Sequence[str]) -> bool:
        typer.echo("\n".join(lines))
        return yes or (sys.stdin.isatty() and typer.confirm("Delete it?", default=False))

    with errors_as_sentences():
        done = forget_it(settings_of(config), name, agree)
    typer.echo(done)


def audit(
    config: ConfigOption = None,
    *,
    since: Annotated[
        str, typer.Option(help="Only what is younger: `7d`, `12h`, or a date like 2026-01-31.")
    ] = "",
    actor: Annotated[str, typer.Option(help="Only what this person did, by their id.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Show who used which right on whom, the newest last. Read from the database, also while the bot runs."""
    from dataclasses import asdict

    from sessions.paths import Paths
    from sessions.store.sqlite_audit import read_audit

    with errors_as_sentences():
        paths = Paths.at(settings_of(config).data_dir)
        entries = read_audit(paths, since=_time_of(since, datetime.now(UTC)), actor=actor)
    if as_json:
        typer.echo(json.dumps([asdict(entry) for entry in entries], default=str, indent=2))
        return
    if not entries:
        typer.echo("There is no such entry.", err=True)
    for entry in entries:
        words = (entry.action, entry.target, entry.detail and f"({entry.detail})")
        shown = " ".join(word for word in words if word)
        typer.echo(f"{entry.at:%Y-%m-%d %H:%M:%S} {entry.actor} {shown}".encode("unicode_escape").decode())


def _time_of(since: str, now: datetime) -> datetime | None:
    """Return the time that `7d`, `12h` or a date stands for; a date without a zone is in UTC."""
    if not since:
        return None
    if span := _SPAN.fullmatch(since):
        return now - timedelta(**{_UNITS[span[2]]: int(span[1])})
    try:
        told = datetime.fromisoformat(since)
    except ValueError as error:
        raise typer.BadParameter("write 7d, 12h or a date like 2026-01-31", param_hint="--since") from error
    return told if told.tzinfo is not None else told.replace(tzinfo=UTC)


def _list(title: str, entries: Sequence[str]) -> None:
    if entries:
        typer.echo("\n".join([title, *(f"  {entry}" for entry in entries[:_SHOWN])]))
        if len(entries) > _SHOWN:
            typer.echo(f"  and {len(entries) - _SHOWN} more; the manifest in the backup has them all")
