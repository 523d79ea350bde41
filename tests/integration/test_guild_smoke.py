"""The shortest way through the offline guild: a real discord.py bot sees a message and answers."""

import discord

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
