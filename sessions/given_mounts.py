"""The mounts of a room in force: those of the settings and those given at run time, checked at each start."""

import asyncio
import json
from collections.abc import Iterable, Sequence
from typing import Final, cast

from sessions.box.mounts import Mount, parse_mount, refusal, written
from sessions.errors import StateError, UserError
from sessions.keys import SessionKey
from sessions.paths import Paths
from sessions.store import Store

SCOPE: Final = "mounts"
"""Facts of this scope are named after rooms; each is a JSON list of mounts, written as in the settings."""

LOOK_S: Final = 10.0
"""How long a look at files may take that may lie on a dead disk."""


async def given_mounts(store: Store, key: SessionKey) -> tuple[Mount, ...]:
    """Return what a room was given at run time. Raises StateError."""
    text = await store.get_fact(SCOPE, key)
    try:
        texts: object = json.loads(text or "[]")
        return tuple(parse_mount(str(one)) for one in cast("list[object]", texts))
    except (ValueError, TypeError, RecursionError) as error:
        raise StateError(f"The stored mounts of the room {key} cannot be read: {error}.") from error


async def set_given_mounts(store: Store, key: SessionKey, mounts: Iterable[Mount]) -> None:
    """Store what a room is given at run time, instead of what it was given so far. Raises StateError."""
    await store.set_fact(SCOPE, key, json.dumps([written(mount) for mount in mounts]))


def merged(settings: Iterable[Mount], given: Iterable[Mount]) -> tuple[Mount, ...]:
    """Return all mounts, one for each path: what was given later counts. Pure."""
    return tuple({mount.path: mount for mount in (*settings, *given)}.values())


async def check_mounts(mounts: Sequence[Mount], paths: Paths) -> None:
    """Look at mounts as they are now.

    Raises:
        UserError: an agent cannot be given one of them, or it does not show in time.
    """

    def first() -> str | None:
        return next((why for mount in mounts if (why := refusal(mount, paths))), None)

    if not mounts:
        return
    try:
        async with asyncio.timeout(LOOK_S):
            why = await asyncio.to_thread(first)
    except TimeoutError as error:
        raise UserError(f"The mounts of this room could not be looked at within {LOOK_S:.0f} s.") from error
    if why is not None:
        raise UserError(why)
