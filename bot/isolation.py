"""At each start: the agents' launcher is written, their box is tried, and the rooms' mounts are looked at."""

import os
from typing import Final

from bot.settings import Settings
from sessions.box import BOXES
from sessions.box.landlock import WEAK_POINTS
from sessions.box.mounts import refusal
from sessions.box.probe import probe
from sessions.errors import BadMount
from sessions.keys import DEFAULT_KEY, session_key
from sessions.paths import Paths

_AS_ROOT: Final = (
    "Roomkey runs as root: files of other users are closed to its agents, and nothing limits how many"
    " processes they start; give it a user of its own"
)
_EGRESS_UNUSED: Final = (
    'the network is open, whatever egress.allow says: it counts with isolation = "strict" alone'
)


def prepare_boxes(settings: Settings, paths: Paths) -> None:
    """Make sure that agents are kept apart as the settings ask. Blocks; call it in the main thread.

    Raises:
        BoxBroken: they cannot be. There is no weaker isolation instead.
        BadMount: a room cannot be given what the settings give it.
    """
    for key in (DEFAULT_KEY, *(session_key(room) for room in settings.channel)):
        for mount in settings.mounts_for(key):
            if why := refusal(mount, paths):
                raise BadMount(f"[channel.{key}] {why}" if key != DEFAULT_KEY else why)
    box = BOXES[settings.isolation]
    box.write_launcher(paths.launcher)
    probe(box, paths.root / "probe", settings.box)


def weak_points(settings: Settings, *, is_root: bool | None = None) -> tuple[str, ...]:
    """Return what the isolation in force does not hold although it could, each as a clause.

    `is_root` says whether the bot runs as root; None means as this process does.
    """
    is_root = os.geteuid() == 0 if is_root is None else is_root
    weak: tuple[str, ...] = ()
    if settings.isolation == "landlock":
        weak = WEAK_POINTS
    elif settings.isolation == "none":
        weak = ("agents are kept apart by directories alone: each can read the files of all rooms",)
    if settings.egress.allow and settings.isolation != "strict":
        weak = (*weak, _EGRESS_UNUSED)
    return (*weak, _AS_ROOT) if is_root and settings.isolation != "none" else weak
