"""Once a day what is old is forgotten, and trouble with that is no trouble for the bot."""

import asyncio
import os
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from bot.retention import Kept, forget_daily
from sessions.errors import StateError
from sessions.keys import SessionKey, session_key
from sessions.records import SessionRecord
from tests.support.clocks import SetClock
from tests.support.desk_rooms import RECORD

DAY_S = 86_400.0


class Shelf:
    """Remembers up to when it was told to forget; `refuses` the first time if told so."""

    def __init__(self, *rooms: Path, refuses: bool = False) -> None:
        self.upkeep = self
        self.workdirs = rooms
        self.refuses = refuses
        self.told: list[datetime] = []
        self.rooms: list[tuple[SessionKey, datetime]] = []
        self.but: list[SessionKey] = []

    async def prune_others(self, keys: Collection[SessionKey], before: datetime) -> int:
        self.but = sorted(keys)
        self.told.append(before)
        if self.refuses and len(self.told) == 1:
            raise StateError("The disk is full.")
        return 0

    async def prune_room(self, key: SessionKey, before: datetime) -> int:
        self.rooms.append((key, before))
        return 0

    async def sessions(self) -> Sequence[SessionRecord]:
        return [replace(RECORD, workdir=room) for room in self.workdirs]


@asynccontextmanager
async def forgetting(shelf: Shelf, **of_rooms: int) -> AsyncGenerator[SetClock]:
    clock = SetClock()
    kept = Kept(90, 30, {session_key(name): days for name, days in of_rooms.items()})
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(forget_daily(shelf, clock, kept))
        yield clock
        running.cancel()


async def let(clock: SetClock, seconds: float) -> None:
    for _ in range(5):
        await asyncio.sleep(0)
    clock.pass_s(seconds)
    for _ in range(5):
        await asyncio.sleep(0)


async def test_it_forgets_soon_after_the_start_and_then_every_day() -> None:
    shelf = Shelf()
    async with forgetting(shelf) as clock:
        begun = clock.utc()
        await let(clock, 30)
        assert shelf.told == []
        await let(clock, 30)
        await let(clock, DAY_S)
    first = begun + timedelta(seconds=60) - timedelta(days=90)
    assert shelf.told == [first, first + timedelta(days=1)]


async def test_a_store_in_trouble_is_asked_again_the_next_day() -> None:
    shelf = Shelf(refuses=True)
    async with forgetting(shelf) as clock:
        await let(clock, 60)
        await let(clock, DAY_S)
    assert len(shelf.told) == 2


async def test_it_goes_on_until_nothing_old_is_left() -> None:
    class Full(Shelf):
        async def prune_others(self, keys: Collection[SessionKey], before: datetime) -> int:
            return max(0, 3 - await super().prune_others(keys, before) - len(self.told))

    shelf = Full()
    async with forgetting(shelf) as clock:
        await let(clock, 60)
    assert len(shelf.told) == 3


async def test_files_that_people_sent_go_after_days_of_their_own(tmp_path: Path) -> None:
    """A room whose files cannot be looked at does not keep another's."""
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "inbox").symlink_to(tmp_path / "elsewhere")
    inbox = tmp_path / "good" / "inbox"
    inbox.mkdir(parents=True)
    clock = SetClock()
    for name, days in (("1_1.txt", 31), ("2_1.txt", 29)):
        (inbox / name).write_text("x")
        when = (clock.utc() - timedelta(days=days)).timestamp()
        os.utime(inbox / name, (when, when))
    async with forgetting(Shelf(tmp_path / "bad", tmp_path / "good")) as clock:
        await let(clock, 60)
        async with asyncio.timeout(20):
            while (inbox / "1_1.txt").exists():
                await asyncio.sleep(0.01)
    assert (inbox / "2_1.txt").exists()


async def test_a_room_with_a_time_of_its_own_keeps_to_that() -> None:
    shelf = Shelf()
    async with forgetting(shelf, short=7, long=400) as clock:
        await let(clock, 60)
        now = clock.utc()
    assert shelf.but == ["long", "short"]
    assert shelf.rooms == [("short", now - timedelta(days=7)), ("long", now - timedelta(days=400))]
