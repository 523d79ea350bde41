"""Once a day, the store forgets what ended long ago, and rooms lose the files that people sent long ago."""

import asyncio
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

from sessions.clock import Clock
from sessions.errors import StateError
from sessions.inbox import remove_old
from sessions.keys import SessionKey
from sessions.records import SessionRecord

log = logging.getLogger(__name__)

_FIRST_S: Final = 60.0
_AGAIN_S: Final = 86_400.0


class Prunes(Protocol):
    """What forgets rows: see `UpkeepStore`."""

    async def prune_others(self, keys: Collection[SessionKey], before: datetime) -> int:
        """Forget some of what ended before then in all rooms but these; return how many rows."""
        ...

    async def prune_room(self, key: SessionKey, before: datetime) -> int:
        """Forget some of what ended in a room before then; return how many rows. Raises StateError."""
        ...


class Forgetful(Protocol):
    """What can forget, and knows the rooms."""

    @property
    def upkeep(self) -> Prunes:
        """What forgets rows."""
        ...

    async def sessions(self) -> Sequence[SessionRecord]:
        """Return all sessions. Raises StateError."""
        ...


@dataclass(frozen=True, slots=True)
class Kept:
    """How many days ended turns and received files are kept; `rooms` have a time of their own for turns."""

    turns_days: int
    files_days: int
    rooms: Mapping[SessionKey, int] = field(default_factory=dict[SessionKey, int])


async def forget_daily(store: Forgetful, clock: Clock, kept: Kept) -> None:
    """Forget what is older than that, soon after the start and then every day. Never returns."""
    wait_s = _FIRST_S
    while True:
        await clock.sleep(wait_s)
        wait_s, now = _AGAIN_S, clock.utc()
        try:
            rows = await _forget_rows(store.upkeep, now, kept)
            workdirs = [record.workdir for record in await store.sessions()]
        except StateError as error:
            log.warning("nothing was forgotten", extra={"reason": str(error)})
            continue
        files = await asyncio.to_thread(_forget_files, workdirs, now - timedelta(days=kept.files_days))
        log.info("forgot what is old", extra={"rows": rows, "files": files, "keep_days": kept.turns_days})


async def _forget_rows(store: Prunes, now: datetime, kept: Kept) -> int:
    rows, before = 0, now - timedelta(days=kept.turns_days)
    while forgotten := await store.prune_others(kept.rooms.keys(), before):
        rows += forgotten
    for key, days in kept.rooms.items():
        while forgotten := await store.prune_room(key, now - timedelta(days=days)):
            rows += forgotten
    return rows


def _forget_files(workdirs: Sequence[Path], before: datetime) -> int:
    """Remove what people sent before then; a room that an agent made unusable is passed over."""
    files = 0
    for workdir in workdirs:
        try:
            files += remove_old(workdir, before)
        except OSError as error:
            log.info("old files of a room stay", extra={"workdir": str(workdir), "reason": str(error)})
    return files
