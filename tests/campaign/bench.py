"""One guild and one bot process with the scripted agent, to be killed, frozen and started again."""

import asyncio
import json
import os
import re
import signal
import sys
import time
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bot.demo.guild import GatewayOptions, OfflineGuild, RateLimits, Unseen
from bot.demo.guild.changes import Change, MessageCreated
from bot.demo.guild.places import Place
from bot.demo.model import OfflineModel

LISTEN: Final = ("lobby", "front-desk")
OWN: Final = ("workshop", "library")
PEOPLE: Final = ("ann", "ben")

ALPHA: Final = "alpha"
OMEGA: Final = "omega"
ID: Final = re.compile(r"\bid(\d+);")

_ONLINE_S: Final = 60.0
_END_S: Final = 30.0
_HEARTBEAT_S: Final = 0.5
_FILLER: Final = "\n\n".join(f"Paragraph {number}. " + "Nothing happens in it. " * 12 for number in range(9))

SCRIPT: Final = f"""
[[turn]]
match = "slow id"
[[turn.step]]
text = "{ALPHA} {{prompt}} word by word by word by word by word by word by word {OMEGA}"
over_s = 0.8

[[turn]]
match = "tool id"
[[turn.step]]
tool = "Bash"
title = "touch something"
output = "touched"
[[turn.step]]
wait_s = 0.15
[[turn.step]]
text = "{ALPHA} {{prompt}} {OMEGA}"

[[turn]]
match = "long id"
[[turn.step]]
text = '''
{ALPHA} {{prompt}}

{_FILLER}

{{prompt}} {OMEGA}'''

[[turn]]
[[turn.step]]
text = "{ALPHA} {{prompt}} {OMEGA}"
"""
"""What the agent plays. Each answer begins and ends with what was asked, and so with its content id."""


@dataclass(slots=True)
class Bench:
    """The world of one batch. Everything that is judged comes from `guild` and from the process table."""

    guild: OfflineGuild
    root: Path
    settings: Mapping[str, str]
    is_real: bool = False
    process: asyncio.subprocess.Process | None = None
    recovery_s: list[float] = field(default_factory=list[float])
    _started: float | None = None

    @property
    def data_dir(self) -> Path:
        """Where the bot keeps its state."""
        return self.root / "data"

    @property
    def is_running(self) -> bool:
        """Whether there is a bot that has not ended."""
        return self.process is not None and self.process.returncode is None

    @property
    def exit_code(self) -> int | None:
        """How the last bot ended; None while it runs."""
        return None if self.process is None else self.process.returncode

    @property
    def pid(self) -> int:
        """The bot's process id."""
        assert self.process is not None
        return self.process.pid

    def places(self) -> list[Place]:
        """Return every place where somebody speaks: channels, threads and direct messages."""
        channels = [self.guild.channel(name) for name in (*LISTEN, *OWN)]
        threads = [thread for channel in channels for thread in channel.threads()]
        direct = [self.guild.user(name).dm(self.guild.bot) for name in PEOPLE]
        return [*channels, *threads, *direct]

    async def start(self, crash_at: str = "", **variables: str) -> None:
        """Start the bot; returns before it is online."""
        assert not self.is_running
        environment = {**self._environment(), **self.settings, **variables}
        if crash_at:
            environment["ROOMKEY_CRASH_AT"] = crash_at
        self._started = time.monotonic()
        with (self.root / "stderr").open("ab") as stderr:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "bot",
                "run",
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                stderr=stderr,
                process_group=0,
            )

    async def online(self) -> bool:
        """Wait until the bot hears the guild; False if it ended before, or never came."""
        assert self.process is not None
        bot = self.guild.bot.id
        async with asyncio.TaskGroup() as tasks:
            waits = [
                tasks.create_task(self._connected()),
                tasks.create_task(_wait(self.process)),
            ]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()
        return self.is_running and self.guild.gateway.online(bot)

    async def ended(self, limit_s: float) -> bool:
        """Wait for the bot to end by itself; False if it did not."""
        assert self.process is not None
        try:
            async with asyncio.timeout(limit_s):
                await self.process.wait()
        except TimeoutError:
            return False
        return True

    async def kill(self) -> None:
        """End the bot with no chance to say anything."""
        assert self.process is not None
        if self.is_running:
            self.process.kill()
        await self.process.wait()

    async def stop(self) -> int:
        """Tell the bot to stop, as a service manager would; return its exit code, -9 if it did not."""
        assert self.process is not None
        self.terminate()
        if not await self.ended(_END_S):
            await self.kill()
        assert self.process.returncode is not None
        return self.process.returncode

    def terminate(self) -> None:
        """Tell the bot to stop and do not wait."""
        assert self.process is not None
        if self.is_running:
            self.process.terminate()

    def freeze(self, *, frozen: bool) -> None:
        """Hold the whole process, or let it go on."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP if frozen else signal.SIGCONT)

    def orphans(self) -> list[int]:
        """Return the processes of this bench that are no part of the running bot."""
        parents = dict(_processes_of(self.root))
        family = {self.pid} if self.is_running else set[int]()
        while more := {pid for pid, parent in parents.items() if parent in family} - family:
            family |= more
        return sorted(parents.keys() - family)

    def runs(self) -> dict[str, list[str]]:
        """Return what the agents did to the end: their own records, by room; each is one prompt."""
        records = sorted(self.data_dir.glob("sessions/*/home/scripted/*.jsonl"))
        rooms: dict[str, list[str]] = {}
        for record in records:
            lines = record.read_text(encoding="utf-8").splitlines()
            rooms.setdefault(record.parents[2].name, []).extend(str(json.loads(line)) for line in lines)
        return rooms

    def hear(self, change: Change) -> None:
        """Take the time until the first word of the bot after its start."""
        if self._started is None or not isinstance(change, MessageCreated):
            return
        if self.guild.world.users[change.message.author_id].bot:
            self.recovery_s.append(time.monotonic() - self._started)
            self._started = None

    async def _connected(self) -> None:
        with suppress(Unseen):
            await self.guild.wait_online(timeout=_ONLINE_S)

    def _environment(self) -> dict[str, str]:
        guild = self.guild
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.root),
            "ROOMKEY_DATA_DIR": str(self.data_dir),
            "ROOMKEY_ISOLATION": "none",
            "ROOMKEY_ROOM__FOOTER": "off",
            "ROOMKEY_LOG__LEVEL": "info",
            "ROOMKEY_DISCORD__API_BASE": guild.api_base,
            "ROOMKEY_DISCORD__GATEWAY_URL": guild.gateway_url,
            "ROOMKEY_DISCORD__LISTEN_CHANNELS": json.dumps([guild.channel(name).id for name in LISTEN]),
            "ROOMKEY_DISCORD__ALLOWED_GUILDS": json.dumps([guild.world.guild_id]),
            "ROOMKEY_DISCORD__ALLOWED_USERS": json.dumps([guild.user(name).id for name in PEOPLE]),
            "ROOMKEY_DISCORD__OPERATORS": json.dumps([guild.user(name).id for name in PEOPLE]),
            "DISCORD_BOT_TOKEN": guild.token,
        }


@asynccontextmanager
async def bench(root: Path, *, real: bool = False) -> AsyncGenerator[Bench]:
    """Open a guild with threads in it; whatever of the bot still runs at the end is killed."""
    async with AsyncExitStack() as stack:
        guild = await stack.enter_async_context(
            OfflineGuild(
                channels=[*LISTEN, *OWN],
                users=list(PEOPLE),
                rate_limits=RateLimits.off(),
                gateway=GatewayOptions(heartbeat_s=_HEARTBEAT_S),
            )
        )
        for channel in (LISTEN[0], OWN[0]):
            await guild.user(PEOPLE[0]).opens_thread(guild.channel(channel), f"aside of {channel}")
        if real:
            model = await stack.enter_async_context(OfflineModel())
            settings = {"ANTHROPIC_BASE_URL": model.url, "ANTHROPIC_API_KEY": "offline-key"}
        else:
            script = root / "script.toml"
            script.write_text(SCRIPT, encoding="utf-8")
            settings = {"ROOMKEY_AGENT__VENDOR": "scripted", "ROOMKEY_AGENT__SCRIPT": str(script)}
        here = Bench(guild, root, settings, is_real=real)
        stack.enter_context(guild.world.feed.listening(here.hear))
        try:
            yield here
        finally:
            if here.is_running:
                await here.kill()
            for pid in here.orphans():
                os.kill(pid, signal.SIGKILL)


async def _wait(process: asyncio.subprocess.Process) -> None:
    await process.wait()


def _processes_of(root: Path) -> Iterator[tuple[int, int]]:
    """Yield each live process whose environment names our directory, with its parent."""
    mark = os.fsencode(root)
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if mark in (entry / "environ").read_bytes():
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
                if state != "Z":
                    yield int(entry.name), int(parent)
        except OSError:
            continue
