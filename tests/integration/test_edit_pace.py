"""How often a live message is edited, by the guild's own record of what it was asked and when."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from bot.demo.guild import OfflineGuild
from bot.demo.guild.ledger import Entry
from tests.support.whole_bot import whole_bot

pytestmark = pytest.mark.timeout(120)

EDITS = 4
ROOMS = ("desk", "lab")
SCRIPT = f"""
[[turn]]
[[turn.step]]
tool = "Bash"
title = "ls"
[[turn.step]]
text = "{"word " * 20_000}"
over_s = 400
"""
"""Far more words than anybody waits for: the test ends when it has seen enough edits."""


def edits(guild: OfflineGuild) -> list[Sequence[Entry]]:
    """Return the finished edits of each message, in order, of as many as are wanted."""
    found: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in guild.ledger.requests("PATCH", r"/channels/\d+/messages/\d+$"):
        if entry.answered_at is not None:
            found[entry.path].append(entry)
    return [several for several in found.values() if len(several) >= EDITS]


async def enough_edits(guild: OfflineGuild, messages: int) -> list[Sequence[Entry]]:
    return await guild.stage.until(
        lambda: found if len(found := edits(guild)) == messages else None, f"{EDITS} edits of {messages}"
    )


async def test_a_live_message_is_edited_at_most_once_in_a_second(tmp_path: Path) -> None:
    async with (
        OfflineGuild(channels=ROOMS, users=["ann"]) as guild,
        whole_bot(guild, tmp_path, script=SCRIPT, grace_s=0.0),
    ):
        for room in ROOMS:
            await guild.user("ann").says("write", guild.channel(room))
        for several in await enough_edits(guild, len(ROOMS)):
            assert [entry.status for entry in several] == [200] * len(several)
            assert min(later.at - sooner.at for sooner, later in pairwise(several)) >= 1.0


async def test_an_edit_waits_for_the_one_before_it_and_a_second_longer(tmp_path: Path) -> None:
    """One that is held up for long may arrive as late as it is answered."""
    async with (
        OfflineGuild(channels=ROOMS, users=["ann"]) as guild,
        whole_bot(guild, tmp_path, script=SCRIPT, grace_s=0.0),
    ):
        guild.faults.rest("PATCH", r"/messages/\d+$", times=EDITS - 1, delay_s=1.5)
        await guild.user("ann").says("write", guild.channel("lab"))
        [several] = await enough_edits(guild, 1)
        for sooner, later in pairwise(several):
            assert sooner.answered_at is not None
            assert later.at >= sooner.answered_at + 1.0
