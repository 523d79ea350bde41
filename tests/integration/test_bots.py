"""Other bots, on the offline guild: heard only where they may, and never for ever."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from bot.access import Rules
from bot.demo.guild import OfflineGuild, Place, RateLimits
from bot.demo.guild.actors import Person
from bot.demo.guild.model import Message
from bot.loops import IN_A_ROW
from sessions.store.values import TurnState
from tests.support.whole_bot import WholeBot, whole_bot

TALKS_BACK = """
[[turn]]
[[turn.step]]
text = "and what do you say, <@{parrot}>?"
"""
pytestmark = pytest.mark.timeout(120)


@asynccontextmanager
async def two_bots() -> AsyncGenerator[OfflineGuild]:
    async with OfflineGuild(channels=["desk", "lab"], users=["ann"], rate_limits=RateLimits.off()) as guild:
        guild.world.add_user("parrot", bot=True)
        yield guild


def running(
    guild: OfflineGuild, data_dir: Path, *, allowed: bool = True
) -> AbstractAsyncContextManager[WholeBot]:
    """Run the bot; its agent always names the parrot."""
    parrot = guild.user("parrot").id
    bots = frozenset({parrot}) if allowed else frozenset[str]()
    return whole_bot(
        guild,
        data_dir,
        script=TALKS_BACK.format(parrot=parrot),
        listen=(),
        rules=Rules(guilds=frozenset({guild.world.guild_id}), bots=bots),
    )


async def answers_for_ever(parrot: Person, guild: OfflineGuild, place: Place, said: Message) -> None:
    """Answer everything that the bot says in a place, by its name and as a reply that pings."""
    while True:
        heard = await place.next_from_bot(
            after=said, matching=lambda one: "\n-# " not in one.content, timeout=600
        )
        said = await parrot.says(f"<@{guild.bot.id}> I heard you", place, reply_to=heard)


async def notice(place: Place) -> Message:
    return await place.next_from_bot(containing="Bots have had 3 answers in a row here.", timeout=60)


async def decided(bot: WholeBot, message: Message) -> str:
    """Wait until it is decided about a message; return why it is not answered, "" if it is."""
    async with asyncio.timeout(60):
        while (fate := await bot.store.fate("discord", int(message.id))) is None:
            await asyncio.sleep(0.01)
    return fate.reason


async def answered(bot: WholeBot, guild: OfflineGuild, place: Place) -> None:
    """Wait until every message of the parrot's that was taken has its answer stored."""
    for message in place.messages():
        if message.author_id == guild.user("parrot").id and not await decided(bot, message):
            async with asyncio.timeout(60):
                while True:
                    fate = await bot.store.fate("discord", int(message.id))
                    if fate is not None and fate.turn is not None and fate.turn.state is TurnState.DONE:
                        break
                    await asyncio.sleep(0.01)


def taken(guild: OfflineGuild, place: Place) -> list[Message]:
    """Return the bot's answers to the parrot."""
    parrot = guild.user("parrot").id
    asked = {one.id for one in place.messages() if one.author_id == parrot}
    return [one for one in place.messages() if one.reference and one.reference.message_id in asked]


async def test_two_bots_end_after_three_turns_until_a_person_speaks(tmp_path: Path) -> None:
    async with two_bots() as guild:
        lab, parrot, ann = guild.channel("lab"), guild.user("parrot"), guild.user("ann")
        async with running(guild, tmp_path) as bot:
            first = await ann.says("talk to each other", lab)
            async with asyncio.TaskGroup() as tasks:
                talking = tasks.create_task(answers_for_ever(parrot, guild, lab, first))
                told = await notice(lab)
                talking.cancel()
            again = [await parrot.says(f"<@{guild.bot.id}> {number}", lab) for number in range(5)]
            reasons = {await decided(bot, one) for one in again}
            assert reasons == {"bots had their turns, and no person has spoken since"}
            await answered(bot, guild, lab)
        # The bot has stopped: all is said, and live messages are gone.
        assert len(taken(guild, lab)) == IN_A_ROW
        assert [one.id for one in lab.messages() if "in a row" in one.content] == [told.id]
        async with running(guild, tmp_path) as bot:
            await decided(bot, await ann.says("go on", lab))
            asked = await parrot.says(f"<@{guild.bot.id}> hello", lab)
            assert await decided(bot, asked) == ""
            await answered(bot, guild, lab)
        assert len(taken(guild, lab)) == IN_A_ROW + 1


async def test_a_restart_gives_bots_no_new_turns_and_says_nothing_twice(tmp_path: Path) -> None:
    async with two_bots() as guild:
        lab, parrot = guild.channel("lab"), guild.user("parrot")
        async with running(guild, tmp_path) as bot:
            for number in range(IN_A_ROW + 1):
                last = await parrot.says(f"<@{guild.bot.id}> {number}", lab)
                assert bool(await decided(bot, last)) is (number == IN_A_ROW)
            await notice(lab)
            await answered(bot, guild, lab)
        # Also what is said while the bot is away counts: it is caught up with.
        missed = await parrot.says(f"<@{guild.bot.id}> are you there?", lab)
        async with running(guild, tmp_path) as bot:
            live = await parrot.says(f"<@{guild.bot.id}> hello?", lab)
            assert await decided(bot, missed)
            assert await decided(bot, live)
            await answered(bot, guild, lab)
        assert len([one for one in lab.messages() if "in a row" in one.content]) == 1
        assert len(taken(guild, lab)) == IN_A_ROW


async def test_what_was_missed_from_bots_counts_like_what_is_heard(tmp_path: Path) -> None:
    async with two_bots() as guild:
        lab, parrot, ann = guild.channel("lab"), guild.user("parrot"), guild.user("ann")
        async with running(guild, tmp_path):
            await lab.next_from_bot(after=await ann.says("hello", lab), containing="what do you say")
        said = [await parrot.says(f"<@{guild.bot.id}> {number}", lab) for number in range(IN_A_ROW + 2)]
        async with running(guild, tmp_path) as bot:
            reasons = [await decided(bot, one) for one in said]
            assert [bool(reason) for reason in reasons] == [False] * IN_A_ROW + [True] * 2


@pytest.mark.parametrize("kind", ["not listed", "reply alone", "no name"])
async def test_a_bot_that_may_not_or_does_not_name_us_is_not_answered(tmp_path: Path, kind: str) -> None:
    async with AsyncExitStack() as stack:
        guild = await stack.enter_async_context(two_bots())
        bot = await stack.enter_async_context(running(guild, tmp_path, allowed=kind != "not listed"))
        lab, parrot, ann = guild.channel("lab"), guild.user("parrot"), guild.user("ann")
        answer = await lab.next_from_bot(after=await ann.says("hello", lab), containing="what do you say")
        text = f"<@{guild.bot.id}> hi" if kind == "not listed" else "hi"
        said = await parrot.says(text, lab, reply_to=answer if kind == "reply alone" else None)
        words = "written by a bot" + ("" if kind == "not listed" else " that does not name this one")
        assert await decided(bot, said) == words
