"""An agent's way out is opened before it and closed behind it, however its life goes."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from sessions.agents.base import AgentSession, SessionSpec
from sessions.agents.scripted import ScriptedAdapter
from sessions.errors import AgentError, SessionNotFound
from tests.support.egress import ask, connect
from tests.support.rooms import house

pytestmark = pytest.mark.timeout(120)


class Watching(ScriptedAdapter):
    """The scripted agent; `errors` are what its first starts end with, `seen` is what stood at each."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = [*errors]
        self.seen: list[bytes] = []

    async def open(self, spec: SessionSpec) -> AgentSession:
        assert spec.way_out is not None
        self.seen.append((await ask(spec.way_out.socket, connect("a.test:443")))[:12])
        if self.errors:
            raise self.errors.pop(0)
        return await super().open(spec)


OPEN = b"HTTP/1.1 403"


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not await asyncio.to_thread(holds):
            await asyncio.sleep(0.01)


async def test_it_is_open_before_the_agent_starts_and_gone_when_it_is_evicted(tmp_path: Path) -> None:
    agents, way = Watching(), tmp_path / "egress" / "room.sock"
    async with house(tmp_path, adapter=agents, egress=(), max_live=1) as here:
        await here.say("room", "one")
        await here.replies.until(1)
        assert await asyncio.to_thread(way.is_socket)
        await here.say("room", "two")
        await here.replies.until(2)
        assert agents.seen == [OPEN]
        await here.say("other", "three")
        await here.replies.until(3)
        await until(lambda: not way.exists())
        assert await asyncio.to_thread((tmp_path / "egress" / "other.sock").is_socket)
    assert await asyncio.to_thread(lambda: list((tmp_path / "egress").iterdir())) == []


async def test_a_start_that_fails_leaves_none_behind(tmp_path: Path) -> None:
    agents = Watching(AgentError("It is broken.", vendor="scripted"))
    async with house(tmp_path, adapter=agents, egress=()) as here:
        await here.say("room", "one")
        [reply] = await here.replies.until(1)
        assert reply.outcome is not None
        assert reply.outcome.status != "ok"
        await until(lambda: not (tmp_path / "egress" / "room.sock").exists())
        await here.say("room", "two")
        await here.replies.until(2)
        assert agents.seen == [OPEN, OPEN]


async def test_a_conversation_that_is_lost_is_begun_anew_with_a_new_one(tmp_path: Path) -> None:
    agents = Watching(SessionNotFound("It is gone.", vendor="scripted"))
    async with house(tmp_path, adapter=agents, egress=()) as here:
        await here.say("room", "one")
        [reply] = await here.replies.until(1)
        assert reply.outcome is not None
        assert reply.outcome.status == "ok"
        assert agents.seen == [OPEN, OPEN]
