"""Questions about a token, asked over REST of the offline guild, and how the answers can fail."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from bot.chat import ChatError, ChatUnusable, TokenRefused
from bot.chat_discord.inquiry import Inquiry, inquiring
from bot.chat_discord.permissions import missing
from bot.demo.guild import GatewayOptions, OfflineGuild, Permission, RateLimits
from bot.demo.guild.intents import Intent

LIMIT_S = 60.0


@asynccontextmanager
async def asked(
    token: str | None = None, limit_s: float = LIMIT_S
) -> AsyncGenerator[tuple[OfflineGuild, Inquiry]]:
    guild = OfflineGuild(channels=["lobby", "workshop"], forum=["ideas"], rate_limits=RateLimits.off())
    async with guild, inquiring(guild.api_base, token or guild.token, limit_s) as inquiry:
        yield guild, inquiry


async def test_a_token_tells_whose_it_is_and_what_its_application_may() -> None:
    async with asked() as (guild, inquiry):
        who = await inquiry.identity()
        assert (who.bot_id, who.bot_name, who.application_id) == (guild.bot.id, "robot", guild.bot.id)
        assert (who.owner_id, who.owner_name) == (guild.world.owner_id, "guild-owner")
        assert who.has_content_intent
        assert who.starts_left == 1000
        assert who.endpoint_url is None
        assert who.portal_page.endswith(f"/{guild.bot.id}/bot")


@pytest.mark.parametrize("granted", [Intent(0), Intent.MESSAGE_CONTENT, Intent.GUILD_MEMBERS])
async def test_intents_are_read_from_the_applications_flags(granted: Intent) -> None:
    async with asked() as (guild, inquiry):
        guild.gateway.options = GatewayOptions(granted=granted)
        who = await inquiry.identity()
        assert who.has_content_intent == (Intent.MESSAGE_CONTENT in granted)
        assert who.has_members_intent == (Intent.GUILD_MEMBERS in granted)


async def test_the_clocks_are_compared() -> None:
    async with asked() as (guild, inquiry):
        guild.clock.advance(5000)
        before = time.monotonic()
        ahead_s = (await inquiry.identity()).clock_ahead_s
        took_s = time.monotonic() - before
        assert ahead_s is not None
        assert abs(ahead_s + 5000) < 2 + took_s


async def test_what_the_bot_may_is_told_for_each_channel_it_could_speak_in() -> None:
    async with asked() as (guild, inquiry):
        guild.channel("workshop").deny(guild.world.guild_id, Permission.SEND_MESSAGES)
        [found] = await inquiry.guilds(guild.bot.id)
        assert (found.id, found.name) == (guild.world.guild_id, "Offline")
        assert [place.name for place in found.channels] == ["lobby", "workshop", "ideas"]
        assert [missing(place.bits) for place in found.channels] == [(), ("Send Messages",), ()]


async def test_where_a_person_stands_is_told_with_roles_and_parent() -> None:
    async with asked() as (guild, inquiry):
        ann = guild.user("ann")
        role = guild.add_role("crew", ["ann"])
        thread = await ann.opens_thread(guild.channel("lobby"), "aside")
        standing = await inquiry.standing(ann.id, thread.id)
        assert standing is not None
        assert (standing.guild_id, standing.parent_id) == (guild.world.guild_id, guild.channel("lobby").id)
        assert (standing.user_name, standing.role_ids) == ("ann", frozenset({role}))
        assert await inquiry.standing(ann.id, guild.world.dm(guild.bot.id, ann.id).id) is None


async def test_who_is_in_no_such_guild_is_said() -> None:
    async with asked() as (guild, inquiry):
        with pytest.raises(ChatError, match="404"):
            await inquiry.standing("123456789012345678", guild.channel("lobby").id)


async def test_a_token_that_nobody_knows_is_refused_with_what_to_do() -> None:
    async with asked("not.known.here") as (_, inquiry):
        with pytest.raises(TokenRefused, match="Reset Token"):
            await inquiry.identity()


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_what_may_pass_is_told_apart_and_not_repeated(status: int) -> None:
    async with asked() as (guild, inquiry):
        guild.faults.rest("GET", "/users/@me$", times=1, status=status)
        with pytest.raises(ChatError, match=f"{status} now. Try again"):
            await inquiry.identity()
        assert len(guild.ledger.requests("GET", "^/users/@me$")) == 1
        assert (await inquiry.identity()).bot_name == "robot"


async def test_a_connection_that_is_cut_is_said() -> None:
    async with asked() as (guild, inquiry):
        guild.faults.rest("GET", "/applications/@me", times=10, abort=True)  # one is repeated by aiohttp
        with pytest.raises(ChatError, match="cannot be reached"):
            await inquiry.identity()


async def test_an_answer_that_never_comes_costs_the_limit() -> None:
    async with asked(limit_s=0.5) as (guild, inquiry):
        guild.faults.rest("GET", "/gateway/bot", hang=True)
        async with asyncio.timeout(LIMIT_S):
            with pytest.raises(ChatError, match="did not answer within"):
                await inquiry.identity()


async def test_who_is_not_discord_is_said() -> None:
    guild = OfflineGuild()
    async with guild, inquiring(guild.url, guild.token, LIMIT_S) as inquiry:
        with pytest.raises(ChatUnusable, match=r"discord\.api_base"):
            await inquiry.identity()


async def test_a_name_that_does_not_exist_is_said() -> None:
    async with inquiring("http://nowhere.invalid/api/v10", "a.b.c", LIMIT_S) as inquiry:
        with pytest.raises(ChatError, match="cannot be reached"):
            await inquiry.identity()


async def test_names_that_would_steer_a_terminal_are_defused() -> None:
    async with asked() as (guild, inquiry):
        guild.world.name = "\x1b]0;owned\x07\u202eevil"
        guild.channel("lobby").rename("\x1b[2Jlobby")
        [found] = await inquiry.guilds(guild.bot.id)
        assert found.name.isprintable()
        assert found.name.endswith("evil")
        assert all(place.name.isprintable() for place in found.channels)
