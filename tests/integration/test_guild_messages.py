"""Messages between people of the offline guild and a real discord.py bot: limits, files, history."""

import io

import discord
import discord.http
import pytest

from bot.demo.guild import ApiError, Code, OfflineGuild, Permission, RateLimits
from tests.support.discord_client import Bot, connected


def text_channel(bot: Bot, guild: OfflineGuild, name: str = "desk") -> discord.TextChannel:
    channel = bot.get_channel(int(guild.channel(name).id))
    assert isinstance(channel, discord.TextChannel)
    return channel


async def test_a_person_sees_the_bot_type_answer_edit_and_delete():
    bot = Bot()

    @bot.event
    async def on_message(message: discord.Message) -> None:
        if message.author.bot:
            return
        await message.channel.typing()
        sent = await message.channel.send("one")
        await sent.edit(content="two")
        await sent.delete()

    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, bot):
        desk, ann = guild.channel("desk"), guild.user("ann")
        said = await ann.says("go", desk)
        await desk.typing()
        sent = await desk.next_from_bot(after=said)
        await desk.deleted(sent)

    assert desk.transcript() == "ann: go"
    assert [entry.status for entry in guild.ledger.requests("PATCH", "/messages/")] == [200]


async def test_the_bot_hears_edits_deletions_and_reactions_of_people():
    bot = Bot()
    heard: list[str] = []

    @bot.event
    async def on_raw_message_edit(event: discord.RawMessageUpdateEvent) -> None:
        heard.append(f"edit {event.message.content}")

    @bot.event
    async def on_raw_reaction_add(event: discord.RawReactionActionEvent) -> None:
        assert event.member is not None
        heard.append(f"{event.member.name} {event.emoji}")

    @bot.event
    async def on_reaction_remove(reaction: discord.Reaction, user: discord.abc.User) -> None:
        heard.append(f"{user.name} took {reaction.emoji} back")

    @bot.event
    async def on_raw_message_delete(event: discord.RawMessageDeleteEvent) -> None:
        await text_channel(bot, guild).send(", ".join(heard) + f", delete {event.message_id}")

    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, bot):
        desk, ann = guild.channel("desk"), guild.user("ann")
        said = await ann.says("first", desk)
        await ann.edits(said, "second")
        await ann.reacts(said, "👍")
        await ann.unreacts(said, "👍")
        await ann.deletes(said)
        told = await desk.next_from_bot()

    assert told.content == f"edit second, ann 👍, ann took 👍 back, delete {said.id}"


async def test_what_the_bot_shows_under_a_message_can_be_waited_for():
    bot = Bot()

    @bot.event
    async def on_message(message: discord.Message) -> None:
        await message.add_reaction("⏳")
        await message.remove_reaction("⏳", discord.Object(int(guild.bot.id)))
        await message.add_reaction("✅")

    async with (
        OfflineGuild(channels=["desk"], rate_limits=RateLimits.off()) as guild,
        connected(guild, bot),
    ):
        desk, ann = guild.channel("desk"), guild.user("ann")
        said = await ann.says("go", desk)
        await ann.reacts(said, "👀")
        await desk.shows(said, "✅")

    assert desk.reactions(said) == ("✅",)
    assert guild.ledger.reactions(said) == ["+⏳", "-⏳", "+✅"]


async def test_reactions_have_a_narrow_limit_of_their_own():
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, Bot()) as bot:
        said = await guild.user("ann").says("go", guild.channel("desk"))
        message = text_channel(bot, guild).get_partial_message(int(said.id))
        for emoji in ("👍", "🎉"):
            await message.add_reaction(emoji)

    first, second = guild.ledger.requests("PUT", "/reactions/")
    assert 0.2 < second.at - first.at < 1
    assert guild.buckets.refusals == 0


async def test_files_travel_both_ways():
    bot = Bot()

    @bot.event
    async def on_message(message: discord.Message) -> None:
        if message.author.bot:
            return
        contents = [await attachment.read() for attachment in message.attachments]
        file = discord.File(io.BytesIO(b"".join(contents)[::-1]), "back wards.txt")
        await message.channel.send("here", file=file)

    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, bot):
        desk = guild.channel("desk")
        await guild.user("ann").says("", desk, files={"a.txt": b"abc", "ä b.txt": b"def"})
        answer = await desk.next_from_bot()

    (attachment,) = answer.attachments
    assert attachment.name == "back_wards.txt"
    assert guild.world.files[attachment.id] == b"fedcba"


async def test_history_comes_newest_first_in_pages_and_discord_py_turns_it_round():
    free = RateLimits.off()
    async with (
        OfflineGuild(channels=["desk"], rate_limits=free) as guild,
        connected(guild, Bot()) as bot,
    ):
        desk, ann = guild.channel("desk"), guild.user("ann")
        said = [await ann.says(str(number), desk) for number in range(230)]
        channel = text_channel(bot, guild)
        after = discord.Object(int(said[9].id))
        found = [m.content async for m in channel.history(limit=None, after=after, oldest_first=True)]
        newest = [m.content async for m in channel.history(limit=3)]
        middle = discord.Object(int(said[100].id))
        around = [m.content async for m in channel.history(limit=5, around=middle)]

    assert found == [str(number) for number in range(10, 230)]
    assert newest == ["229", "228", "227"]
    assert around == ["102", "101", "100", "99", "98"]
    assert len(guild.ledger.requests("GET", "/messages$")) == 5


async def test_a_nonce_sends_once():
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, Bot()) as bot:
        channel = text_channel(bot, guild)
        first = await channel.send("once", nonce="turn-1-0")
        again = await channel.send("once", nonce="turn-1-0")
        guild.advance(301)
        later = await channel.send("once", nonce="turn-1-0")

    assert first.id == again.id != later.id
    assert len(guild.channel("desk").messages()) == 2


@pytest.mark.parametrize(
    ("content", "files", "code"),
    [
        ("x" * 2001, 0, Code.INVALID_FORM),
        ("😀" * 1001, 0, Code.INVALID_FORM),
        ("", 0, Code.EMPTY_MESSAGE),
        (" \n", 0, Code.EMPTY_MESSAGE),
        ("files", 11, Code.INVALID_FORM),
    ],
)
async def test_what_does_not_fit_is_refused(content: str, files: int, code: Code):
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, Bot()) as bot:
        many = [discord.File(io.BytesIO(b"x"), f"{number}.txt") for number in range(files)]
        with pytest.raises(discord.HTTPException) as refused:
            await text_channel(bot, guild).send(content, files=many)

    assert (refused.value.status, refused.value.code) == (400, code)
    assert guild.channel("desk").messages() == []


async def test_a_file_over_10_mib_is_refused():
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, Bot()) as bot:
        big = discord.File(io.BytesIO(b"x" * (10 * 1024 * 1024 + 1)), "big")
        with pytest.raises(discord.HTTPException) as refused:
            await text_channel(bot, guild).send(file=big)

    assert (refused.value.status, refused.value.code) == (413, Code.TOO_LARGE)


async def test_a_deleted_message_and_a_deleted_channel_are_unknown():
    async with OfflineGuild(channels=["desk", "lab"]) as guild, connected(guild, Bot()) as bot:
        desk, lab = text_channel(bot, guild), text_channel(bot, guild, "lab")
        sent = await desk.send("hello")
        guild.channel("desk").remove(guild.channel("desk").messages()[0])
        with pytest.raises(discord.NotFound) as no_message:
            await sent.edit(content="late")
        guild.channel("lab").delete()
        with pytest.raises(discord.NotFound) as no_channel:
            await lab.send("late")

    assert (no_message.value.code, no_channel.value.code) == (Code.UNKNOWN_MESSAGE, Code.UNKNOWN_CHANNEL)


async def test_permissions_can_be_lost_while_the_bot_works():
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, Bot()) as bot:
        desk, channel = guild.channel("desk"), text_channel(bot, guild)
        await channel.send("allowed")
        desk.deny(guild.bot.id, Permission.SEND_MESSAGES)
        with pytest.raises(discord.Forbidden) as no_permission:
            await channel.send("not any more")
        desk.deny(guild.bot.id, Permission.VIEW_CHANNEL)
        with pytest.raises(discord.Forbidden) as no_access:
            await channel.send("nor this")
        told = bot.wait_for("guild_channel_update", timeout=60)
        desk.rename("bureau")
        await told
        granted = channel.permissions_for(channel.guild.me)

    assert (no_permission.value.code, no_access.value.code) == (Code.NO_PERMISSION, Code.NO_ACCESS)
    assert not granted.send_messages


async def test_slow_mode_makes_people_wait():
    async with OfflineGuild(channels=["desk"]) as guild:
        desk, ann = guild.channel("desk"), guild.user("ann")
        desk.slow_mode(30)
        await ann.says("one", desk)
        with pytest.raises(ApiError) as refused:
            await ann.says("two", desk)
        guild.advance(30)
        await ann.says("three", desk)

    assert (refused.value.status, refused.value.code) == (429, Code.SLOW_MODE)


async def test_mentions_ping_only_whom_the_sender_allows():
    none = discord.AllowedMentions.none()
    async with OfflineGuild(channels=["desk"], may_ping=True) as guild, connected(guild, Bot()) as bot:
        ann, channel = guild.user("ann"), text_channel(bot, guild)
        text = f"<@{ann.id}> @everyone"
        silent = await channel.send(text)
        named = await channel.send(
            text,
            allowed_mentions=discord.AllowedMentions(
                everyone=False, roles=False, users=[discord.Object(int(ann.id))]
            ),
        )
        assert len(guild.ledger.mention_violations()) == 1  # it names one, which no message of ours does
        bot._connection.allowed_mentions = None
        await channel.send(text)
        bot._connection.allowed_mentions = none

    assert (silent.mentions, [user.name for user in named.mentions]) == ([], ["ann"])
    assert [ping.content for ping in guild.ledger.pings()] == [text, text]
    assert len(guild.ledger.mention_violations()) == 2


async def test_pins_bulk_deletion_and_forwards_work():
    bot = Bot()

    @bot.event
    async def on_message(message: discord.Message) -> None:
        if message.message_snapshots:
            await message.channel.send(
                f"forwarded: {message.message_snapshots[0].content!r} {message.content!r}"
            )

    async with OfflineGuild(channels=["desk", "lab"]) as guild, connected(guild, bot):
        desk, ann = guild.channel("desk"), guild.user("ann")
        said = [await ann.says(text, desk) for text in ("a", "b", "c")]
        guild.give_role(guild.bot, guild.add_role("mods", granted=Permission.MANAGE_MESSAGES))
        channel = text_channel(bot, guild)
        await channel.get_partial_message(int(said[0].id)).pin()
        pinned = [message.content async for message in channel.pins()]
        await channel.delete_messages([discord.Object(int(one.id)) for one in said[1:]])
        await ann.forwards(said[0], guild.channel("lab"))
        told = await guild.channel("lab").next_from_bot()

    assert pinned == ["a"]
    assert [message.content for message in desk.messages()] == ["a", ""]
    assert told.content == "forwarded: 'a' ''"


async def test_webhooks_and_other_bots_are_recognisable():
    bot = Bot()
    heard: list[tuple[str, bool, bool]] = []

    @bot.event
    async def on_message(message: discord.Message) -> None:
        heard.append((message.author.name, message.author.bot, message.webhook_id is not None))

    async with OfflineGuild(channels=["desk"], bots=["robot", "rival"]) as guild, connected(guild, bot):
        desk = guild.channel("desk")
        desk.webhook_says("deploys", "done")
        await guild.user("rival").says("beep", desk)
        await guild.user("ann").says("hello", desk)
        await bot.wait_for("message", check=lambda message: message.content == "hello", timeout=60)

    assert heard == [("deploys", True, True), ("rival", True, False), ("ann", False, False)]


async def test_direct_messages_have_no_guild_and_can_be_closed():
    bot = Bot()

    @bot.event
    async def on_message(message: discord.Message) -> None:
        if not message.author.bot:
            await message.channel.send(f"in private: {message.guild}")

    async with OfflineGuild() as guild, connected(guild, bot):
        ann, ben = guild.user("ann"), guild.user("ben")
        await ann.says("psst", ann.dm(guild.bot))
        told = await ann.dm(guild.bot).next_from_bot()
        opened = await (await bot.fetch_user(int(ben.id))).create_dm()
        await opened.send("hello ben")
        ben.closes_dms()
        with pytest.raises(discord.Forbidden) as refused:
            await opened.send("are you there?")

    assert told.content == "in private: None"
    assert refused.value.code == Code.CANNOT_DM_USER


async def test_an_unknown_route_is_recorded():
    async with OfflineGuild() as guild, connected(guild, Bot()) as bot:
        with pytest.raises(discord.NotFound):
            await bot.http.request(discord.http.Route("GET", "/nothing/here"))

    assert guild.ledger.unknown_routes == ["GET /nothing/here"]


async def test_what_the_bot_may_ask_about_itself_and_the_guild():
    async with (
        OfflineGuild(channels=["desk"], roles={"ops": ["ann"]}) as guild,
        connected(guild, Bot()) as bot,
    ):
        info = await bot.application_info()
        limit = await bot.http.get_bot_gateway()
        place = bot.guilds[0]
        ann = await place.fetch_member(int(guild.user("ann").id))
        members = [member.name async for member in place.fetch_members()]
        fetched = await bot.fetch_guild(place.id)
        queried = await place.query_members("be")
        channels = await place.fetch_channels()
        roles = await place.fetch_roles()

    assert info.owner.name == "guild-owner"
    assert limit[0] == 1
    assert [role.name for role in ann.roles] == ["@everyone", "ops"]
    assert {"ann", "ben", "robot"} <= set(members)
    assert (fetched.name, [member.name for member in queried]) == ("Offline", ["ben"])
    assert [channel.name for channel in channels] == ["desk"]
    assert len(roles) == 3
    assert place.me.guild_permissions.send_messages
