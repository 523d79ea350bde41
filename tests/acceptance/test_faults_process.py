"""Rows F24 and F28 of the fault catalogue: Discord is away for a while, and nobody reads our output."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.support.hurry import hurry
from tests.support.running_bot import world
from tests.support.trouble import trouble

SCRIPTED: Final = {"ROOMKEY_AGENT__VENDOR": "scripted"}


@pytest.mark.fault("F24", "Discord refuses connections at the start", "waits, says so in lines, then works")
async def test_f24_a_bot_that_starts_while_discord_is_away_waits_and_works(tmp_path: Path) -> None:
    async with world(tmp_path, settings=SCRIPTED) as here:
        async with asyncio.TaskGroup() as tasks, here.guild.away():
            starting = tasks.create_task(here.start())
            while here.bot is None:
                await asyncio.sleep(0.05)
            await asyncio.sleep(2.5)
            assert here.bot.returncode is None
            assert not starting.done()
        await here.ask("hello", here.guild.channel("lobby"), "hello")


@pytest.mark.fault("F24", "Discord refuses connections for a while", "same process; what is said is answered")
async def test_f24_a_running_bot_outlives_an_absence(tmp_path: Path) -> None:
    async with trouble(tmp_path) as it:
        async with it.guild.away():
            said = await it.says("while you were away")
            await asyncio.sleep(0.5)
        await it.answered_once(said)


@pytest.mark.fault("F24", "twenty-five refused connections in a row", "no wait over 60 s, none like another")
async def test_f24_the_waits_of_a_long_absence_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    waits = hurry(monkeypatch, times=2000)
    async with trouble(tmp_path) as it:
        waits.asked_s.clear()
        it.guild.faults.rest("GET", "^/gateway$", times=25, status=503)
        await it.guild.gateway.drop()
        await it.answered_once(await it.says("hello"))
        assert it.guild.faults.left() == 0
    assert len(waits.asked_s) == 25
    assert 30 < max(waits.asked_s) <= 60
    assert len(set(waits.asked_s)) == 25
    assert caplog.text.count("Discord cannot be reached") == 25


@pytest.mark.fault("F28", "who read stdout and stderr is gone (EPIPE)", "the bot goes on and stops cleanly")
async def test_f28_a_bot_whose_output_nobody_reads_goes_on(tmp_path: Path) -> None:
    async with world(tmp_path, settings={**SCRIPTED, "ROOMKEY_LOG__LEVEL": "debug"}) as here:
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        await here.start(*_in_shell(f"exec \"$@\" >'{pipe}' 2>&1"))
        os.close(reading)
        for number in range(3):
            await here.ask(f"hello {number}", here.guild.channel("lobby"), f"hello {number}")
        assert await here.stop() == 0


@pytest.mark.fault("F28", "started with stdout and stderr closed", "the bot works and stops cleanly")
async def test_f28_a_bot_without_output_works(tmp_path: Path) -> None:
    async with world(tmp_path, settings={**SCRIPTED, "ROOMKEY_LOG__LEVEL": "debug"}) as here:
        await here.start(*_in_shell('exec "$@" >&- 2>&-'))
        await here.ask("hello", here.guild.channel("lobby"), "hello")
        assert await here.stop() == 0


@pytest.mark.fault("F28", "the disk of the log is full (ENOSPC)", "the bot goes on and stops cleanly")
async def test_f28_a_bot_whose_log_is_full_goes_on(tmp_path: Path) -> None:
    async with world(tmp_path, settings={**SCRIPTED, "ROOMKEY_LOG__LEVEL": "debug"}) as here:
        await here.start(*_in_shell('exec "$@" >/dev/full 2>&1'))
        await here.ask("hello", here.guild.channel("lobby"), "hello")
        assert await here.stop() == 0


def _in_shell(line: str) -> tuple[str, ...]:
    """Return a command that runs the bot by a line of shell, in which it is `"$@"`."""
    return ("sh", "-c", line, "sh", sys.executable, "-m", "bot", "run")
