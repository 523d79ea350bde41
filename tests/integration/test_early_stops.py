"""A turn that is ended before its agent works on it: while it starts, loads files, or is just being taken."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sessions.clock import SystemClock
from sessions.prompts import Fetched
from sessions.store import open_store
from sessions.store.values import Attachment, Kind, Turn
from tests.support.at_rest import LAB
from tests.support.played_agent import PlayedAdapter
from tests.support.rooms import house
from tests.support.unlucky_stores import Meddling


async def test_stop_cuts_a_start_short(tmp_path: Path) -> None:
    adapter = PlayedAdapter()
    adapter.may_open.clear()
    async with house(tmp_path, adapter=adapter) as home:
        await home.say("lab", "hello")
        await adapter.asked.wait()
        assert home.manager.stop(LAB)
        [reply] = await home.replies.until(1)
        assert reply.outcome is not None
        assert reply.outcome.status == "stopped"
        adapter.may_open.set()
        await home.say("lab", "again")
        _, following = await home.replies.until(2)
        assert following.outcome is not None
        assert following.outcome.status == "ok"


async def test_stop_cuts_a_download_short(tmp_path: Path) -> None:
    file = Attachment(id="1", name="big.bin", url="http://x", size_bytes=1)
    begun = asyncio.Event()

    async def hang(_turn: Turn, _inbox: Path) -> Sequence[Fetched]:
        begun.set()
        await asyncio.Event().wait()
        return ()

    async with house(tmp_path, fetch_files=hang) as home:
        row = home.row("lab", "look")
        await home.manager.accept(replace(row, prompt=replace(row.prompt, attachments=(file,))))
        await begun.wait()
        assert home.manager.stop(LAB)
        assert home.manager.stop(LAB)
        [reply] = await home.replies.until(1)
        assert reply.outcome is not None
        assert reply.outcome.status == "stopped"


async def test_a_reset_now_ends_also_a_turn_that_is_just_being_taken(tmp_path: Path) -> None:
    adapter = PlayedAdapter()
    store = Meddling(await open_store(tmp_path, SystemClock()), "wait")
    async with house(tmp_path, store=store, adapter=adapter) as home:  # pyright: ignore[reportArgumentType]
        store.meddle = lambda: home.manager.accept(home.row("lab", "", kind=Kind.RESET, head=True))
        await home.say("lab", "wait")
        [reply] = await home.replies.until(1)
        assert reply.outcome is not None
        assert reply.outcome.status == "stopped"
