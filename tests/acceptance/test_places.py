"""Places with the real bot and the real Claude Code: own threads over a kill, and what is around a prompt."""

import asyncio
from pathlib import Path

import pytest

from bot.demo.guild.actors import Place
from tests.support.running_bot import World, world

pytestmark = pytest.mark.timeout(240)  # real processes on a machine that may be busy


async def thread_on(here: World, message_id: str) -> Place:
    """Wait for the thread on a message."""
    await here.guild.stage.until(
        lambda: here.guild.world.channels.get(message_id), "a thread on the message", timeout=60
    )
    return here.guild.place(message_id)


async def test_a_message_that_was_accepted_when_the_bot_was_killed_is_answered_once_in_its_own_thread(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as here:
        workshop, ann = here.guild.channel("workshop"), here.guild.user("ann")
        here.settings[f"ROOMKEY_CHANNEL__{workshop.id}__AUTO_THREAD"] = "true"
        await here.start()
        first = await ann.says("the word is kiwi", workshop)
        thread = await thread_on(here, first.id)
        assert thread.name == "the word is kiwi"
        await thread.next_from_bot(containing="first thing", timeout=60)
        await here.stop()
        here.settings["ROOMKEY_CRASH_AT"] = "take.before_commit"
        await here.start()
        second = await ann.says("the word is plum", workshop)
        assert here.bot is not None
        async with asyncio.timeout(60):
            await here.bot.wait()
        assert second.id not in here.guild.world.channels
        del here.settings["ROOMKEY_CRASH_AT"]
        await here.start()
        other = await thread_on(here, second.id)
        await other.next_from_bot(containing="first thing", timeout=60)
        await here.ask("once more", thread, "told me 2 things")
        said = [m for m in other.messages() if "first thing" in m.content]
        assert len(said) == 1
        assert [m for m in workshop.messages() if m.author_id == here.guild.bot.id] == []
        assert not [one for one in here.heard("kiwi") if any("plum" in text for text in one.texts)]


async def test_what_is_around_a_mention_reaches_the_model(tmp_path: Path) -> None:
    async with world(tmp_path, settings={"ROOMKEY_DISCORD__REPLY_TO": "mention"}) as here:
        await here.start()
        workshop, ann, ben = here.guild.channel("workshop"), here.guild.user("ann"), here.guild.user("ben")
        await ben.says("the pear is ripe", workshop)
        await here.ask(f"<@{here.guild.bot.id}> what now?", workshop, "first thing")
        assert here.heard("the pear is ripe")
        starter = await ben.says("the plum is blue", workshop)
        thread = await ben.opens_thread(workshop, "plum", on=starter)
        await here.ask(f"<@{here.guild.bot.id}> and here?", thread, "first thing")
        quoted = here.heard("the plum is blue")
        assert quoted
        assert any("this thread began with it" in text for text in quoted[-1].texts)
        assert not any("the pear is ripe" in text for text in quoted[-1].texts)
        form = await ann.uses("Ask about this", starter, timeout=60)
        await ann.submits(form.modal, {"question": "which colour?"}, timeout=60)
        await workshop.next_from_bot(after=starter, containing="told me 2 things", timeout=60)
        assert any("asks about it" in text for text in here.heard("which colour?")[-1].texts)
