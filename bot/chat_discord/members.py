"""What Discord knows of people and channels without an event: somebody's roles, where a channel lies."""

import asyncio
from typing import Final

import discord

from bot.chat import ChatError, ChatRefused, Place
from bot.chat_discord.address import PLATFORM, person
from bot.chat_discord.port import DiscordPort

_CALL_S: Final = 5.0


class Members:
    """Looks in what the gateway told; what is not there is asked for over REST."""

    def __init__(self, client: discord.Client, port: DiscordPort) -> None:
        self._client = client
        self._port = port

    async def roles_now(self, place: Place, user_id: str) -> frozenset[str] | None:
        """Return the roles of somebody in the guild of a place; None if Discord cannot be asked.

        Who is not in the guild any more has none.
        """
        guild = None if place.guild_id is None else self._client.get_guild(int(place.guild_id))
        if guild is None:
            return None
        # The gateway tells of changes to members only whoever asked for that intent.
        member = guild.get_member(int(user_id)) if self._client.intents.members else None
        if member is not None:
            return person(member).role_ids
        try:
            with self._port.asking():
                async with asyncio.timeout(_CALL_S):
                    return person(await guild.fetch_member(int(user_id))).role_ids
        except ChatRefused:
            return frozenset()
        except ChatError:
            return None

    def name_of(self, channel_id: str) -> str | None:
        """Return what a channel or thread is called that the gateway listed, or None."""
        channel = self._client.get_channel(int(channel_id))
        return channel.name if isinstance(channel, discord.abc.GuildChannel | discord.Thread) else None

    def place_of(self, channel_id: str) -> Place | None:
        """Return a channel that the gateway listed, or None."""
        channel = self._client.get_channel(int(channel_id))
        if isinstance(channel, discord.abc.GuildChannel | discord.Thread):
            parent = channel.parent_id if isinstance(channel, discord.Thread) else None
            return Place(
                platform=PLATFORM,
                channel_id=channel_id,
                guild_id=str(channel.guild.id),
                parent_id=None if parent is None else str(parent),
            )
        return None
