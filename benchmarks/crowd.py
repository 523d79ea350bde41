"""The probed bot on an offline guild where very much is said: what the flood and the leak figures share."""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.probe import Pulse
from bot.demo.guild import OfflineGuild, RateLimits
from bot.demo.guild.changes import Change, MessageCreated
from bot.demo.guild.model import Message
from bot.demo.guild.places import Place

LIMIT_S = 900.0


@dataclass(slots=True)
class Crowd:
    """A guild, a bot in it, and which of the things said were answered.

    `answered_at` is when the last answer in a channel was there, in Unix time. `pulse` is there when
    the bot has ended.
    """

    guild: OfflineGuild
    pulse: Pulse = field(default_factory=Pulse)
    said: int = 0
    answered_at: dict[str, float] = field(default_factory=dict[str, float])
    _waiting: dict[str, asyncio.Event] = field(default_factory=dict[str, asyncio.Event])

    async def say(self, place: Place) -> asyncio.Event:
        """Say something and return what is set when it is answered."""
        self.said += 1
        text = f"prompt {self.said}."
        answered = self._waiting[text] = asyncio.Event()
        await self.guild.user("ann").says(text, place)
        return answered

    async def everything_answered(self) -> None:
        """Wait until nothing said waits for its answer."""
        async with asyncio.timeout(LIMIT_S):
            for answered in list(self._waiting.values()):
                await answered.wait()

    def hear(self, change: Change) -> None:
        """Look whether a message of the bot is an answer: the agent repeats what it was asked, at the end."""
        if isinstance(change, MessageCreated) and self.guild.world.users[change.message.author_id].bot:
            answered = self._waiting.pop(self._whole(change.message).rsplit("\n", 1)[-1], None)
            if answered is not None:
                self.answered_at[change.message.channel_id] = change.message.made_at
                answered.set()

    def _whole(self, message: Message) -> str:
        """Return what a message says, be it in a file."""
        texts = [self.guild.world.files[file.id].decode() for file in message.attachments]
        return texts[-1] if texts else message.content


@asynccontextmanager
async def crowd(
    rooms: int,
    *,
    below: Path | None = None,
    script: str | None = None,
    rate_limits: RateLimits | None = None,
    **agent: int,
) -> AsyncGenerator[Crowd]:
    """Run the probed bot with the agent that echoes; leaving stops it, and then the pulse is there.

    Its files are in a directory of their own `below` another, which is the current one if not given.
    A `script` is played instead; its answers end with the prompt. Nobody waits for `rate_limits` not given.
    """
    names = [f"room-{number}" for number in range(rooms)]
    with tempfile.TemporaryDirectory(dir=below or Path.cwd()) as directory:
        root = Path(directory)
        limits = rate_limits or RateLimits.off()
        if script is not None:
            (root / "script.toml").write_text(script)
        async with OfflineGuild(channels=names, users=["ann"], rate_limits=limits) as guild:
            here = Crowd(guild)
            environment = {
                "PATH": os.environ["PATH"],
                "HOME": directory,
                "ROOMKEY_DATA_DIR": str(root / "data"),
                "ROOMKEY_ISOLATION": "none",
                "ROOMKEY_LOG__LEVEL": "warning",
                "ROOMKEY_DISCORD__API_BASE": guild.api_base,
                "ROOMKEY_DISCORD__GATEWAY_URL": guild.gateway_url,
                "ROOMKEY_DISCORD__ALLOWED_GUILDS": json.dumps([guild.world.guild_id]),
                "ROOMKEY_AGENT__VENDOR": "scripted",
                "ROOMKEY_ROOM__FOOTER": "off",
                "DISCORD_BOT_TOKEN": guild.token,
                **({} if script is None else {"ROOMKEY_AGENT__SCRIPT": str(root / "script.toml")}),
                **{f"ROOMKEY_AGENT__{name.upper()}": str(number) for name, number in agent.items()},
            }
            probe = (sys.executable, "-m", "benchmarks.probe", str(root / "pulse"))
            bot = await asyncio.create_subprocess_exec(*probe, env=environment)
            with guild.world.feed.listening(here.hear):
                try:
                    await guild.wait_online(timeout=30)
                    # Whoever has just connected still looks for what was missed.
                    await (await here.say(guild.channel(names[0]))).wait()
                    yield here
                finally:
                    if bot.returncode is None:
                        bot.terminate()
                    await bot.wait()
            here.pulse = Pulse.read(root / "pulse")
