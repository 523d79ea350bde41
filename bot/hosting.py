"""Where an installation keeps what a person gives it: for one user, or for the whole machine."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.settings_file import FILE_NAME as SETTINGS_NAME
from bot.settings_file import config_dir, default_data_dir, find_file, is_there
from bot.settings_token import FILE_NAME as TOKEN_NAME

_SERVICE_USER: Final = "roomkey"
_LOGIN_NAME: Final = "environment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosting:
    """The files of one installation; none of them need exist.

    `login_file` holds `NAME=value` lines for the service's environment, such as the agent's login.
    `service_user` is whom the machine's service runs as; a user's runs as that user.
    """

    is_system: bool
    settings_file: Path
    token_file: Path
    login_file: Path
    unit_file: Path
    data_dir: Path
    service_user: str = _SERVICE_USER


def user_hosting(environ: Mapping[str, str], config: Path | None, data_dir: Path | None = None) -> Hosting:
    """Return where this user's installation keeps its files; `data_dir` is what the settings say."""
    place = config_dir(environ)
    root = data_dir or default_data_dir(environ)
    return Hosting(
        is_system=False,
        settings_file=(find_file(config, environ) or place / "roomkey" / SETTINGS_NAME).absolute(),
        token_file=root / TOKEN_NAME,
        login_file=place / "roomkey" / _LOGIN_NAME,
        unit_file=place / "systemd" / "user" / "roomkey.service",
        data_dir=root,
    )


def system_hosting(root: Path = Path("/")) -> Hosting:
    """Return where the machine's installation keeps its files, as deploy/system/roomkey.service says."""
    etc = root / "etc"
    return Hosting(
        is_system=True,
        settings_file=etc / "roomkey" / SETTINGS_NAME,
        token_file=etc / "roomkey" / TOKEN_NAME,
        login_file=etc / "roomkey" / _LOGIN_NAME,
        unit_file=etc / "systemd" / "system" / "roomkey.service",
        data_dir=root / "var" / "lib" / "roomkey",
    )


def as_system_service(environ: Mapping[str, str], hosting: Hosting) -> dict[str, str]:
    """Return the environment as the machine's service has it, where its files are there."""
    found = {
        "CREDENTIALS_DIRECTORY": str(hosting.token_file.parent),
        "ROOMKEY_DATA_DIR": str(hosting.data_dir),
    }
    if is_there(hosting.settings_file):
        found["ROOMKEY_CONFIG"] = str(hosting.settings_file)
    return {**environ, **found}
