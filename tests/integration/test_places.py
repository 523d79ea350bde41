"""What happens to places: renamed, archived, locked, deleted; the session of each stays."""

import asyncio
from pathlib import Path

import pytest

from bot.demo.guild import OfflineGuild, Permission, Place
from sessions.keys import session_key
from sessions.tombstones import tombstones
from tests.support.guilds import offline_guild
from tests.support.scripts import HANG, RECALL
from tests.support.whole_bot import WholeBot, whole_bot

pytestmark = [pytest.mark.timeout(180), pytest.mark.usefixtures("every_line_is_logged")]
SCRIPT = (
    HANG
    + """
[[turn]]
match = "slowly"
[[turn.step]]
text = "one two three four five six seven eight nine ten"
over_s = 3.0
"""
    + RECALL
)


async def talked(guild: OfflineGuild, place: Place, text: str) -> None:
    """Say something and wait for its answer."""
    said = await guild.user("ann").says(text, place)
    await place.next_from_bot(after=said, containing=text, timeout=60)


async def remembers(guild: OfflineGuild, place: Place, text: str) -> None:
    """Wait until the session of a place says that a text was said in it."""
    said = await guild.user("ann").says("recall", place)
    await place.next_from_bot(after=said, containing=text, timeout=60)


async def buried(bot: WholeBot, most: int) -> dict[str, str]:
    """Return the names of so many deleted places by their key, as soon as all are known."""
    async with asyncio.timeout(60):
        while len(found := {stone.key: stone.name for stone in await tombstones(bot.store)}) < most:
            await asyncio.sleep(0.01)
    return {str(key): name for key, name in found.items()}


async def test_a_renamed_channel_and_thread_keep_their_session(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SCRIPT):
        lab = guild.channel("lab")
        thread = await guild.user("ann").opens_thread(lab, "idea")
        for place in (lab, thread):
            await talked(guild, place, f"hello {place.id}")
            place.rename("other")
            await remembers(guild, place, f"hello {place.id}")


async def test_an_archived_thread_is_answered_and_keeps_its_session_also_after_a_restart(
    tmp_path: Path,
) -> None:
    async with offline_guild() as guild:
        ann = guild.user("ann")
        thread = await ann.opens_thread(guild.channel("lab"), "idea")
        async with whole_bot(guild, tmp_path, script=SCRIPT):
            await talked(guild, thread, "hello there")
            thread.archive()
            await remembers(guild, thread, "hello there")  # writing there wakes it
            thread.archive()
        async with whole_bot(guild, tmp_path, script=SCRIPT):
            await remembers(guild, thread, "hello there")


async def test_an_answer_reaches_a_thread_that_was_archived_meanwhile(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SCRIPT) as bot:
        thread = await guild.user("ann").opens_thread(guild.channel("lab"), "idea")
        said = await guild.user("ann").says("slowly", thread)
        live = await thread.next_from_bot(after=said, containing="one", timeout=60)
        thread.archive()
        await thread.next_from_bot(after=live, containing="nine ten", timeout=60)
        assert await bot.outbox.flush(20)
        assert thread.channel.thread is not None
        assert not thread.channel.thread.archived


async def test_of_a_locked_thread_the_channel_around_it_is_told_once(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SCRIPT) as bot:
        ann, lab = guild.user("ann"), guild.channel("lab")
        lab.deny(guild.bot.id, Permission.MANAGE_THREADS)
        thread = await ann.opens_thread(lab, "idea")
        said = await ann.says("slowly", thread)
        await thread.next_from_bot(after=said, containing="one", timeout=60)
        thread.lock()
        told = await lab.next_from_bot(containing="it is locked", timeout=60)
        assert f"<#{thread.id}>" in told.content
        await talked(guild, lab, "hello")  # and nothing else suffers
        assert await bot.outbox.flush(20)
        assert len([m for m in lab.messages() if "it is locked" in m.content]) == 1


async def test_a_deleted_channel_and_its_threads_leave_tombstones_with_their_sessions(
    tmp_path: Path,
) -> None:
    async with offline_guild() as guild:
        lab, attic = guild.channel("lab"), guild.channel("attic")
        async with whole_bot(guild, tmp_path) as bot:
            thread = await guild.user("ann").opens_thread(lab, "idea")
            for place in (lab, thread, attic):
                await talked(guild, place, "hello")
            guild.channel("desk").delete()  # it shares its room, and nobody spoke there
            lab.delete()
            async with asyncio.timeout(60):
                while await buried(bot, 2) != {lab.id: "lab", thread.id: "idea"}:
                    await asyncio.sleep(0.01)
            assert await bot.store.session(session_key(lab.id)) is not None
            await talked(guild, attic, "still here")
        async with whole_bot(guild, tmp_path, listen=()) as bot:
            assert set(await buried(bot, 2)) == {lab.id, thread.id}


async def test_a_deleted_thread_ends_its_turn_and_leaves_a_tombstone(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SCRIPT) as bot:
        ann, lab = guild.user("ann"), guild.channel("lab")
        thread = await ann.opens_thread(lab, "idea")
        said = await ann.says("hang", thread)
        await thread.next_from_bot(after=said, containing="half an answer", timeout=60)
        thread.delete()
        assert await buried(bot, 1) == {thread.id: "idea"}
        async with asyncio.timeout(60):
            while (await bot.manager.status(session_key(thread.id))).state != "idle":
                await asyncio.sleep(0.01)
        await talked(guild, lab, "hello")


async def test_marks_that_are_not_permitted_are_said_once_and_not_tried_again(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        lab = guild.channel("lab")
        lab.deny(guild.bot.id, Permission.ADD_REACTIONS)
        # The first one waits behind a turn, so a mark is due for it.
        async with whole_bot(guild, tmp_path, script=SCRIPT, with_receipts=True) as bot:
            for text in ("one", "two"):
                await talked(guild, lab, text)
            async with asyncio.timeout(60):
                while await bot.store.receipts_due("discord", 10):
                    await asyncio.sleep(0.01)
            told = [m for m in lab.messages() if "**Add Reactions**" in m.content]
            assert len(told) == 1
            assert len(guild.ledger.requests("PUT", r"/reactions/")) == 1
