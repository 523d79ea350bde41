"""How the settings write what a room is given beside its own: `Mounts`, and reading it. Pure."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator
from pydantic_settings import NoDecode

from bot.settings_types import list_of
from sessions.box.mounts import Mount, parse_mount


def mounts_of(texts: Iterable[str]) -> tuple[Mount, ...]:
    """Return what the texts say, each once. Raises ValueError: one is not written as a mount is."""
    return tuple(dict.fromkeys(parse_mount(text) for text in texts))


def _checked(texts: tuple[str, ...]) -> tuple[str, ...]:
    mounts_of(texts)
    return texts


Mounts = Annotated[
    tuple[str, ...], NoDecode, list_of('mounts, such as ["/srv/repo:ro"]'), AfterValidator(_checked)
]
