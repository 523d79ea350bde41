"""Threads, forum posts and their sleep in the offline guild, as a real discord.py bot meets them."""

import asyncio
from typing import Any

import discord
import pytest

from bot.demo.guild import ApiError, Code, GatewayOptions, OfflineGuild, Permission
from tests.support.discord_client import Bot, connected


class Echo(Bot):
    """Answers people with where it stands, and notes every message it hears."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.heard: list[discord.Message] = []

    async def on_message(self, message: discord.Message, /) -> None:
        """Answer people's ordinary messages."""
        self.heard.append(message)
        if message.author.bot or message.type not in (discord.MessageType.default, discord.MessageType.reply):
            return
        await message.channel.send(
            f"{type(message.channel).__name__} {message.channel.id}: {message.content}"
        )


async def test_a_thread_on_a_message_has_its_id_and_the_bot_answers_in_it():
    bot = Echo()
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, bot):
        desk, ann = guild.channel("desk"), guild.user("ann")
        said = await ann.says("topic", desk)
        thread = await ann.opens_thread(desk, "about it", on=said)
        await ann.says("more", thread)
        told = await thread.next_from_bot()
        with pytest.raises(ApiError) as refused:
            await ann.opens_thread(desk, "again", on=said)
        fetched = await bot.get_channel(int(desk.id)).fetch_message(int(said.id))  # type: ignore[union-attr]

    assert thread.id == said.id
    assert told.content == f"Thread {said.id}: more"
    assert refused.value.code == Code.HAS_THREAD
    assert fetched.flags.has_thread
    assert fetched.thread is not None


async def test_a_thread_that_stands_alone_posts_a_system_message_by_its_opener():
    bot = Echo()
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, bot):
        desk, ann = guild.channel("desk"), guild.user("ann")
        thread = await ann.opens_thread(desk, "side room")
        await ann.says("hello", thread)
        await thread.next_from_bot()

    notice = bot.heard[0]
    assert (notice.type, notice.author.name, notice.content) == (
        discord.MessageType.thread_created,
        "ann",
        "side room",
    )
    assert desk.transcript() == "ann: (opened the thread side room)"


async def test_a_forum_post_begins_with_a_message_of_its_own_id():
    bot = Echo()
    async with OfflineGuild(forum=["ideas"]) as guild, connected(guild, bot):
        post = await guild.user("ann").posts(guild.channel("ideas"), "A plan", "What if?")
        await post.next_from_bot(containing="What if?")
        first = post.messages()[0]
        forum = bot.get_channel(int(guild.channel("ideas").id))
        assert isinstance(forum, discord.ForumChannel)
        made = await forum.create_thread(name="The bot's", content="mine")

    assert first.id == post.id == forum.threads[0].id.__str__()
    assert made.message.id == made.thread.id
    with pytest.raises(ApiError) as refused:
        await guild.user("ann").says("not here", guild.channel("ideas"))
    assert refused.value.code == Code.CANNOT_SEND_HERE


async def test_the_bot_opens_threads_and_fills_them():
    bot = Echo()
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, bot):
        channel = bot.get_channel(int(guild.channel("desk").id))
        assert isinstance(channel, discord.TextChannel)
        message = await channel.send("start")
        on_message = await message.create_thread(name="on it", auto_archive_duration=60)
        alone = await channel.create_thread(name="alone", type=discord.ChannelType.public_thread)
        await on_message.send("in")
        await alone.edit(name="renamed")
        active = await channel.guild.active_threads()

    assert on_message.id == message.id
    assert {thread.name for thread in active} == {"on it", "renamed"}
    assert guild.channel("on it").transcript().endswith("robot: in")


async def test_sending_wakes_an_archived_thread_and_nothing_else_does():
    bot = Echo()
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, bot):
        ann, desk = guild.user("ann"), guild.channel("desk")
        place = await ann.opens_thread(desk, "sleepy")
        await ann.says("hello", place)
        await place.next_from_bot()
        mine = await bot.get_channel(int(place.id)).send("mine")  # type: ignore[union-attr]
        gone = bot.wait_for("thread_update", timeout=60)
        place.archive()
        await gone
        assert bot.get_channel(int(place.id)) is None
        thread = await bot.fetch_channel(int(place.id))
        assert isinstance(thread, discord.Thread)
        assert thread.archived
        with pytest.raises(discord.HTTPException) as refused:
            await mine.edit(content="late")
        await thread.send("awake")
        archived = [one.name async for one in thread.parent.archived_threads()]  # type: ignore[union-attr]

    assert refused.value.code == Code.THREAD_ARCHIVED
    assert not place.channel.thread.archived  # type: ignore[union-attr]
    assert archived == []


async def test_a_locked_thread_takes_messages_only_from_who_manages_threads():
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, Bot()) as bot:
        ann, desk = guild.user("ann"), guild.channel("desk")
        place = await ann.opens_thread(desk, "closed")
        place.archive(locked=True)
        with pytest.raises(ApiError) as refused:
            await ann.says("please", place)
        thread = await bot.fetch_channel(int(place.id))
        assert isinstance(thread, discord.Thread)
        await thread.send("I may")

    assert refused.value.code == Code.THREAD_LOCKED


async def test_a_quiet_thread_archives_itself():
    bot = Echo()
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, bot):
        place = await guild.user("ann").opens_thread(guild.channel("desk"), "quiet")
        await guild.user("ann").says("hello", place)
        await place.next_from_bot()
        told = bot.wait_for("thread_update", timeout=60)
        guild.advance(24 * 3600 - 60)
        assert not place.channel.thread.archived  # type: ignore[union-attr]
        guild.advance(120)
        _, after = await told

    assert after.archived


async def test_deleting_a_thread_and_its_channel_reaches_the_bot():
    bot = Echo()
    async with OfflineGuild(channels=["desk", "lab"]) as guild, connected(guild, bot):
        ann = guild.user("ann")
        place = await ann.opens_thread(guild.channel("desk"), "short")
        inner = await ann.opens_thread(guild.channel("lab"), "inner")
        await bot.wait_for("message", check=lambda message: message.content == "inner", timeout=60)
        deleted = bot.wait_for("raw_thread_delete", timeout=60)
        place.delete()
        first = await deleted
        deleted = bot.wait_for("raw_thread_delete", timeout=60)
        guild.channel("lab").delete()
        second = await deleted
        with pytest.raises(discord.NotFound):
            await bot.fetch_channel(int(inner.id))

    assert (first.thread_id, second.thread_id) == (int(place.id), int(inner.id))


async def test_private_threads_are_seen_by_members_alone():
    bot = Echo()
    async with OfflineGuild(channels=["desk"]) as guild:
        guild.world.give_roles(guild.bot.id, ())
        ann, ben, desk = guild.user("ann"), guild.user("ben"), guild.channel("desk")
        desk.allow(guild.world.guild_id, Permission.CREATE_PRIVATE_THREADS)
        async with connected(guild, bot):
            secret = await ann.opens_thread(desk, "secret", private=True)
            await ann.says("between us", secret)
            with pytest.raises(ApiError) as refused:
                await ben.says("me too?", secret)
            joined = bot.wait_for("thread_create", timeout=60)
            await guild.bot.joins(secret)
            thread = await joined
            await ann.says("welcome", secret)
            await secret.next_from_bot(containing="welcome")

    assert refused.value.code == Code.NO_ACCESS
    assert thread.is_private()
    assert [message.content for message in bot.heard if not message.author.bot] == ["welcome"]


async def test_in_strict_mode_a_bot_is_deaf_in_threads_it_has_not_joined():
    bot = Echo()
    strict = GatewayOptions(strict_threads=True)
    async with OfflineGuild(channels=["desk"], gateway=strict) as guild, connected(guild, bot):
        ann = guild.user("ann")
        place = await ann.opens_thread(guild.channel("desk"), "distant")
        await ann.says("anybody?", place)
        thread = await bot.fetch_channel(int(place.id))
        assert isinstance(thread, discord.Thread)
        await thread.join()
        await ann.says("now?", place)
        await place.next_from_bot(containing="now?")

    assert "anybody?" not in [message.content for message in bot.heard]


async def test_in_strict_mode_a_bot_that_joins_what_it_is_told_of_hears_everything_there():
    class Joining(Echo):
        async def on_thread_create(self, thread: discord.Thread) -> None:
            await thread.join()
            self.dispatch("joined", thread.id)

    bot = Joining()
    strict = GatewayOptions(strict_threads=True)
    async with OfflineGuild(channels=["desk"], gateway=strict) as guild, connected(guild, bot):
        joined = bot.wait_for("joined", timeout=60)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(joined)
            place = await guild.user("ann").opens_thread(guild.channel("desk"), "distant")
        await guild.user("ann").says("anybody?", place)
        await place.next_from_bot(containing="anybody?")
