"""The whole bot on a disk that is full, held, damaged or taken away: said in the room, or said at the end."""

import asyncio
import sqlite3
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from bot.chat_discord.intake import NOT_STORED
from tests.support.running_bot import World, world
from tests.support.small_disk import Disk, on_small_disk, read_only

pytestmark = pytest.mark.timeout(240)  # real processes on a machine that may be busy

SCRIPT = """
[[turn]]
match = "brief"
[[turn.step]]
text = "one two three four"
over_s = 2.0
"""
DATABASE = "roomkey.sqlite3"
RUN = (sys.executable, "-m", "bot", "run")


@asynccontextmanager
async def scene(tmp_path: Path) -> AsyncGenerator[World]:
    """A guild for a bot with a scripted agent, which the test starts."""
    script = tmp_path / "script.toml"
    script.write_text(SCRIPT)
    settings = {
        "ROOMKEY_AGENT__VENDOR": "scripted",
        "ROOMKEY_AGENT__SCRIPT": str(script),
        "ROOMKEY_AGENT__GRACE_S": "1",
    }
    async with world(tmp_path, settings=settings) as here:
        yield here


@pytest.mark.fault("F15", "no byte free", "refused in the room, the process stays, works when there is space")
async def test_f15_a_full_disk_is_said_in_the_room_and_survived(tmp_path: Path) -> None:
    async with scene(tmp_path) as here:
        bot = await online(here, *on_small_disk(here.data_dir))
        workshop = here.guild.channel("workshop")
        await here.ask("before", workshop, "before")
        disk = Disk(bot.pid, here.data_dir)
        disk.fill()
        said = await here.guild.user("ann").says("while it is full", workshop)
        await workshop.next_from_bot(after=said, containing=NOT_STORED)
        assert bot.returncode is None
        disk.free()
        await here.ask("after", workshop, "after")
        assert whole(disk.path / DATABASE)
        assert await here.stop() == 0


@pytest.mark.fault("F15", "no byte free while a turn runs", "its answer is shown when there is space, once")
async def test_f15_what_ends_on_a_full_disk_is_answered_when_there_is_space(tmp_path: Path) -> None:
    async with scene(tmp_path) as here:
        bot = await online(here, *on_small_disk(here.data_dir))
        workshop = here.guild.channel("workshop")
        await here.ask("before", workshop, "before")  # the agent's own file has a page from now on
        said = await here.guild.user("ann").says("brief", workshop)
        await workshop.next_from_bot(after=said, containing="one")
        disk = Disk(bot.pid, here.data_dir)
        disk.fill()
        await asyncio.sleep(3)  # the turn ends meanwhile, and its end cannot be stored
        disk.free()
        await workshop.next_from_bot(
            after=said, matching=lambda m: m.content == "one two three four", timeout=60
        )
        assert await here.stop() == 0
        shown = [m.content for m in workshop.messages() if m.author_id == here.guild.bot.id]
        assert shown[1:] == ["one two three four"]


@pytest.mark.fault("F15", "SIGTERM while no byte is free", "ends in time and leaves the database whole")
async def test_f15_a_bot_on_a_full_disk_can_be_stopped(tmp_path: Path) -> None:
    async with scene(tmp_path) as here:
        bot = await online(here, *on_small_disk(here.data_dir))
        workshop = here.guild.channel("workshop")
        said = await here.guild.user("ann").says("brief", workshop)
        await workshop.next_from_bot(after=said, containing="one")
        Disk(bot.pid, here.data_dir).fill()
        assert await here.stop() == 0


@pytest.mark.fault(
    "F17", "another program holds the database", "refused in the room after 5 s, works after it"
)
async def test_f17_a_database_that_is_held_is_said_in_the_room_and_survived(tmp_path: Path) -> None:
    async with scene(tmp_path) as here:
        await here.start()
        workshop = here.guild.channel("workshop")
        await here.ask("before", workshop, "before")
        with closing(sqlite3.connect(here.data_dir / DATABASE, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            said = await here.guild.user("ann").says("while it is held", workshop)
            await workshop.next_from_bot(after=said, containing=NOT_STORED, timeout=60)
        await here.ask("after", workshop, "after")
        assert await here.stop() == 0


@pytest.mark.fault("F17", "pages overwritten while it runs", "78, the newest backup named, nothing touched")
async def test_f17_damage_found_on_the_way_ends_the_bot_with_a_sentence(tmp_path: Path) -> None:
    async with scene(tmp_path) as here:
        backup = here.data_dir / "backups" / "roomkey-20300101T000000.000000Z-v1.sqlite3"
        backup.parent.mkdir(parents=True)
        backup.touch()
        bot = await logged(here)
        database = here.data_dir / DATABASE
        with database.open("r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * (database.stat().st_size - 4096))
        damaged = database.read_bytes()
        await here.guild.user("ann").says("hello", here.guild.channel("workshop"))
        await ended(bot, "is damaged", str(backup), "while Roomkey is stopped")
        assert database.read_bytes() == damaged
        again = await spawned(here)
        await ended(again, "is damaged", str(backup))


@pytest.mark.fault("F17", "the database is deleted while it runs", "78 and a sentence, nothing new is begun")
async def test_f17_a_database_that_is_deleted_ends_the_bot_with_a_sentence(tmp_path: Path) -> None:
    async with scene(tmp_path) as here:
        bot = await logged(here)
        (here.data_dir / DATABASE).rename(tmp_path / "moved")
        await here.guild.user("ann").says("hello", here.guild.channel("workshop"))
        await ended(bot, "was moved or deleted", "Put it back")
        assert not (here.data_dir / DATABASE).exists()
        (tmp_path / "moved").rename(here.data_dir / DATABASE)
        await here.start()
        await here.ask("and now", here.guild.channel("workshop"), "and now")


@pytest.mark.fault("F17", "a read-only disk at the start", "78 and a sentence naming the directory")
async def test_f17_a_read_only_disk_is_said_at_the_start(tmp_path: Path) -> None:
    async with scene(tmp_path) as here:
        await here.start()
        assert await here.stop() == 0
        bot = await spawned(here, *read_only(here.data_dir, *RUN))
        await ended(bot, str(here.data_dir), "cannot be written")


async def online(here: World, *command: str) -> asyncio.subprocess.Process:
    """Start the bot with a command and wait until it hears the guild."""
    await here.start(*command)
    assert here.bot is not None
    return here.bot


async def logged(here: World) -> asyncio.subprocess.Process:
    """Start the bot, wait until it hears the guild, and keep what it logs to be read."""
    bot = await spawned(here)
    await here.guild.wait_online(timeout=60)
    return bot


async def spawned(here: World, *command: str) -> asyncio.subprocess.Process:
    here.bot = await asyncio.create_subprocess_exec(
        *(command or RUN),
        env=here.environment(),
        stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    return here.bot


async def ended(bot: asyncio.subprocess.Process, *words: str) -> None:
    """Wait for an end that no restart mends, told in one sentence with these words."""
    assert bot.stderr is not None
    async with asyncio.timeout(60):
        said = (await bot.stderr.read()).decode()
        assert await bot.wait() == 78, said
    sentence = said.splitlines()[-1]
    assert sentence.startswith("roomkey: ")
    for word in words:
        assert word in sentence
    assert "Traceback" not in said


def whole(database: Path) -> bool:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
