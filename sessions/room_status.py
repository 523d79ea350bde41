"""What a room is and does right now, and its queue: what the manager says of it. Values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sessions.box.mounts import Mount
from sessions.keys import SessionKey
from sessions.records import SessionRecord
from sessions.room_settings import RoomSettings
from sessions.settings import Isolation
from sessions.store.past import Trouble
from sessions.store.values import Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomStatus:
    """What a room is and does right now. `record` is None where nobody has spoken yet.

    `settings` is what holds in it, `paused` says that no further turn starts. `reaches` is what its agent
    reaches of the network beside its model; None where the network is the host's.
    `trouble` is what went wrong with the prompt that ended last.
    """

    key: SessionKey
    record: SessionRecord | None
    vendor: str
    settings: RoomSettings
    isolation: Isolation
    mounts: tuple[Mount, ...]
    state: Literal["idle", "running", "asking"]
    waiting: int
    running_for_s: float | None
    live: bool
    terminal_command: str | None
    paused: bool = False
    reaches: tuple[str, ...] | None = None
    trouble: Trouble | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A room's queue: what runs, what waits in the order it will run, and whether it is paused."""

    running: Turn | None
    waiting: Sequence[Turn]
    paused: bool
