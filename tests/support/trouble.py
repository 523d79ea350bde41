"""The whole bot on an offline guild where something goes wrong, and what has to come of it all the same."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.demo.guild import GatewayOptions, OfflineGuild, Place
from bot.demo.guild.actors import Person
from bot.demo.guild.model import Message
from sessions.keys import session_key
from tests.support.guilds import offline_guild
from tests.support.hurry import end_heartbeats
from tests.support.whole_bot import WholeBot, whole_bot

CATCHING_UP = "-# Answering "
"""How the bot's note begins that it answers what it had missed."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A guild, the whole bot in it, somebody who speaks, and two channels; `desk` is listened to."""

    guild: OfflineGuild
    bot: WholeBot
    ann: Person
    desk: Place
    lab: Place

    async def says(self, *texts: str, place: Place | None = None) -> list[Message]:
        """Let ann say something in a place, in the lab if it is not named."""
        return [await self.ann.says(text, place or self.lab) for text in texts]

    async def answered_once(self, said: Sequence[Message], *, in_order: bool = True) -> None:
        """Wait until each of these is answered; what stands in their place is one answer to each, no more.

        Made for an agent that echoes, or writes one message for each prompt.
        """
        place = self.guild.place(said[0].channel_id)
        for one in said:
            await place.next_from_bot(matching=lambda answer, one=one: _answers(answer, one), timeout=60)
        assert await self.bot.outbox.flush(60)
        by_bot = [m for m in place.messages() if m.author_id == self.guild.bot.id]
        standing = [m for m in by_bot if not m.content.startswith(CATCHING_UP)]
        to = [m.reference.message_id if m.reference else None for m in standing]
        asked: list[str | None] = [one.id for one in said]
        assert to == asked if in_order else sorted(map(str, to)) == sorted(map(str, asked)), (
            self.guild.stage.picture("not one answer to each, in their order")
        )

    async def idle(self, place: Place) -> None:
        """Wait until nothing runs in a place's own room."""
        async with asyncio.timeout(60):
            while (await self.bot.manager.status(session_key(place.id))).state != "idle":
                await asyncio.sleep(0.01)

    async def given_up(self) -> None:
        """Wait until an answer is given up."""
        async with asyncio.timeout(60):
            while not self.bot.outbox.dropped:
                await asyncio.sleep(0.01)


@asynccontextmanager
async def trouble(
    data_dir: Path, *, gateway: GatewayOptions | None = None, **options: Any
) -> AsyncGenerator[Trouble]:
    """Open the guild and start the bot; `options` are those of `whole_bot`. Every room answers everything."""
    async with offline_guild(gateway=gateway) as guild:
        try:
            async with whole_bot(guild, data_dir, **options) as bot:
                yield Trouble(guild, bot, guild.user("ann"), guild.channel("desk"), guild.channel("lab"))
        finally:
            end_heartbeats()


def _answers(answer: Message, said: Message) -> bool:
    return answer.reference is not None and answer.reference.message_id == said.id


def row(name: str, injected: str, expected: str, *values: object) -> Any:
    """Return a line of the fault catalogue as one case of a parametrised test."""
    return pytest.param(*values, marks=pytest.mark.fault(name, injected, expected), id=injected)
