"""What goes wrong while a gap is looked into: Discord, the store and our own bugs lose nothing."""

import asyncio
import logging
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.demo.guild import Permission
from tests.support.gaps import answered, heard, loses_its_session, taking_nothing, took_part
from tests.support.guilds import offline_guild
from tests.support.whole_bot import whole_bot


async def test_a_bug_while_a_channel_is_read_is_told_there_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with offline_guild() as guild:
        lab, ann = guild.channel("lab"), guild.user("ann")
        await took_part(guild, tmp_path, lab)
        await ann.says("missed", lab)
        guild.faults.rest("GET", rf"/channels/{lab.id}/messages$", status=200)  # with what is no list
        async with whole_bot(guild, tmp_path) as bot:
            await lab.next_from_bot(containing="Something in Roomkey broke while it read")
            await heard(guild, lab, "again")
            assert await bot.outbox.flush(60)
            assert lab.transcript().count("Something in Roomkey broke") == 1
        assert "catching up broke" in caplog.text


async def test_a_channel_that_cannot_be_read_any_more_holds_nothing_up(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        lab, attic, ann = guild.channel("lab"), guild.channel("attic"), guild.user("ann")
        await took_part(guild, tmp_path, lab, attic)
        await ann.says("missed", lab)
        attic.deny(guild.bot.id, Permission.VIEW_CHANNEL)
        async with whole_bot(guild, tmp_path):
            await lab.next_from_bot(containing="missed")
            attic.allow(guild.bot.id, Permission.VIEW_CHANNEL)
            await heard(guild, attic, "back again")


@pytest.mark.parametrize("fault", [{"status": 503}, {"abort": True}], ids=["503", "cut"])
async def test_a_look_that_fails_is_repeated_and_what_comes_meanwhile_keeps_its_place(
    tmp_path: Path, fault: Mapping[str, Any]
) -> None:
    async with offline_guild() as guild:
        lab, ann = guild.channel("lab"), guild.user("ann")
        await took_part(guild, tmp_path, lab)
        await ann.says("missed", lab)
        guild.faults.rest("GET", rf"/channels/{lab.id}/messages$", **fault)
        async with whole_bot(guild, tmp_path) as bot:
            await ann.says("live", lab)
            await lab.next_from_bot(containing="live", timeout=60)
            assert await answered(bot, lab) == ["hello", "missed", "live"]


@pytest.mark.timeout(240)
async def test_a_store_that_refuses_moves_no_cursor_and_is_asked_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "bot")
    async with offline_guild() as guild:
        lab, ann = guild.channel("lab"), guild.user("ann")
        await took_part(guild, tmp_path, lab)
        for text in ("one", "two"):
            await ann.says(text, lab)
        guild.faults.rest("GET", rf"/channels/{lab.id}/messages$", delay_s=1)
        async with whole_bot(guild, tmp_path) as bot:
            async with asyncio.timeout(60):
                while not guild.ledger.requests("GET", rf"/channels/{lab.id}/messages$"):
                    await asyncio.sleep(0.01)
                with closing(sqlite3.connect(tmp_path / "roomkey.sqlite3")) as other:
                    other.execute("BEGIN IMMEDIATE")
                    while "a channel is caught up with later" not in caplog.text:
                        await asyncio.sleep(0.01)
            await lab.next_from_bot(containing="two", timeout=60)
            assert await answered(bot, lab) == ["hello", "one", "two"]


@pytest.mark.timeout(240)
async def test_channels_that_are_not_behind_are_open_though_the_store_takes_nothing(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        lab = guild.channel("lab")
        async with whole_bot(guild, tmp_path) as bot:
            await heard(guild, lab)
            assert await bot.outbox.flush(60)
            async with asyncio.timeout(60):
                while (await bot.store.cursors("discord"))[lab.id] < int(lab.messages()[-1].id):
                    await asyncio.sleep(0.01)
            async with taking_nothing(tmp_path):
                await loses_its_session(guild)
                await guild.wait_online(timeout=60)
                said = await guild.user("ann").says("while it is full", lab)
                await lab.next_from_bot(after=said, containing="cannot reach its own storage", timeout=60)
            await heard(guild, lab, "again")
            assert (await answered(bot, lab))[-1] == "again"
