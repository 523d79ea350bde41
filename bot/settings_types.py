"""The kinds of values in the settings: ids, directories, addresses, each checked where it is read. Pure."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal, cast
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator
from pydantic_settings import NoDecode

from sessions.ids import numeric_id


def list_of(words: str) -> BeforeValidator:
    """Return what takes a list as it is, or as a variable writes it: in JSON.

    `words` say of what, with an example. The validator raises ValueError: it is neither.
    """

    def decoded(raw: object) -> object:
        if isinstance(raw, str):
            with suppress(ValueError, RecursionError):
                raw = json.loads(raw)
        if isinstance(raw, list | tuple):
            return cast("object", raw)
        raise ValueError(f"must be a list of {words}")

    return BeforeValidator(decoded)


def _unique(ids: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ids))


def absolute(path: Path) -> Path:
    """Return a path in full, `~` replaced. Raises ValueError."""
    if "\0" in str(path):
        raise ValueError("no path holds a NUL")
    try:
        return path.expanduser().absolute()
    except RuntimeError as error:
        raise ValueError(f"{path} names a home directory that does not exist") from error


def _http(url: str) -> str:
    return _address(url, "http", "https").rstrip("/")


def _websocket(url: str) -> str:
    return _address(url, "ws", "wss")


def _address(url: str, *schemes: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in schemes or not parts.hostname:
        raise ValueError(f"must be an address that begins with {' or '.join(f'{one}://' for one in schemes)}")
    return url


Id = Annotated[str, BeforeValidator(numeric_id)]
Ids = Annotated[
    tuple[Id, ...], NoDecode, list_of('ids, such as ["123456789012345678"]'), AfterValidator(_unique)
]
Directory = Annotated[Path, AfterValidator(absolute)]
ReplyTo = Literal["all", "mention"]
HttpAddress = Annotated[str, AfterValidator(_http)]
WebsocketAddress = Annotated[str, AfterValidator(_websocket)]
