"""Where what was said in a gap is looked for: threads, direct messages, guilds that come late."""

from pathlib import Path

from bot.access import Rules
from tests.support.gaps import answered, heard, took_part
from tests.support.guilds import offline_guild
from tests.support.whole_bot import whole_bot


async def test_direct_messages_are_caught_up_with(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        ann = guild.user("ann")
        dm = ann.dm(guild.bot)
        rules = Rules(users=frozenset({ann.id}))
        await took_part(guild, tmp_path, dm, rules=rules)
        await ann.says("psst", dm)
        async with whole_bot(guild, tmp_path, rules=rules) as bot:
            await dm.next_from_bot(containing="psst")
            assert await answered(bot, dm) == ["hello", "psst"]


async def test_a_thread_that_was_archived_again_is_caught_up_with(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        lab, ann = guild.channel("lab"), guild.user("ann")
        thread = await ann.opens_thread(lab, "idea")
        await took_part(guild, tmp_path, thread)
        await ann.says("one more thing", thread)
        await ann.archives(thread)
        async with whole_bot(guild, tmp_path):
            await thread.next_from_bot(containing="one more thing")


async def test_where_the_bot_never_took_part_it_answers_what_was_said_in_the_gap(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        lab, attic, ann = guild.channel("lab"), guild.channel("attic"), guild.user("ann")
        await ann.says("before there was a bot", attic)
        await took_part(guild, tmp_path, lab)
        new = await ann.opens_thread(lab, "new")
        await ann.says("in the attic", attic)
        await ann.says("in a new thread", new)
        async with whole_bot(guild, tmp_path) as bot:
            await attic.next_from_bot(containing="in the attic")
            await new.next_from_bot(containing="in a new thread")
            assert "in the attic" in await answered(bot, attic)


async def test_a_guild_that_is_listed_late_is_caught_up_with(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        lab, attic, ann = guild.channel("lab"), guild.channel("attic"), guild.user("ann")
        await took_part(guild, tmp_path, lab)
        await ann.says("in the attic", attic)
        guild.faults.event("GUILD_CREATE", delay_s=1)
        async with whole_bot(guild, tmp_path):
            await attic.next_from_bot(containing="in the attic")


async def test_a_bot_that_has_heard_nothing_yet_answers_nothing_from_before(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        lab = guild.channel("lab")
        await guild.user("ann").says("long before", lab)
        async with whole_bot(guild, tmp_path) as bot:
            await heard(guild, lab)
            assert await answered(bot, lab) == ["hello"]
