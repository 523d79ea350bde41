"""Rooms whose store takes nothing for a while, as with a full disk: no answer is lost, and they go on."""

import asyncio
from pathlib import Path

from sessions.agents.base import Deny
from sessions.clock import SystemClock
from sessions.errors import StateError
from sessions.events import (
    TextFinal,
    TurnDone,
)
from sessions.store import open_store
from tests.support.at_rest import texts, until_idle, until_sent
from tests.support.played_agent import PlayedAdapter
from tests.support.rooms import house
from tests.support.unlucky_stores import Refusing, Tripping


class HurriedClock(SystemClock):
    """The system's clock, on which nobody sleeps."""

    async def sleep(self, delay_s: float) -> None:
        await asyncio.sleep(0)


async def test_a_full_disk_holds_the_answer_back_and_does_not_lose_it(tmp_path: Path) -> None:
    clock = SystemClock()
    store = Tripping(await open_store(tmp_path, clock), 1, StateError("The disk is full."))
    async with house(tmp_path, store=store) as home:  # pyright: ignore[reportArgumentType]
        await home.say("lab", "hello")
        await home.replies.until(1)
        await until_idle(home)
        assert len(home.replies.all) == 1
        [said] = await texts(home)
        assert said.endswith("hello")


async def test_a_disk_that_is_full_for_long_loses_no_answer(tmp_path: Path) -> None:
    store = Tripping(await open_store(tmp_path, SystemClock()), 20, StateError("The disk is full."))
    async with house(tmp_path, store=store, clock=HurriedClock()) as home:  # pyright: ignore[reportArgumentType]
        await home.say("lab", "hello")
        await home.replies.until(1)
        await until_idle(home)
        assert len(home.replies.all) == 1
        [said] = await texts(home)
        assert said.endswith("hello")


async def test_a_worker_that_broke_ends_what_it_left_and_serves_on(tmp_path: Path) -> None:
    clock = SystemClock()
    store = Tripping(await open_store(tmp_path, clock), 1, RuntimeError("a bug in the store"))
    async with house(tmp_path, store=store) as home:  # pyright: ignore[reportArgumentType]
        await home.say("lab", "hello")
        await home.say("lab", "again")
        await home.replies.until(2)
        await until_idle(home)
        broken, again = await texts(home)
        assert "Something in Roomkey broke" in broken
        assert again.endswith("again")


async def test_a_worker_that_cannot_begin_tries_again(tmp_path: Path) -> None:
    store = Refusing(await open_store(tmp_path, SystemClock()), claim=2)
    async with house(tmp_path, store=store) as home:  # pyright: ignore[reportArgumentType]
        await home.say("lab", "hello")
        [reply] = await home.replies.until(1)
        assert reply.outcome is not None
        assert reply.outcome.status == "ok"


async def test_a_worker_that_cannot_begin_holds_up_no_end(tmp_path: Path) -> None:
    store = Refusing(await open_store(tmp_path, SystemClock()), claim=1000)
    async with asyncio.timeout(60):
        async with house(tmp_path, store=store) as home:  # pyright: ignore[reportArgumentType]
            await home.say("lab", "hello")


async def test_a_tool_that_cannot_be_noted_does_not_run_and_ends_no_turn(tmp_path: Path) -> None:
    adapter = PlayedAdapter()
    store = Refusing(await open_store(tmp_path, SystemClock()), note=1)
    async with house(tmp_path, store=store, adapter=adapter) as home:  # pyright: ignore[reportArgumentType]
        await home.say("lab", "a tool")
        [reply] = await home.replies.until(1)
        assert reply.outcome is not None
        assert reply.outcome.status == "ok"
    [decision] = adapter.opened[0].decided
    assert isinstance(decision, Deny)


async def test_unasked_words_that_cannot_be_stored_end_no_turn(tmp_path: Path) -> None:
    adapter = PlayedAdapter()
    store = Refusing(await open_store(tmp_path, SystemClock()), post=1)
    async with house(tmp_path, store=store, adapter=adapter) as home:  # pyright: ignore[reportArgumentType]
        await home.say("lab", "wait")
        await until_sent(adapter, 1)
        inbox, sent = adapter.opened[0].inbox, adapter.opened[0].sent[0]
        inbox.put_nowait(TextFinal(text="the build is done"))
        inbox.put_nowait(TurnDone(status="ok", agent_session_id="played"))
        await home.replies.until(1)  # the words; the store refuses them
        inbox.put_nowait(TurnDone(status="ok", agent_session_id="played", text="the answer", turn=sent.turn))
        await home.replies.until(2)
        await until_idle(home)
        [said] = await texts(home)
        assert said == "the answer"
