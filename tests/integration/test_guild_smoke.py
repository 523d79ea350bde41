"""The shortest way through the offline guild: a real discord.py bot sees a message and answers."""

import discord
import pytest

from bot.demo.guild import OfflineGuild
from tests.support.discord_client import Bot, connected


async def test_a_bot_logs_in_sees_a_message_and_replies():
    bot = Bot()

    @bot.event
    async def on_message(message: discord.Message) -> None:
        if not message.author.bot:
            reply = await message.reply(f"you said {message.content}")
            await reply.edit(content=f"{message.author.name} said {message.content}")

    async with OfflineGuild(channels=["desk", "lab"], users=["ann"]) as guild, connected(guild, bot):
        desk = guild.channel("desk")
        said = await guild.user("ann").says("hello", desk)
        reply = await desk.next_from_bot(after=said, containing="ann said hello")

    assert reply.reference is not None
    assert reply.reference.message_id == said.id
    assert desk.transcript() == "ann: hello\nrobot: ann said hello (edited)"
    assert guild.ledger.unknown_routes == []
    assert guild.ledger.mention_violations() == []
    assert guild.ledger.duplicates() == []


async def test_a_message_that_could_ping_fails_the_test_it_was_sent_in():
    async def shout() -> None:
        async with OfflineGuild(channels=["desk"]) as guild, connected(guild, Bot()) as bot:
            channel = bot.get_channel(int(guild.channel("desk").id))
            assert isinstance(channel, discord.TextChannel)
            await channel.send("hello all", allowed_mentions=discord.AllowedMentions(everyone=True))

    with pytest.raises(AssertionError, match=r"could have pinged somebody.*hello all"):
        await shout()
