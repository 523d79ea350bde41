"""A gateway that tells nothing although people speak is noticed, and nothing else is taken for one."""

import asyncio
import logging
import time
from datetime import datetime
from pathlib import Path

import pytest

from bot.demo.guild import GuildClock
from sessions.clock import SystemClock
from tests.support.gaps import answered, heard, taking_nothing
from tests.support.guilds import offline_guild
from tests.support.whole_bot import whole_bot


class Watch:
    """The machine's clock, but sleeps of minutes end when a test says so."""

    def __init__(self) -> None:
        self.rings = asyncio.Event()
        self._real = SystemClock()

    def utc(self) -> datetime:
        return self._real.utc()

    def monotonic_s(self) -> float:
        return self._real.monotonic_s()

    async def sleep(self, delay_s: float) -> None:
        if delay_s < 60:
            await self._real.sleep(delay_s)
        else:
            await self.rings.wait()
            self.rings.clear()


@pytest.mark.fault("F11", "no events though REST shows messages", "noticed, connected anew, answered once")
async def test_a_connection_that_tells_nothing_is_noticed_and_made_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock, watch = GuildClock(lambda: time.time() - 600), Watch()
    async with offline_guild(clock=clock) as guild:
        lab, ann = guild.channel("lab"), guild.user("ann")
        async with whole_bot(guild, tmp_path, catch_up_clock=watch) as bot:
            await heard(guild, lab)
            guild.gateway.deafen()
            await ann.says("anybody there?", lab)
            watch.rings.set()
            await lab.next_from_bot(containing="anybody there?", timeout=60)
            clock.advance(600)
            await heard(guild, lab, "good to hear you")
            assert await answered(bot, lab) == ["hello", "anybody there?", "good to hear you"]
    assert caplog.text.count("the gateway does not tell what is said") == 1


async def test_what_a_look_has_listed_is_not_answered_when_the_gateway_tells_of_it_after_all(
    tmp_path: Path,
) -> None:
    clock, watch = GuildClock(lambda: time.time() - 600), Watch()
    async with (
        offline_guild(clock=clock) as guild,
        whole_bot(guild, tmp_path, catch_up_clock=watch, catch_up_limit=1) as bot,
    ):
        lab, ann = guild.channel("lab"), guild.user("ann")
        await heard(guild, lab)
        guild.gateway.deafen()
        for text in ("taken", "listed"):
            await ann.says(text, lab)
        guild.faults.rest("GET", "/gateway$", delay_s=2)  # so that the look is over by then
        watch.rings.set()
        await lab.next_from_bot(containing="do not answer 1 message", timeout=60)
        clock.advance(600)
        await heard(guild, lab, "good to hear you")
        assert await answered(bot, lab) == ["hello", "taken", "good to hear you"]


@pytest.mark.timeout(240)
async def test_a_store_that_takes_nothing_is_not_taken_for_a_deaf_gateway(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "bot")
    clock, watch = GuildClock(lambda: time.time() - 600), Watch()
    async with (
        offline_guild(clock=clock) as guild,
        whole_bot(guild, tmp_path, catch_up_clock=watch) as bot,
    ):
        lab = guild.channel("lab")
        await heard(guild, lab)
        async with taking_nothing(tmp_path):
            await guild.user("ann").says("while it is full", lab)
            watch.rings.set()
            async with asyncio.timeout(60):
                while "whether the gateway tells everything is not known" not in caplog.text:
                    await asyncio.sleep(0.01)
        assert "connecting anew" not in caplog.text
        await heard(guild, lab, "again")
        assert "again" in await answered(bot, lab)  # what was not stored may be told before it or behind it
