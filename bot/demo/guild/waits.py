"""Waiting for what happens in the guild: by events, never by polling, with a full picture when it fails."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from bot.demo.guild import transcript
from bot.demo.guild.changes import Change
from bot.demo.guild.errors import Unseen
from bot.demo.guild.ledger import Ledger
from bot.demo.guild.state import World

WAIT_S = 60.0
"""How long waits last when they are not told otherwise, in real seconds."""

_T = TypeVar("_T")


class Stage:
    """The world with its ledger: what people and places need to act and to wait."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.ledger = Ledger(world)

    async def until(self, find: Callable[[], _T | None], what: str, *, timeout: float = WAIT_S) -> _T:
        """Return what `find` finds, at once or after the change that makes it findable.

        Raises:
            Unseen: nothing was found in time; it names `what` and has transcript and last requests.
        """
        with self.world.subscribe() as changes:
            try:
                async with asyncio.timeout(timeout):
                    while True:
                        found = find()
                        if found is not None:
                            return found
                        await anext(changes)
            except TimeoutError:
                raise Unseen(self.picture(f"waited {timeout} s for {what}")) from None

    async def next_change(
        self, wanted: Callable[[Change], bool], what: str, *, timeout: float = WAIT_S
    ) -> Change:
        """Return the next change that is wanted; raise Unseen when none comes in time."""
        with self.world.subscribe() as changes:
            try:
                async with asyncio.timeout(timeout):
                    async for change in changes:
                        if wanted(change):
                            return change
            except TimeoutError:
                pass
        raise Unseen(self.picture(f"waited {timeout} s for {what}"))

    def picture(self, headline: str) -> str:
        """Return a text with everything said in every place and the last requests of the bots."""
        places = [
            f"#{transcript.place_name(self.world, channel)}\n{text}"
            for channel in self.world.channels.values()
            if (text := transcript.of(self.world, channel.id))
        ]
        return "\n".join([headline, *places, "last requests:", self.ledger.tail()])
