"""The installed bot as a process of its own, on the offline guild and the offline model."""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.chat_discord.permissions import LEAST
from bot.demo.guild import OfflineGuild, Permission, RateLimits
from bot.demo.guild.actors import Place
from bot.demo.guild.model import Message
from bot.demo.model import Heard, OfflineModel

LISTEN = ("lobby", "front-desk")


@dataclass(slots=True)
class World:
    """A guild, a model, and a bot that can be started and ended."""

    guild: OfflineGuild
    model: OfflineModel
    data_dir: Path
    bot: asyncio.subprocess.Process | None = None
    settings: dict[str, str] = field(default_factory=dict[str, str])
    has_footer: bool = False

    def environment(self) -> dict[str, str]:
        """Return the bot's whole environment."""
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.data_dir.parent),
            "ROOMKEY_DATA_DIR": str(self.data_dir),
            "ROOMKEY_LOG__LEVEL": "warning",
            "ROOMKEY_ISOLATION": "none",
            # Its figures are other ones in every run.
            **({} if self.has_footer else {"ROOMKEY_ROOM__FOOTER": "off"}),
            "ROOMKEY_DISCORD__API_BASE": self.guild.api_base,
            "ROOMKEY_DISCORD__GATEWAY_URL": self.guild.gateway_url,
            "ROOMKEY_DISCORD__LISTEN_CHANNELS": json.dumps([self.guild.channel(n).id for n in LISTEN]),
            "ROOMKEY_DISCORD__ALLOWED_GUILDS": json.dumps([self.guild.world.guild_id]),
            "ROOMKEY_DISCORD__OWNERS": json.dumps([self.guild.user("ann").id]),
            "DISCORD_BOT_TOKEN": self.guild.token,
            "ANTHROPIC_BASE_URL": self.model.url,
            "ANTHROPIC_API_KEY": "offline-key",
            **self.settings,
        }

    async def start(self, *command: str) -> None:
        """Start the bot and wait until it hears the guild."""
        self.bot = await asyncio.create_subprocess_exec(
            *(command or (sys.executable, "-m", "bot", "run")),
            env=self.environment(),
            stdin=asyncio.subprocess.DEVNULL,
        )
        await self.guild.wait_online(timeout=60)

    async def stop(self) -> int:
        """Tell the bot to stop, as a service manager would; return its exit code."""
        assert self.bot is not None
        if self.bot.returncode is None:
            self.bot.terminate()
        async with asyncio.timeout(60):
            return await self.bot.wait()

    async def kill(self) -> None:
        """End the bot with no chance to say anything."""
        assert self.bot is not None
        self.bot.kill()
        await self.bot.wait()

    async def ask(self, text: str, place: Place, answer: str, *, user: str = "ann") -> Message:
        """Say something, wait for the finished answer that holds `answer`, and return it."""
        said = await self.guild.user(user).says(text, place)
        return await place.next_from_bot(
            after=said, matching=lambda m: answer in m.content and "\n-# " not in m.content, timeout=60
        )

    def heard(self, text: str) -> Sequence[Heard]:
        """Return the model requests in which `text` stands anywhere."""
        return [request for request in self.model.requests if any(text in part for part in request.texts)]

    async def status(self, place: Place) -> dict[str, str]:
        """Run /status in a place and return its lines by their first word."""
        answer = await self.guild.user("ann").runs("/status", place)
        assert answer.message is not None
        lines = answer.message.content.splitlines()
        return {
            line.split(":")[0].split()[0].strip("*"): line
            for line in lines
            if line[:1].isalpha() or line[:1] == "*"
        }


@asynccontextmanager
async def world(tmp_path: Path, *, settings: Mapping[str, str] | None = None) -> AsyncGenerator[World]:
    """Open a guild and a model; the bot is started by the test and ended here."""
    async with (
        OfflineGuild(
            channels=[*LISTEN, "workshop", "library"],
            forum=["ideas"],
            users=["ann", "ben"],
            rate_limits=RateLimits.off(),
        ) as guild,
        OfflineModel() as model,
    ):
        here = World(guild, model, tmp_path / "data", settings=dict(settings or {}))
        try:
            yield here
        finally:
            if here.bot is not None and here.bot.returncode is None:
                await here.stop()
        assert guild.ledger.unknown_routes == []
        assert guild.ledger.mention_violations() == []
        # What a bot uses and the invite link does not ask for, it would lack in every real guild.
        assert int(guild.world.required.get(guild.bot.id, Permission(0))) & ~LEAST == 0
