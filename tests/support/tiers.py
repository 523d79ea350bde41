"""People with different rights on the offline guild, with the whole bot: for tests of tiers and grants."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.access import Rules
from bot.demo.guild import OfflineGuild, Person, Place, RateLimits
from bot.demo.guild.model import Message
from sessions.keys import session_key
from tests.support.scripts import ASK, HANG
from tests.support.whole_bot import WholeBot, whole_bot

SCRIPT = ASK + HANG
WAIT_S = 60


def offline_guild(**roles: list[str]) -> OfflineGuild:
    return OfflineGuild(
        channels=["desk", "lab", "attic"],
        users=["ann", "ben", "eve"],
        roles=roles,
        rate_limits=RateLimits.off(),
    )


@asynccontextmanager
async def owned(
    guild: OfflineGuild, data_dir: Path, *, fresh_s: float = 5.0, **lists: Any
) -> AsyncGenerator[WholeBot]:
    """Run the bot with ann as its owner, and nobody else but who is listed."""
    rules = Rules(owners=frozenset({guild.user("ann").id}), **lists)
    async with whole_bot(guild, data_dir, script=SCRIPT, rules=rules, fresh_s=fresh_s) as bot:
        yield bot


def code_of(caplog: pytest.LogCaptureFixture) -> str:
    return next(vars(one)["code"] for one in reversed(caplog.records) if "code" in vars(one))


async def deeds(bot: WholeBot) -> list[tuple[str, str, str]]:
    """Who did what to whom, the oldest first."""
    return [(one.actor, one.action, one.target) for one in (await bot.store.people.audit(100))[::-1]]


async def waits(bot: WholeBot, place: Place, *texts: str) -> None:
    """Return once just these wait in a room."""
    async with asyncio.timeout(WAIT_S):
        while [one.prompt.text for one in (await bot.manager.queue(session_key(place.id))).waiting] != [
            *texts
        ]:
            await asyncio.sleep(0.01)


async def hangs(person: Person, place: Place) -> Message:
    said = await person.says("hang", place)
    await place.next_from_bot(after=said, containing="half an answer", timeout=WAIT_S)
    return said


async def ignored(bot: WholeBot, place: Place, message: Message) -> None:
    """Return once it is decided that a message is not answered."""
    async with asyncio.timeout(WAIT_S):
        while await bot.store.fate("discord", int(message.id)) is None:
            await asyncio.sleep(0.01)
    fate = await bot.store.fate("discord", int(message.id))
    assert fate is not None
    assert fate.turn is None
