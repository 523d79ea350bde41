"""Where the bot's token comes from, and whether it can be one."""

import os
import re
import stat
from collections.abc import MutableMapping
from pathlib import Path
from typing import Final

from pydantic import SecretStr

VARIABLE: Final = "DISCORD_BOT_TOKEN"
FILE_NAME: Final = "discord-token"
_SHAPE: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_APPLICATION_ID: Final = re.compile(r"[0-9]{15,20}")


class BadToken(ValueError):
    """What was found where the token should be is none; the text says where, and never shows it."""


def take_token(environ: MutableMapping[str, str]) -> str:
    """Return the variable's value and remove it, so that no child can inherit it; empty if unset."""
    return environ.pop(VARIABLE, "").strip()


def read_token(variable: str, credentials_dir: str | None, data_dir: Path) -> SecretStr | None:
    """Return the token: the service manager's credential, else the data directory's file, else `variable`.

    None if nobody gives one.

    Raises:
        BadToken: the first that is given has not the shape of a token, or the file is not ours alone.
    """
    if credentials_dir and (text := _read(Path(credentials_dir) / FILE_NAME)):
        return checked_token(text, f"the credential {FILE_NAME}")
    file = data_dir / FILE_NAME
    if text := _read(file, private=True):
        return checked_token(text, str(file))
    return checked_token(variable, VARIABLE) if variable else None


def missing(data_dir: Path) -> str:
    """Return what to tell a person whose bot has no token."""
    return (
        f"There is no bot token. Run `roomkey setup`; or set {VARIABLE}, or write it to"
        f" {data_dir / FILE_NAME} with mode 0600."
    )


def checked_token(text: str, where: str) -> SecretStr:
    """Return a token that has the shape of one; `where` it was found is for the error's text.

    Raises:
        BadToken: it has not.
    """
    if _SHAPE.fullmatch(text):
        return SecretStr(text)
    if _APPLICATION_ID.fullmatch(text):
        raise BadToken(
            f"{where} holds an application id, not a token; "
            "the token is on the Bot page of the developer portal, under Reset Token"
        )
    raise BadToken(f"{where} does not hold a bot token; a token has three parts with dots between them")


def _read(file: Path, *, private: bool = False) -> str:
    try:
        with file.open(encoding="utf-8") as opened:
            found = os.fstat(opened.fileno())
            mode = stat.S_IMODE(found.st_mode)
            if private and found.st_uid != os.geteuid():
                remedy = f"run: chown {os.geteuid()} {file}"
                raise BadToken(f"{file} belongs to another user (uid {found.st_uid}); {remedy}")
            if private and mode & 0o077:
                raise BadToken(f"{file} has mode {mode:04o}; run: chmod 600 {file}")
            return opened.read().strip()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise BadToken(f"{file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadToken(f"{file} is not text") from error
