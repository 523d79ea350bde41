"""How a room comes to rest: idle, without an agent, everything said."""

import asyncio

from sessions.keys import SessionKey, session_key
from tests.support.played_agent import PlayedAdapter
from tests.support.rooms import House

LAB = session_key("lab")


async def texts(home: House) -> list[str]:
    """Return what is to be said, in order."""
    said = list[str]()
    while rows := await home.store.outbox_due("test", 100):
        for row in rows:
            said.append(row.piece.body)
            await home.store.outbox_done(row.id, None)
    return said


async def until_sent(adapter: PlayedAdapter, wanted: int) -> None:
    async with asyncio.timeout(60):
        while not adapter.opened or len(adapter.opened[0].sent) < wanted:
            await asyncio.sleep(0.005)


async def until_idle(home: House, key: SessionKey = LAB) -> None:
    async with asyncio.timeout(60):
        while (await home.manager.status(key)).state != "idle":
            await asyncio.sleep(0.005)


async def until_gone(home: House, key: SessionKey = LAB) -> None:
    async with asyncio.timeout(60):
        while (await home.manager.status(key)).live:
            await asyncio.sleep(0.005)


async def until_posted(home: House, wanted: int) -> None:
    said = list[str]()
    async with asyncio.timeout(60):
        while len(said) < wanted:
            said += await texts(home)
            await asyncio.sleep(0.005)
    assert len(said) == wanted
