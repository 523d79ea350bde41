"""The machine's clock jumps while the bot runs: nothing fires early, nothing waits for days."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from datetime import datetime
from pathlib import Path

import pytest

from tests.support.running_bot import World, world

pytestmark = pytest.mark.timeout(240)  # real processes on a machine that may be busy

SCRIPT = """
[[turn]]
match = "brief"
[[turn.step]]
text = "one two three four"
over_s = 3.0
"""
# The library refuses every sleep until a monotonic instant (clock_nanosleep: EINVAL), which is how
# time.sleep waits; the bot's own wait for a program that is ending would fail by it now and then.
SLEEP = """
import select, time
time.sleep = lambda seconds: select.select([], [], [], seconds)
"""
JUMPS = pytest.mark.parametrize("jump", ["+3d", "-3d"], ids=["forward", "back"])


@asynccontextmanager
async def scene(tmp_path: Path) -> AsyncGenerator[tuple[World, Path]]:
    """A running bot, and the file that says how far its wall clock is off."""
    library = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
    if library is None:
        pytest.skip("libfaketime is not installed")
    script, offset, site = tmp_path / "script.toml", tmp_path / "offset", tmp_path / "site"
    script.write_text(SCRIPT)
    offset.write_text("+0\n")
    site.mkdir()
    (site / "sitecustomize.py").write_text(SLEEP)
    settings = {
        "ROOMKEY_AGENT__VENDOR": "scripted",
        "ROOMKEY_AGENT__SCRIPT": str(script),
        "PYTHONPATH": str(site),
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    async with world(tmp_path, settings=settings) as here:
        await here.start()
        yield here, offset


def jump_to(offset: Path, jump: str) -> None:
    """Replace the file in one step, so that it is never read half written."""
    new = offset.with_suffix(".new")
    new.write_text(f"{jump}\n")
    new.replace(offset)


@JUMPS
@pytest.mark.fault("F18", "the clock jumps 3 days under a turn", "no limit fires, the turn is answered")
async def test_f18_a_jump_ends_no_turn(tmp_path: Path, jump: str) -> None:
    async with scene(tmp_path) as (here, offset):
        workshop = here.guild.channel("workshop")
        said = await here.guild.user("ann").says("brief", workshop)
        await workshop.next_from_bot(after=said, containing="one", timeout=60)
        jump_to(offset, jump)
        await workshop.next_from_bot(
            after=said, matching=lambda m: m.content == "one two three four", timeout=60
        )
        await here.ask("and now", workshop, "and now")
        assert days_between_turns(here.data_dir / "roomkey.sqlite3") == 3


@JUMPS
@pytest.mark.fault("F18", "the clock jumps 3 days while an answer waits", "it is sent when its wait is over")
async def test_f18_a_jump_holds_no_answer_back(tmp_path: Path, jump: str) -> None:
    async with scene(tmp_path) as (here, offset):
        workshop = here.guild.channel("workshop")
        here.guild.faults.rest("POST", r"/messages$", times=2, status=503)
        said = await here.guild.user("ann").says("hello", workshop)
        async with asyncio.timeout(60):
            while here.guild.faults.left() > 1:
                await asyncio.sleep(0.01)
        jump_to(offset, jump)
        await workshop.next_from_bot(after=said, containing="hello", timeout=60)
        assert here.guild.faults.left() == 0


def days_between_turns(database: Path) -> int:
    """Return how far the bot's own clock was moved between the first and the last turn."""
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT created FROM turn ORDER BY seq").fetchall()
    first, last = (datetime.fromisoformat(text) for (text,) in (rows[0], rows[-1]))
    return round(abs((last - first).total_seconds()) / 86_400)
