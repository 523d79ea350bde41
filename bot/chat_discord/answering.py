"""Answers to interactions that only one person sees; a late or lost answer never raises."""

import asyncio
import logging
from typing import Final

import aiohttp
import discord

from bot.render import pieces

log = logging.getLogger(__name__)

NOT_STORED: Final = (
    "Roomkey cannot reach its own storage just now, so nothing was done. Try it again later;"
    " whoever runs this bot finds the reason in its log."
)
"""What to say when the store failed: its own words name files, which is nobody's business in a chat."""

_ALREADY_ACKNOWLEDGED: Final = 40060
_CALL_S: Final = 10.0
_LIMIT_CHARS: Final = 2000
_LOST: Final = (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError)


async def acknowledge(interaction: discord.Interaction, *, thinking: bool) -> None:
    """Answer within Discord's 3 seconds that the click or command has arrived.

    `thinking` promises a private answer; without it the message under a button stays as it is.
    """
    try:
        async with asyncio.timeout(_CALL_S):
            await interaction.response.defer(ephemeral=thinking, thinking=thinking)
    except _LOST as error:
        # A callback that was stored and then repeated by the library is no failure.
        if not (isinstance(error, discord.HTTPException) and error.code == _ALREADY_ACKNOWLEDGED):
            log.warning("an interaction was not acknowledged", extra={"reason": str(error)})


async def tell(interaction: discord.Interaction, text: str) -> None:
    """Say something to the person alone, after `acknowledge`."""
    try:
        for piece in pieces(text, _LIMIT_CHARS):
            async with asyncio.timeout(_CALL_S):
                await interaction.followup.send(
                    piece, ephemeral=True, allowed_mentions=discord.AllowedMentions.none()
                )
    except _LOST as error:
        log.warning("an interaction was not answered", extra={"reason": str(error)})


def broke(reference: str) -> str:
    """Return what to say about a bug of ours; `reference` finds it in the log."""
    return f"Something in Roomkey broke (reference {reference}). Please try it again."
