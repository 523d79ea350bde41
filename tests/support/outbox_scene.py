"""A pump between the real store and a chat in memory, on a clock that tests move."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

from bot.outbox import Outbox
from sessions.keys import session_key
from sessions.spool import Spool
from sessions.store import Store, open_store
from sessions.store.values import ChatAddress, Inbound, Kind, Piece, Prompt
from tests.support.clocks import SetClock
from tests.support.ports import FakePort

_IDS = count(1)


async def post(store: Store, *pieces: Piece) -> None:
    """Store pieces as something to be said."""
    notice = Inbound(
        source="test",
        msg_id=next(_IDS),
        key=session_key("room"),
        address=ChatAddress(platform="fake", channel_id=pieces[0].channel_id),
        prompt=Prompt(text=""),
        kind=Kind.NOTICE,
    )
    await store.post(notice, pieces)


class Alarm(SetClock):
    """A clock that tells when somebody begins to sleep on it."""

    def __init__(self) -> None:
        super().__init__()
        self.slept_on = asyncio.Event()

    async def sleep(self, delay_s: float) -> None:
        self.slept_on.set()
        await super().sleep(delay_s)


class Scene:
    """A pump between the real store and a chat in memory."""

    def __init__(self, store: Store, clock: Alarm, port: FakePort, spool: Spool) -> None:
        self.store = store
        self.clock = clock
        self.port = port
        self.outbox = Outbox(store, self.port, clock, spool)
        self.spool = spool

    async def all_sent(self) -> None:
        """Wait until nothing is left to send."""
        assert await self.outbox.flush(60)

    async def sleeps(self) -> None:
        """Wait until the pump waits for some time."""
        async with asyncio.timeout(60):
            await self.clock.slept_on.wait()
        self.clock.slept_on.clear()


@asynccontextmanager
async def scene(data_dir: Path, port: FakePort | None = None) -> AsyncGenerator[Scene]:
    """Open a store and let the pump run."""
    clock = Alarm()
    store = await open_store(data_dir, clock)
    made = Scene(store, clock, port or FakePort(), Spool(data_dir / "spool"))
    try:
        async with asyncio.TaskGroup() as tasks:
            pump = tasks.create_task(made.outbox.run())
            try:
                yield made
            finally:
                pump.cancel()
    finally:
        await store.close()
