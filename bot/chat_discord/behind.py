"""Which channels may hold messages that were missed, and from where on. Pure; ids are Discord's numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_SLACK: Final = 60_000 << 22
"""Ids of a minute: what happens in two channels may be told in another order than it happened."""
_UNLISTED: Final = 500
"""How many rooms are asked for that the gateway does not list: direct messages, archived threads."""
_NEW: Final = 200
"""How many channels are looked into in which the bot never took part."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A channel as the gateway lists it: its newest message, and from which id on the bot was there."""

    last: int
    joined: int


def behind(
    cursors: Mapping[int, int],
    listed: Mapping[int, Listed],
    *,
    overall: int,
    oldest: int,
    doubt: bool = False,
) -> tuple[dict[int, int], int]:
    """Return the channels to look into, each with the message after which to read; and how many are left out.

    `cursors` are the newest decided messages of rooms, `overall` that of all. What is older than
    `oldest` is of no interest where the bot never took part. With `doubt` the list is not believed.
    """
    rooms = {one: at for one, at in cursors.items() if one in listed and (doubt or listed[one].last > at)}
    unlisted = sorted((at, one) for one, at in cursors.items() if one not in listed)
    rooms |= {one: at for at, one in unlisted[-_UNLISTED:]}
    floor = max(overall - _SLACK, oldest)
    new = sorted(
        (place.last, one)
        for one, place in listed.items()
        if one not in cursors and place.last > max(floor, place.joined)
    )
    rooms |= {one: max(floor, listed[one].joined) for _, one in new[-_NEW:]}
    return rooms, max(0, len(unlisted) - _UNLISTED) + max(0, len(new) - _NEW)
