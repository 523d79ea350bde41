"""The system unit as we ship it, under a real systemd booted for the test, beside the offline guild."""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.demo.guild import OfflineGuild, RateLimits
from bot.demo.guild.model import Message
from bot.demo.model import OfflineModel
from tests.support.booted_systemd import UNIT, Systemd, booted, why_not
from tests.support.claude import bash

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.skipif(why_not() is not None, reason=why_not() or ""),
]


@asynccontextmanager
async def served(
    tmp_path: Path, changes: Sequence[str] = (), **settings: str
) -> AsyncGenerator[tuple[Systemd, OfflineGuild]]:
    guild = OfflineGuild(channels=["lobby", "den"], users=["ann"], rate_limits=RateLimits.off())
    async with guild:
        environment = {
            "ROOMKEY_ROOM__FOOTER": "off",
            "ROOMKEY_DISCORD__API_BASE": guild.api_base,
            "ROOMKEY_DISCORD__GATEWAY_URL": guild.gateway_url,
            "ROOMKEY_DISCORD__ALLOWED_GUILDS": f"'[\"{guild.world.guild_id}\"]'",
            "ROOMKEY_AGENT__VENDOR": "scripted",
            "ROOMKEY_ISOLATION": "none",
            **settings,
        }
        (tmp_path / "machine").mkdir()
        async with booted(tmp_path / "machine", environment, changes, token=guild.token) as systemd:
            yield systemd, guild


async def answers(guild: OfflineGuild, text: str) -> None:
    lobby = guild.channel("lobby")
    said = await guild.user("ann").says(text, lobby)
    await lobby.next_from_bot(after=said, containing=text, timeout=60)


async def real_pid(systemd: Systemd) -> int:
    """Return the bot's process id as this test sees it."""
    children = Path(f"/proc/{systemd.pid}/task/{systemd.pid}/children")
    for pid in (await asyncio.to_thread(children.read_text)).split():
        if b"bot\0run" in await asyncio.to_thread(Path(f"/proc/{pid}/cmdline").read_bytes):
            return int(pid)
    raise AssertionError("there is no bot")


async def test_it_starts_answers_and_drains(tmp_path: Path) -> None:
    async with served(tmp_path) as (systemd, guild):
        await systemd.systemctl("start", "roomkey")
        await systemd.until("StatusText", "connected as .*")
        await answers(guild, "hello")
        pid = await real_pid(systemd)
        status = await asyncio.to_thread(Path(f"/proc/{pid}/status").read_text)
        assert "\nNoNewPrivs:\t1\n" in status
        assert "\nCapBnd:\t0000000000000000\n" in status
        assert (await asyncio.to_thread((systemd.state / "roomkey").stat)).st_mode & 0o777 == 0o700
        await systemd.systemctl("stop", "roomkey")
        assert await systemd.shows("Result") == "success"
        assert await systemd.shows("ExecMainStatus") == "0"


async def test_it_is_started_again_after_kill_9_and_goes_on(tmp_path: Path) -> None:
    async with served(tmp_path, ["RestartSec=100ms"]) as (systemd, guild):
        await systemd.systemctl("start", "roomkey")
        await systemd.until("StatusText", "connected as .*")
        os.kill(await real_pid(systemd), signal.SIGKILL)
        await systemd.until("NRestarts", "1")
        await systemd.until("StatusText", "connected as .*")
        await answers(guild, "still there?")


async def test_a_bot_that_hangs_is_started_again(tmp_path: Path) -> None:
    async with served(tmp_path, ["WatchdogSec=3", "RestartSec=100ms"]) as (systemd, guild):
        await systemd.systemctl("start", "roomkey")
        await systemd.until("StatusText", "connected as .*")
        os.kill(await real_pid(systemd), signal.SIGSTOP)
        await systemd.until("NRestarts", "[1-9][0-9]*")
        await systemd.until("StatusText", "connected as .*")
        await answers(guild, "awake?")


async def test_what_a_restart_cannot_mend_is_not_restarted(tmp_path: Path) -> None:
    async with served(tmp_path, ["RestartSec=100ms"], ROOMKEY_KEEP_DAYS="none") as (systemd, _):
        code, _said = await systemd.tries("systemctl", "start", "roomkey")
        assert code != 0
        await systemd.until("ActiveState", "failed")
        story = await systemd.story()
        assert await systemd.shows("ExecMainStatus") == "78", story
        assert await systemd.shows("NRestarts") == "0", story
        assert "ROOMKEY_KEEP_DAYS" in story


@asynccontextmanager
async def at_work(
    tmp_path: Path, changes: Sequence[str] = ()
) -> AsyncGenerator[tuple[Systemd, OfflineGuild]]:
    """Serve with real agents in boxes; they may do all that the box and the unit let them."""
    async with OfflineModel() as model:
        settings = {
            "ROOMKEY_AGENT__VENDOR": "claude",
            "ROOMKEY_AGENT__PERMISSION_MODE": "bypassPermissions",
            "ROOMKEY_ISOLATION": "bwrap",
            "ANTHROPIC_BASE_URL": model.url,
            "ANTHROPIC_API_KEY": "sk-ant-offline",
        }
        async with served(tmp_path, changes, **settings) as (systemd, guild):
            await systemd.systemctl("start", "roomkey")
            await systemd.until("StatusText", "connected as .*")
            yield systemd, guild


async def does(guild: OfflineGuild, command: str, answer: str, *, room: str = "lobby") -> None:
    place = guild.channel(room)
    said = await guild.user("ann").says(bash(command), place)
    await place.next_from_bot(after=said, matching=lambda m: answer in m.content and is_last(m), timeout=120)


async def ends(guild: OfflineGuild, command: str) -> None:
    """Run a command that its agent may not survive; the turn ends with an answer all the same."""
    lobby = guild.channel("lobby")
    said = await guild.user("ann").says(bash(command), lobby)
    await lobby.next_from_bot(after=said, matching=is_last, timeout=120)


def is_last(message: Message) -> bool:
    return "-# " not in message.content


async def test_agents_work_in_boxes_inside_the_unit(tmp_path: Path) -> None:
    async with at_work(tmp_path) as (systemd, guild):
        await does(
            guild, "echo mine > file; echo $(cat file) $(ls /proc | grep -c '^[0-9]') processes", "mine"
        )
        room = systemd.state / "roomkey" / "sessions" / guild.channel("lobby").id
        assert await asyncio.to_thread((room / "work" / "file").read_text) == "mine\n"
        await does(
            guild, "ls /var/lib/roomkey/sessions | tr '\\n' ' '; id -u", str(guild.channel("lobby").id)
        )
        await does(
            guild, "cat /run/credentials/roomkey.service/discord-token || echo nothing there", "nothing there"
        )
        assert guild.token not in await systemd.story()


@pytest.mark.fault("F29", "an agent takes all memory of the unit", "it ends alone, another room answers")
async def test_an_agent_that_takes_all_memory_ends_alone(tmp_path: Path) -> None:
    async with at_work(tmp_path, ["MemoryMax=900M", "MemorySwapMax=0"]) as (systemd, guild):
        pid = await real_pid(systemd)
        # `tail` keeps all that it gets until the end; the kernel ends it or the agent, never the bot.
        await ends(guild, "head -c 3G /dev/zero | tail | wc -c; echo survived")
        await does(guild, "echo still here", "still here", room="den")
        assert await real_pid(systemd) == pid


@pytest.mark.fault("F29", "an agent starts processes without end", "it ends alone, another room answers")
async def test_an_agent_that_starts_without_end_stops_no_other_room(tmp_path: Path) -> None:
    async with at_work(tmp_path, ["TasksMax=200"]) as (systemd, guild):
        pid = await real_pid(systemd)
        await ends(guild, "for i in $(seq 500); do sleep 20 & done; wait; echo over")
        await does(guild, "echo still here", "still here", room="den")
        assert await real_pid(systemd) == pid


def test_the_unit_exposes_little() -> None:
    """As much as a bot can do whose agents live in boxes; what is left out is said in the unit."""
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=25", str(UNIT)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-300:]
