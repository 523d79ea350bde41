"""A bare, real discord.py client on the offline guild: logged in, connected, closed when the test ends."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import discord
import discord.gateway
import discord.http
import yarl
from discord.ext import commands

from bot.demo.guild import OfflineGuild

READY_S = 0.05
"""How long the client waits for further guilds; Discord's own 2 s would cost each test that."""


@asynccontextmanager
async def pointed_at(guild: OfflineGuild) -> AsyncGenerator[None]:
    """Let every discord.py client in this process speak with the guild, and with Discord again afterwards."""
    base, gateway = discord.http.Route.BASE, discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY
    discord.http.Route.BASE = guild.api_base
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(guild.gateway_url)
    try:
        yield
    finally:
        discord.http.Route.BASE = base
        discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = gateway


class Bot(commands.Bot):
    """A `commands.Bot` that keeps what its listeners raised; `prepare` runs in its setup hook."""

    def __init__(self, intents: discord.Intents | None = None, **options: Any) -> None:
        options.setdefault("allowed_mentions", discord.AllowedMentions.none())
        options.setdefault("guild_ready_timeout", READY_S)
        super().__init__("!", intents=intents or discord.Intents.all(), help_command=None, **options)
        self.failures: list[BaseException] = []
        self.prepare: Callable[[Bot], Awaitable[None]] | None = None

    async def setup_hook(self) -> None:
        """Run what the test prepared."""
        if self.prepare:
            await self.prepare(self)

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        """Keep a listener's exception for the test."""
        error = sys.exception()
        assert error is not None
        self.failures.append(error)


@asynccontextmanager
async def connected(guild: OfflineGuild, bot: Bot, token: str | None = None) -> AsyncGenerator[Bot]:
    """Log a bot in and wait until it is ready; at the end close it and fail for what its listeners raised."""
    async with pointed_at(guild):
        running = asyncio.create_task(bot.start(token or guild.token))
        ready = asyncio.create_task(bot.wait_until_ready())
        try:
            await asyncio.wait({running, ready}, return_when=asyncio.FIRST_COMPLETED, timeout=60)
            if running.done():
                await running
            assert bot.is_ready(), guild.stage.picture("the bot did not get ready")
            yield bot
        finally:
            ready.cancel()
            await bot.close()
            await asyncio.wait({running})
        await running
    assert not bot.failures, bot.failures
