"""One installation as a command finds it: its files, and its settings as far as they can be read."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.hosting import Hosting, as_system_service, system_hosting, user_hosting
from bot.settings import Settings, SettingsError, load_settings
from bot.settings_token import take_token


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """`environ` is the environment without the bot's token; `settings` is None if a value is wrong.

    `problems` has one line for each thing that is wrong with the settings, `token_problem` the one about
    the token.
    """

    hosting: Hosting
    environ: Mapping[str, str]
    settings: Settings | None
    problems: tuple[str, ...] = ()
    token_problem: str = ""


def find_installation(config: Path | None, environ: Mapping[str, str], *, is_system: bool) -> Installation:
    """Return what is installed for this user, or for the machine. Never raises for wrong settings; blocks."""
    seen = dict(environ)
    machine = system_hosting()
    if is_system:
        seen = as_system_service(seen, machine)
    settings: Settings | None
    problems: tuple[str, ...] = ()
    token_problem = ""
    try:
        settings = load_settings(config, dict(seen))
    except SettingsError as error:
        settings, token_problem = error.settings, error.token_problem
        problems = tuple(line for line in str(error).splitlines() if line != token_problem)
    take_token(seen)
    return Installation(
        hosting=machine if is_system else user_hosting(seen, config, settings.data_dir if settings else None),
        environ=seen,
        settings=settings,
        problems=problems,
        token_problem=token_problem,
    )
