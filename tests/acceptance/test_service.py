"""The bot under a service manager, which a test plays: what it is told, when, and when it is told nothing."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bot.demo.guild import Place
from tests.support.notify_socket import NotifySocket, notify_socket
from tests.support.running_bot import World, world
from tests.support.tcp_proxy import tcp_proxy

pytestmark = pytest.mark.timeout(240)  # real processes on a machine that may be busy

WATCHDOG_S = 2.0
SCRIPT = """
[[turn]]
match = "brief"
[[turn.step]]
text = "one two three four"
over_s = 5.0
[[turn]]
match = "endless"
[[turn.step]]
text = "as far as this"
[[turn.step]]
hang = true
"""


@asynccontextmanager
async def served(
    tmp_path: Path, *, script: str | None = None, **settings: str
) -> AsyncGenerator[tuple[World, NotifySocket]]:
    """Play the service manager for a bot with a scripted agent; the test starts it."""
    file = tmp_path / "script.toml"
    await asyncio.to_thread(file.write_text, script or "")
    agent = {"ROOMKEY_AGENT__VENDOR": "scripted", "ROOMKEY_AGENT__MAX_RUNNING": "20"}
    if script is not None:
        agent["ROOMKEY_AGENT__SCRIPT"] = str(file)
    async with notify_socket(tmp_path) as manager:
        told_by = {"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": str(int(WATCHDOG_S * 1e6))}
        async with world(tmp_path, settings={**agent, **told_by, **settings}) as here:
            yield here, manager


async def test_it_says_that_it_is_ready_what_it_does_and_that_it_stops(tmp_path: Path) -> None:
    async with served(tmp_path, script=SCRIPT) as (here, manager):
        bot = await online(here)
        await manager.hears("STATUS=connected as .* in 1 guild")
        said = await here.guild.user("ann").says("endless", here.guild.channel("lobby"))
        await here.guild.channel("lobby").next_from_bot(after=said, containing="as far as")
        await manager.hears("STATUS=connected as .*; 1 turn running, 0 rooms waiting")
        bot.terminate()
        await manager.hears("STOPPING=1")
        await manager.hears("STATUS=draining 1 turn, .* s left")
        bot.terminate()
        assert await here.stop() == 0
        assert len(manager.said("READY=1")) == len(manager.said("STOPPING=1")) == 1


@pytest.mark.fault("F24", "Discord does not answer at the start", "ready, a status line, no end")
async def test_f24_an_absent_discord_is_no_failed_start(tmp_path: Path) -> None:
    async with served(tmp_path, ROOMKEY_DISCORD__API_BASE="http://127.0.0.1:9") as (here, manager):
        bot = await spawn(here)
        await manager.hears("READY=1")
        await manager.hears("STATUS=connecting to Discord for .* s")
        await manager.hears("WATCHDOG=1", times=3)
        assert bot.returncode is None
        assert await here.stop() == 0


async def test_a_lost_connection_is_said_until_it_is_back(tmp_path: Path) -> None:
    async with served(tmp_path) as (here, manager):
        await here.start()
        await manager.hears("STATUS=connected as .*")
        here.guild.gateway.freeze()
        await here.guild.gateway.drop(forget=True)
        await manager.hears("STATUS=reconnecting to Discord for .* s")
        here.guild.gateway.freeze(frozen=False)
        told = len(manager.told)
        await manager.hears("STATUS=connected as .*", after=told, timeout=60)


@pytest.mark.fault("F23", "the process hangs (SIGSTOP)", "no sign of life until it goes on")
async def test_f23_a_bot_that_hangs_gives_no_sign_of_life(tmp_path: Path) -> None:
    async with served(tmp_path) as (here, manager):
        bot = await online(here)
        await manager.hears("WATCHDOG=1", times=3)
        bot.send_signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(0.5)  # what was on its way arrives
            before = manager.said("WATCHDOG=1")
            await asyncio.sleep(1.5 * WATCHDOG_S)  # nothing is what is waited for
            assert manager.said("WATCHDOG=1") == before
        finally:
            bot.send_signal(signal.SIGCONT)
        await manager.hears("WATCHDOG=1", times=len(before) + 2)
        gaps = sorted(later - sooner for sooner, later in pairwise(before))
        assert gaps[len(gaps) // 2] < WATCHDOG_S  # one may be late on a busy machine


async def test_signs_that_another_process_is_to_give_are_not_given(tmp_path: Path) -> None:
    async with served(tmp_path, WATCHDOG_PID=str(os.getpid())) as (here, manager):
        await here.start()
        await manager.hears("STATUS=connected as .*")
        assert await here.stop() == 0
        assert manager.said("WATCHDOG=1") == []


@pytest.mark.fault("F23", "SIGABRT, as a watchdog sends it", "ends by it, and its log says where it was")
async def test_f23_a_bot_that_the_watchdog_ends_says_where_it_hung(tmp_path: Path) -> None:
    async with served(tmp_path) as (here, manager):
        bot = await spawn(here)
        await manager.hears("STATUS=connected as .*")
        bot.send_signal(signal.SIGABRT)
        assert bot.stderr is not None
        said = (await bot.stderr.read()).decode()
        assert await bot.wait() == -signal.SIGABRT
        assert "Fatal Python error: Aborted" in said


@pytest.mark.fault("F20", "SIGTERM with 10 running turns", "ends in time: some done, the rest told")
async def test_f20_a_stop_lets_turns_end_and_interrupts_the_rest(tmp_path: Path) -> None:
    settings = {"ROOMKEY_AGENT__GRACE_S": "8"}
    async with served(tmp_path, script=SCRIPT, **settings) as (here, manager):
        ann = here.guild.user("ann")
        rooms = [await ann.opens_thread(here.guild.channel("workshop"), f"room {n}") for n in range(10)]
        bot = await online(here)
        for number, room in enumerate(rooms):
            await ann.says("brief" if number % 2 else "endless", room)
        for number, room in enumerate(rooms):
            await room.next_from_bot(containing="one" if number % 2 else "as far")
        bot.terminate()
        await manager.hears("STOPPING=1")
        waiting = await ann.says("said while it stops", rooms[0])
        assert await bot.wait() == 0
        for room in rooms[1::2]:
            [answer] = from_bot(here, room)
            assert answer == "one two three four"
        for room in rooms[0::2]:
            assert "as far as this" in "".join(from_bot(here, room))
            assert "Interrupted" in "".join(from_bot(here, room))
        await here.start()
        await rooms[0].next_from_bot(after=waiting, containing="said while it stops")


async def test_told_twice_it_ends_at_once_and_what_was_written_stays(tmp_path: Path) -> None:
    settings = {"ROOMKEY_AGENT__GRACE_S": "300"}
    async with served(tmp_path, script=SCRIPT, **settings) as (here, manager):
        bot = await online(here)
        lobby = here.guild.channel("lobby")
        said = await here.guild.user("ann").says("endless", lobby)
        await lobby.next_from_bot(after=said, containing="as far as")
        bot.terminate()
        await manager.hears("STOPPING=1")
        bot.send_signal(signal.SIGINT)
        async with asyncio.timeout(60):
            assert await bot.wait() == 0
        assert "Interrupted" in "".join(from_bot(here, lobby))


@pytest.mark.parametrize("frozen", [False, True], ids=["at work", "frozen"])
@pytest.mark.fault(
    "F20", "SIGTERM twice while real agents work, or hang", "ends in seconds, no process is left"
)
async def test_f20_no_agent_outlives_a_bot_that_is_told_twice(tmp_path: Path, frozen: bool) -> None:
    async with served(tmp_path, ROOMKEY_AGENT__VENDOR="claude", ROOMKEY_AGENT__GRACE_S="300") as (
        here,
        manager,
    ):
        bot = await online(here)
        rooms = [here.guild.channel("workshop"), here.guild.channel("library")]
        for room in rooms:
            said = await here.guild.user("ann").says("slow:60", room)
            await room.next_from_bot(after=said, containing="word1", timeout=60)
        agents = agents_of(here)
        assert len(agents) >= len(rooms)
        for agent in agents if frozen else ():
            os.kill(agent, signal.SIGSTOP)
        bot.terminate()
        await manager.hears("STOPPING=1")
        bot.terminate()
        async with asyncio.timeout(60):
            assert await bot.wait() == 0
        assert agents_of(here) == []
        for room in rooms:
            assert "Interrupted" in "".join(from_bot(here, room))


def agents_of(here: World) -> list[int]:
    """Return every process that an agent of this bot is or has started."""
    mark = f"ROOMKEY_SESSION={here.data_dir}/".encode()
    found: list[int] = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if mark in (process / "environ").read_bytes():
                found.append(int(process.name))
    return found


async def test_a_connection_that_is_dead_does_not_hold_the_end_up(tmp_path: Path) -> None:
    async with served(tmp_path) as (here, manager):
        gateway = urlsplit(here.guild.gateway_url)
        assert gateway.port is not None
        async with tcp_proxy(gateway.port) as proxy:
            url = gateway._replace(netloc=f"127.0.0.1:{proxy.port}").geturl()
            here.settings["ROOMKEY_DISCORD__GATEWAY_URL"] = url
            bot = await spawn(here)
            await manager.hears("STATUS=connected as .*")
            proxy.dies()
            bot.terminate()
            async with asyncio.timeout(60):
                assert bot.stderr is not None
                said = (await bot.stderr.read()).decode()
                assert await bot.wait() == 0
            assert "Traceback" not in said


@pytest.mark.parametrize("shared", ["data", "token"])
@pytest.mark.fault("F19", "pairs started at once on one directory, or one token", "one runs, one exits 75")
async def test_f19_of_two_bots_one_runs_and_the_other_names_it(tmp_path: Path, shared: str) -> None:
    async with served(tmp_path) as (here, manager):
        for pair in range(3):
            two = [await started(here, pair, number, shared) for number in range(2)]
            waits = [asyncio.create_task(one.wait()) for one in two]
            done, _ = await asyncio.wait(waits, timeout=60, return_when=asyncio.FIRST_COMPLETED)
            [loser] = [one for one, wait in zip(two, waits, strict=True) if wait in done]
            [winner] = [one for one in two if one is not loser]
            assert loser.returncode == 75
            assert loser.stderr is not None
            assert f"(process {winner.pid})" in (await loser.stderr.read()).decode()
            await manager.hears("READY=1", times=pair + 1)
            winner.terminate()
            assert await winner.wait() == 0
            await asyncio.wait(waits)
        assert len(manager.said("READY=1")) == 3


async def started(here: World, pair: int, number: int, shared: str) -> asyncio.subprocess.Process:
    """Start one of two bots that share a data directory or a token."""
    mine = {
        "data": {"DISCORD_BOT_TOKEN": here.guild.add_bot(f"bot{pair}{number}")} if number else {},
        "token": {"ROOMKEY_DATA_DIR": f"{here.data_dir}-{number}"},
    }[shared]
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "run"),
        env=here.environment() | mine,
        stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )


async def online(here: World) -> asyncio.subprocess.Process:
    """Start the bot and wait until it hears the guild."""
    await here.start()
    assert here.bot is not None
    return here.bot


async def spawn(here: World) -> asyncio.subprocess.Process:
    """Start the bot and wait for nothing; what it logs can be read."""
    here.bot = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "run"),
        env=here.environment(),
        stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    return here.bot


def from_bot(here: World, place: Place) -> list[str]:
    return [message.content for message in place.messages() if message.author_id == here.guild.bot.id]
