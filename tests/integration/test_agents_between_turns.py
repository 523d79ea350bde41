"""What agents do when nobody asked them: they speak, work on in the background, and go."""

import asyncio
from pathlib import Path

from sessions.agents.base import Allow
from sessions.events import (
    BackgroundTasks,
    Exited,
    Idle,
    PermissionAsk,
    Started,
    TextFinal,
    TurnDone,
    Usage,
)
from tests.support.at_rest import LAB, until_gone, until_idle, until_posted
from tests.support.played_agent import PlayedAdapter
from tests.support.rooms import house


async def test_what_an_agent_says_unasked_is_posted_and_is_no_answer(tmp_path: Path) -> None:
    adapter = PlayedAdapter()
    async with house(tmp_path, adapter=adapter) as home:
        await home.say("lab", "first")
        await home.replies.until(1)
        agent = adapter.opened[0]
        agent.inbox.put_nowait(TextFinal(text="the build is done"))
        agent.inbox.put_nowait(TurnDone(status="ok", agent_session_id="played", text="the build is done"))
        await home.say("lab", "other")
        await home.replies.until(3)
        outcomes = [r.outcome.text for r in home.replies.all if r.outcome is not None]
        assert sorted(outcomes) == ["first", "other", "the build is done"]
        asked = [r.outcome.text for r in home.replies.all if r.outcome is not None and r.turn.prompt.text]
        assert asked == ["first", "other"]
        await until_posted(home, 3)


async def test_nobody_is_asked_for_what_nobody_asked_for(tmp_path: Path) -> None:
    adapter = PlayedAdapter()
    async with house(tmp_path, adapter=adapter) as home:
        await home.say("lab", "first")
        await home.replies.until(1)
        agent = adapter.opened[0]
        agent.inbox.put_nowait(PermissionAsk(id="a", tool="Bash", title="rm"))
        while not agent.answered:
            await asyncio.sleep(0)
        assert not isinstance(agent.answered[0], Allow)


async def test_an_agent_that_speaks_unasked_is_not_cut_off(tmp_path: Path) -> None:
    adapter = PlayedAdapter()
    async with house(tmp_path, adapter=adapter, idle_ttl_s=0.02) as home:
        await home.say("lab", "build")
        await home.replies.until(1)
        inbox = adapter.opened[0].inbox
        inbox.put_nowait(Started(agent_session_id="played", model="m", workdir="w"))
        inbox.put_nowait(BackgroundTasks(count=0))
        await asyncio.sleep(0.1)
        assert not adapter.opened[0].is_closed
        inbox.put_nowait(TextFinal(text="the build is done"))
        inbox.put_nowait(TurnDone(status="failed", agent_session_id="played", text="No.", problem="api"))
        inbox.put_nowait(Idle())
        await until_posted(home, 2)
        await until_gone(home)


async def test_an_agent_that_ends_while_idle_is_let_go(tmp_path: Path) -> None:
    adapter = PlayedAdapter()
    async with house(tmp_path, adapter=adapter) as home:
        await home.say("lab", "first")
        await home.replies.until(1)
        adapter.opened[0].inbox.put_nowait(Exited(exit_code=1))
        await until_gone(home)


async def test_an_agent_with_background_work_outlives_its_idle_time(tmp_path: Path) -> None:
    adapter = PlayedAdapter()
    async with house(tmp_path, adapter=adapter, idle_ttl_s=0.02) as home:
        await home.say("lab", "first")
        await home.replies.until(1)
        adapter.opened[0].inbox.put_nowait(BackgroundTasks(count=1))
        await asyncio.sleep(0.1)
        assert (await home.manager.status(LAB)).live
        adapter.opened[0].inbox.put_nowait(BackgroundTasks(count=0))
        await until_gone(home)


async def test_an_agent_that_got_work_although_it_was_to_go_keeps_its_background_task(tmp_path: Path) -> None:
    adapter = PlayedAdapter()
    async with house(tmp_path, adapter=adapter, max_live=0) as home:
        waiting = [home.manager.accept(home.row("lab", text)) for text in ("first", "build")]
        for accepted in waiting:
            await accepted
        await home.replies.until(2)
        await until_idle(home)
        assert not adapter.opened[0].is_closed
        adapter.opened[0].inbox.put_nowait(BackgroundTasks(count=0))
        await until_gone(home)
        assert len(adapter.opened) == 1


async def test_an_agent_that_says_it_is_idle_at_any_moment_after_its_turn_goes_when_there_are_too_many(
    tmp_path: Path,
) -> None:
    adapter = PlayedAdapter()
    async with house(tmp_path, adapter=adapter, max_live=0, idle_ttl_s=600) as home:
        for steps in range(40):
            await home.say("lab", "wait")
            while len(adapter.opened) == steps or not adapter.opened[steps].sent:
                await asyncio.sleep(0)
            agent = adapter.opened[steps]
            usage = Usage(cost_usd=0.01)  # what the turn cost is looked up in the store, behind its end
            done = TurnDone(status="ok", agent_session_id="played", turn=agent.sent[0].turn, usage=usage)
            agent.inbox.put_nowait(done)
            for _ in range(steps):
                await asyncio.sleep(0)
            agent.inbox.put_nowait(Idle())
            await until_gone(home)
