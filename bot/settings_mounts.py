"""How the settings write what a room is given beside its own: `Mounts`, and reading it. Pure."""

import json
from collections.abc import Iterable
from contextlib import suppress
from typing import Annotated, cast

from pydantic import AfterValidator, BeforeValidator
from pydantic_settings import NoDecode

from sessions.box.mounts import Mount, parse_mount


def mounts_of(texts: Iterable[str]) -> tuple[Mount, ...]:
    """Return what the texts say, each once. Raises ValueError: one is not written as a mount is."""
    return tuple(dict.fromkeys(parse_mount(text) for text in texts))


def _decoded(raw: object) -> object:
    """Return a list as it is, or as a variable writes it: in JSON."""
    if isinstance(raw, str):
        with suppress(ValueError, RecursionError):
            raw = json.loads(raw)
    if isinstance(raw, list | tuple):
        return cast("object", raw)
    raise ValueError('must be a list of mounts, such as ["/srv/repo:ro"]')


def _checked(texts: tuple[str, ...]) -> tuple[str, ...]:
    mounts_of(texts)
    return texts


Mounts = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_decoded), AfterValidator(_checked)]
