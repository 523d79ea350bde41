"""What scenes about a gap need: who says what in it, and ways to see what became of it."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from bot.access import Rules
from bot.demo.guild import OfflineGuild, Place
from bot.demo.guild.model import Message
from sessions.keys import session_key
from tests.support.whole_bot import WholeBot, whole_bot


async def answered(bot: WholeBot, place: Place) -> list[str]:
    """Return what was answered in a place, in the order of the answers."""
    assert await bot.outbox.flush(60)
    said = {message.id: message.content for message in place.messages()}
    return [said[m.reference.message_id] for m in place.messages() if m.reference and m.reference.message_id]


async def heard(guild: OfflineGuild, place: Place, text: str = "hello") -> Message:
    """Say something, wait for its answer, and return it: from then on the bot takes part in the place."""
    said = await guild.user("ann").says(text, place)
    # The live message holds these words as well, and replies to nothing.
    return await place.next_from_bot(
        after=said, matching=lambda m: text in m.content and m.reference is not None, timeout=60
    )


async def took_part(guild: OfflineGuild, data_dir: Path, *places: Place, rules: Rules | None = None) -> None:
    """Run the bot until it takes part in these places, and end it: what is said next is said in a gap."""
    async with whole_bot(guild, data_dir, rules=rules):
        for place in places:
            await heard(guild, place)


async def decided(bot: WholeBot, message: Message) -> str:
    """Return why a message is not answered, as soon as that is known; "" if it is."""
    async with asyncio.timeout(60):
        while (fate := await bot.store.fate("discord", int(message.id))) is None:
            await asyncio.sleep(0.01)
    return fate.reason


async def waiting(bot: WholeBot, place: Place, count: int) -> None:
    async with asyncio.timeout(60):
        while (await bot.store.lane(session_key(place.id))).waiting < count:
            await asyncio.sleep(0.01)


async def loses_its_session(guild: OfflineGuild) -> None:
    """Let the gateway forget the bot; it comes back as a new one after discord.py's five seconds."""
    await guild.gateway.invalidate()


@asynccontextmanager
async def taking_nothing(data_dir: Path) -> AsyncGenerator[None]:
    """Let the store take nothing, as with a full disk; it says so after some seconds."""
    with closing(sqlite3.connect(data_dir / "roomkey.sqlite3")) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
