"""Tells Discord which commands there are, only when they have changed."""

import asyncio
import hashlib
import json
import logging
from collections.abc import Awaitable
from typing import Any, Final, Protocol

import aiohttp
import discord
from discord import app_commands

log = logging.getLogger(__name__)

_LIMIT_S: Final = 10.0
_FACT: Final = ("discord", "commands")


class Facts(Protocol):
    """Small texts that outlive the process; the store."""

    async def get_fact(self, scope: str, name: str) -> str | None:
        """Return a stored text, or None."""
        ...

    def set_fact(self, scope: str, name: str, text: str) -> Awaitable[None]:
        """Store a text."""
        ...


async def sync_commands(tree: app_commands.CommandTree[Any], facts: Facts) -> bool:
    """Send the commands if they are not the ones sent last; True if they were sent.

    A failure is logged and the old state kept, so that the next start tries again.
    """
    hashed = _hash(tree)
    if await facts.get_fact(*_FACT) == hashed:
        return False
    try:
        async with asyncio.timeout(_LIMIT_S):
            await tree.sync()
    except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as error:
        log.warning("the commands could not be sent to Discord", extra={"reason": str(error)})
        return False
    await facts.set_fact(*_FACT, hashed)
    log.info("the commands were sent to Discord")
    return True


def _hash(tree: app_commands.CommandTree[Any]) -> str:
    # Another application has none of them yet, so its id is part of what was sent.
    payload = [command.to_dict(tree) for command in tree.get_commands()]
    sent = json.dumps([tree.client.application_id, payload], sort_keys=True)
    return hashlib.sha256(sent.encode()).hexdigest()
