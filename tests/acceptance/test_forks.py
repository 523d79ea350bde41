"""/fork with the real bot and the real Claude Code, killed on its way: one thread, which knows the past."""

import asyncio
from pathlib import Path

import pytest

from bot.demo.guild.model import MessageKind
from tests.support.running_bot import world

pytestmark = pytest.mark.timeout(240)  # real processes on a machine that may be busy


@pytest.mark.parametrize("point", ["fork.marked", "fork.opened", "fork.copied", "finish.before_commit"])
async def test_a_fork_opens_one_thread_wherever_the_bot_is_killed(tmp_path: Path, point: str) -> None:
    """Issue 5: a crash between opening the thread and the end of the turn opened a second one."""
    async with world(tmp_path) as here:
        workshop, ann = here.guild.channel("workshop"), here.guild.user("ann")
        await here.start()
        await here.ask("the word is kiwi", workshop, "first thing")
        assert await here.stop() == 0
        here.settings["ROOMKEY_CRASH_AT"] = point
        await here.start()
        assert here.bot is not None
        async with asyncio.TaskGroup() as tasks:
            forks = tasks.create_task(ann.runs("/fork", workshop, name="idea", timeout=60))
            async with asyncio.timeout(60):
                await here.bot.wait()
            forks.cancel()  # its answer may have died with the bot
        del here.settings["ROOMKEY_CRASH_AT"]
        await here.start()
        told = await workshop.next_from_bot(containing="Forked into <#", timeout=60)
        [thread] = workshop.threads()
        assert f"<#{thread.id}>" in told.content
        await thread.next_from_bot(containing="I know what was said", timeout=60)
        await here.ask("and now", thread, "told me 2 things")
        assert any("kiwi" in text for text in here.heard("and now")[-1].texts)
        said = [m for m in workshop.messages() if m.author_id == here.guild.bot.id]
        assert len([m for m in said if m.kind is MessageKind.THREAD_CREATED]) == 1
        assert len([m for m in said if "Forked into" in m.content]) == 1
        assert len([m for m in thread.messages() if "I know what was said" in m.content]) == 1
        assert await here.stop() == 0
