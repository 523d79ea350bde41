"""What goes wrong on purpose in the offline guild, and what a real discord.py makes of it."""

import asyncio

import aiohttp
import discord
import discord.http
import pytest

from bot.demo.guild import Code, OfflineGuild, RateLimits
from bot.demo.guild.buckets import Limit
from tests.support.discord_client import Bot, connected
from tests.support.hurry import QuickWaits, hurry

SEND = r"/messages$"
FAST_BUCKET = RateLimits({("POST", "/channels/{channel_id}/messages"): Limit(3, 0.3)})


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> QuickWaits:
    """Nobody waits for discord.py's own waits."""
    return hurry(monkeypatch)


def desk_of(bot: Bot) -> discord.TextChannel:
    channel = bot.guilds[0].text_channels[0]
    assert isinstance(channel, discord.TextChannel)
    return channel


def texts(guild: OfflineGuild) -> list[str]:
    return [message.content for message in guild.channel("desk").messages()]


async def test_three_refusals_for_speed_lead_to_exactly_one_message():
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, Bot()) as bot:
        guild.faults.rest("POST", SEND, times=3, status=429, retry_after_s=0.01)
        await desk_of(bot).send("once")

    assert texts(guild) == ["once"]
    assert [entry.status for entry in guild.ledger.requests("POST", SEND)] == [429, 429, 429, 200]
    assert guild.faults.left() == 0


async def test_a_global_refusal_stops_every_route():
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, Bot()) as bot:
        guild.faults.rest("POST", SEND, status=429, retry_after_s=0.1, is_global=True)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(desk_of(bot).send("once"))
            while not guild.ledger.requests("POST", SEND):
                await asyncio.sleep(0)
            await asyncio.sleep(0.02)
            tasks.create_task(bot.fetch_user(int(guild.bot.id)))

    asked = guild.ledger.entries[-1]
    refused = guild.ledger.requests("POST", SEND)[0]
    assert refused.status == 429
    assert asked.at - refused.at >= 0.09


async def test_a_refusal_of_the_proxy_is_raised_at_once():
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, Bot()) as bot:
        guild.faults.rest("POST", SEND, status=429, via=False)
        with pytest.raises(discord.HTTPException) as raised:
            await desk_of(bot).send("never")

    assert (raised.value.status, raised.value.text) == (429, "error code: 1015")
    assert len(guild.ledger.requests("POST", SEND)) == 1


async def test_a_stored_500_is_repeated_and_the_nonce_keeps_it_single():
    async with OfflineGuild(channels=["desk"], may_ping=True) as guild, connected(guild, Bot()) as bot:
        guild.faults.rest("POST", SEND, status=500, stored=True)
        await desk_of(bot).send("with a nonce", nonce="n1")
        guild.faults.rest("POST", SEND, status=500, stored=True)
        route = discord.http.Route("POST", "/channels/{channel_id}/messages", channel_id=desk_of(bot).id)
        await bot.http.request(route, json={"content": "without one"})

    assert texts(guild) == ["with a nonce", "without one", "without one"]
    assert [message.content for message in guild.ledger.duplicates()] == ["without one"]


async def test_a_503_is_not_repeated():
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, Bot()) as bot:
        guild.faults.rest("POST", SEND, status=503)
        with pytest.raises(discord.DiscordServerError):
            await desk_of(bot).send("never")

    assert texts(guild) == []


@pytest.mark.parametrize("stored", [False, True])
async def test_a_cut_connection_is_raised_and_a_repeat_with_the_nonce_gives_one_message(stored: bool):
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, Bot()) as bot:
        guild.faults.rest("POST", SEND, abort=True, stored=stored)
        with pytest.raises((aiohttp.ClientError, OSError)):
            await desk_of(bot).send("once", nonce="n1")
        assert texts(guild) == (["once"] if stored else [])
        await desk_of(bot).send("once", nonce="n1")

    assert texts(guild) == ["once"]
    assert [entry.status for entry in guild.ledger.requests("POST", SEND)] == [None, 200]


async def test_a_hanging_request_ends_with_the_guild_at_the_latest():
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, Bot()) as bot:
        guild.faults.rest("POST", SEND, hang=True)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await desk_of(bot).send("never")

    assert texts(guild) == []


async def test_a_late_answer_is_only_late():
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, Bot()) as bot:
        guild.faults.rest("POST", SEND, delay_s=0.1)
        await desk_of(bot).send("late")

    assert texts(guild) == ["late"]


async def test_any_code_can_be_answered():
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, Bot()) as bot:
        guild.faults.rest("PUT", "/reactions/", status=403, code=90001)
        said = await guild.user("ann").says("hello", guild.channel("desk"))
        with pytest.raises(discord.Forbidden) as refused:
            await desk_of(bot).get_partial_message(int(said.id)).add_reaction("👍")

    assert refused.value.code == 90001


async def test_a_wrong_content_type_breaks_the_login_as_it_does_with_discord():
    async with OfflineGuild() as guild:
        guild.faults.rest("GET", "/users/@me", content_type="application/json; charset=utf-8")
        with pytest.raises(TypeError):
            async with connected(guild, Bot()):
                pass


async def test_files_fail_like_everything_else():
    bot = Bot()
    outcome: asyncio.Queue[int] = asyncio.Queue()

    @bot.event
    async def on_message(message: discord.Message) -> None:
        try:
            await message.attachments[0].read()
        except discord.HTTPException as error:
            outcome.put_nowait(error.status)

    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, bot):
        guild.faults.rest("GET", "/attachments/", status=403)
        await guild.user("ann").says("", guild.channel("desk"), files={"a": b"x"})
        async with asyncio.timeout(60):
            assert await outcome.get() == 403


async def test_a_file_can_end_in_the_middle():
    bot = Bot()
    outcome: asyncio.Queue[BaseException] = asyncio.Queue()

    @bot.event
    async def on_message(message: discord.Message) -> None:
        try:
            await message.attachments[0].read()
        except aiohttp.ClientPayloadError as error:
            outcome.put_nowait(error)

    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, bot):
        guild.faults.rest("GET", "/attachments/", cut=True)
        await guild.user("ann").says("", guild.channel("desk"), files={"a": b"x" * 1000})
        async with asyncio.timeout(60):
            assert "ContentLengthError" in str(await outcome.get())


async def test_an_answer_can_end_in_the_middle_after_it_was_stored():
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, Bot()) as bot:
        guild.faults.rest("POST", SEND, cut=True)
        with pytest.raises((aiohttp.ClientError, OSError)):
            await desk_of(bot).send("once", nonce="n1")
        await desk_of(bot).send("once", nonce="n1")

    assert texts(guild) == ["once"]


async def test_a_client_that_believes_the_headers_is_never_refused_and_the_waiting_is_counted():
    async with (
        OfflineGuild(channels=["desk"], rate_limits=FAST_BUCKET) as guild,
        connected(guild, Bot()) as bot,
    ):
        for number in range(7):
            await desk_of(bot).send(str(number))

    assert {entry.status for entry in guild.ledger.requests("POST", SEND)} == {200}
    assert guild.buckets.refusals == 0
    assert 0.3 < guild.buckets.waited_s <= 0.6


async def test_a_slow_attachment_does_not_change_the_order_of_messages():
    bot = Bot()
    order: list[str] = []

    @bot.event
    async def on_message(message: discord.Message) -> None:
        order.append(message.content)
        for attachment in message.attachments:
            await attachment.read()
        bot.dispatch("handled", message.content)

    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, bot):
        ann, desk = guild.user("ann"), guild.channel("desk")
        guild.faults.rest("GET", "/attachments/", delay_s=0.1)
        handled = bot.wait_for("handled", check=lambda text: text == "file", timeout=60)
        await ann.says("file", desk, files={"a": b"x"})
        await ann.says("text", desk)
        await handled

    assert order == ["file", "text"]


async def test_without_permission_nothing_is_stored_and_the_code_says_why():
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, Bot()) as bot:
        guild.faults.rest("POST", SEND, status=403, code=Code.NO_PERMISSION)
        with pytest.raises(discord.Forbidden) as refused:
            await desk_of(bot).send("never")

    assert refused.value.code == Code.NO_PERMISSION
