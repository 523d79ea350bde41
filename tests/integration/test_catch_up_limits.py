"""What of a gap is too old or too much is listed and not answered."""

import time
from pathlib import Path

from bot.backlog import TOO_MANY, TOO_OLD
from bot.demo.guild import GuildClock
from tests.support.gaps import answered, decided, heard, took_part
from tests.support.guilds import offline_guild
from tests.support.scripts import HANG
from tests.support.whole_bot import whole_bot


async def test_what_is_too_old_is_listed_and_not_answered(tmp_path: Path) -> None:
    clock = GuildClock(lambda: time.time() - 7200)
    async with offline_guild(clock=clock) as guild:
        lab, ann = guild.channel("lab"), guild.user("ann")
        await took_part(guild, tmp_path, lab)
        old = [await ann.says(f"old {n}", lab) for n in range(2)]
        clock.advance(7000)
        await ann.says("young", lab)
        clock.advance(200)
        async with whole_bot(guild, tmp_path) as bot:
            await lab.next_from_bot(containing="young")
            assert await answered(bot, lab) == ["hello", "young"]
            (told,) = [m.content for m in lab.messages() if "I was away" in m.content]
            assert all(guild.world.link(one) in told for one in old)
            assert "Answering 1 message from the last 4 min." in told
            assert [await decided(bot, one) for one in old] == [TOO_OLD, TOO_OLD]
        async with whole_bot(guild, tmp_path) as bot:
            await heard(guild, lab, "again")
            assert "I was away" not in "".join(m.content for m in lab.messages()[-3:])


async def test_more_than_the_limit_is_listed(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        lab, ann = guild.channel("lab"), guild.user("ann")
        await took_part(guild, tmp_path, lab)
        said = [await ann.says(f"number {n}.", lab) for n in range(12)]
        async with whole_bot(guild, tmp_path, catch_up_limit=2) as bot:
            await lab.next_from_bot(containing="number 1.")
            assert await decided(bot, said[-1]) == TOO_MANY
            assert await answered(bot, lab) == ["hello", "number 0.", "number 1."]
            (told,) = [m.content for m in lab.messages() if "I was away" in m.content]
            assert "do not answer 10 messages" in told
            assert "and 4 before these" in told


async def test_what_finds_no_place_in_its_room_is_told_once_and_remembered(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        lab, ann = guild.channel("lab"), guild.user("ann")
        await took_part(guild, tmp_path, lab)
        said = [await ann.says(text, lab) for text in ("hang", *(f"number {n}." for n in range(30)))]
        async with whole_bot(guild, tmp_path, script=HANG, grace_s=0, queue_limit=3) as bot:
            assert await decided(bot, said[-1]) == "too much was waiting in its room"
            await lab.next_from_bot(containing="what is sent now is not taken")
            assert await bot.outbox.flush(60)
            assert lab.transcript().count("what is sent now is not taken") == 1


async def test_all_that_is_too_old_is_counted_beyond_one_page(tmp_path: Path) -> None:
    clock = GuildClock(lambda: time.time() - 7200)
    async with offline_guild(clock=clock) as guild:
        lab, ann = guild.channel("lab"), guild.user("ann")
        await took_part(guild, tmp_path, lab)
        for n in range(130):
            await ann.says(f"old {n}", lab)
        clock.advance(7200)
        async with whole_bot(guild, tmp_path):
            await lab.next_from_bot(containing="do not answer 130 messages")
