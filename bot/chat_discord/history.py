"""Looks into channels over Discord's REST API: what was said behind a message, and what messages say now."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import discord
from discord.utils import time_snowflake

from bot.access import Rules, may_concern
from bot.chat import ChatRefused, Incoming, MessageGone
from bot.chat_discord.address import incoming, person
from bot.chat_discord.behind import Listed
from bot.chat_discord.port import DiscordPort

Channel = (
    discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread | discord.DMChannel
)
"""What has messages of its own."""

BATCH: Final = 1000
"""How many messages are read at once, in pages of 100."""

_PAGE: Final = 100
_CALL_S: Final = 30.0
_BATCH_S: Final = 120.0


def last_id(channel: Channel) -> int:
    """Return the newest message of a channel as far as Discord told, also one that was deleted; or 0."""
    return 0 if isinstance(channel, discord.DMChannel) else channel.last_message_id or 0


def listed(client: discord.Client, rules: Rules) -> Mapping[int, Listed]:
    """Return the channels that the gateway lists, where somebody may speak to us."""
    found: dict[int, Listed] = {}
    for guild in client.guilds:
        if not may_concern(str(guild.id), rules):
            continue
        since = guild.me.joined_at if guild.me else None
        joined = time_snowflake(since) if since else 0
        for channel in (*guild.text_channels, *guild.voice_channels, *guild.stage_channels):
            found[channel.id] = Listed(channel.last_message_id or 0, joined)
        for thread in guild.threads:
            # A forum's post begins with a message that has the id of its thread.
            found[thread.id] = Listed(thread.last_message_id or thread.id, joined)
    return found


class History:
    """One look into channels. Every call that asks Discord raises ChatError and its kinds.

    Only events bring the roles of who wrote a message along. With `roles` they are asked for, once for
    each person.
    """

    def __init__(self, client: discord.Client, port: DiscordPort, *, roles: bool) -> None:
        self._client = client
        self._port = port
        self._roles = roles
        self._members: dict[tuple[int, int], discord.Member | None] = {}

    async def channel(self, channel_id: int) -> Channel:
        """Return a channel; one that the gateway did not list is asked for."""
        found = self._client.get_channel(channel_id)
        if found is None:
            with self._port.asking():
                async with asyncio.timeout(_CALL_S):
                    found = await self._client.fetch_channel(channel_id)
        if not isinstance(found, Channel):
            raise ChatRefused("There are no messages in such a channel.")
        return found

    async def newest(self, channel_id: int) -> int:
        """Return the newest message of a channel, 0 without one."""
        with self._port.asking():
            async with asyncio.timeout(_CALL_S):
                channel = self._client.get_partial_messageable(channel_id)
                return max([message.id async for message in channel.history(limit=1)], default=0)

    async def said(self, channel: Channel, after: int, oldest: int) -> Sequence[discord.Message]:
        """Return what was said after a message, in order; where `BATCH` or more are returned, there is more.

        Of what is older than the id `oldest` only the last `BATCH`.
        """
        old: list[discord.Message] = []
        with self._port.asking():
            async with asyncio.timeout(_BATCH_S):
                if after < oldest:
                    begin, end = discord.Object(after), discord.Object(oldest)
                    pages = channel.history(limit=BATCH, before=end, after=begin, oldest_first=False)
                    old = [message async for message in pages]
                    after = oldest - 1
                pages = channel.history(limit=BATCH, after=discord.Object(after), oldest_first=True)
                return [*reversed(old), *[message async for message in pages]]

    async def as_now(
        self, channel: Channel, message_ids: Sequence[int]
    ) -> Mapping[int, discord.Message | None]:
        """Return messages, given ascending, as they are now; None for what is gone."""
        found: dict[int, discord.Message | None] = {}
        left = deque(message_ids)
        while left:
            page = await self._page_from(channel, left[0])
            end = max(page) if len(page) == _PAGE else left[-1]
            while left and left[0] <= end:
                message_id = left.popleft()
                found[message_id] = page.get(message_id) or await self._single(channel, message_id)
        return found

    async def incoming(self, message: discord.Message) -> Incoming:
        """Return a message as it would have come in."""
        assert self._client.user is not None
        found = incoming(message, self._client.user)
        author, guild = message.author, message.guild
        by_somebody = not author.bot and message.webhook_id is None
        if not self._roles or guild is None or not by_somebody or isinstance(author, discord.Member):
            return found
        name = guild.id, author.id
        if name not in self._members:
            self._members[name] = await self._member(guild, author.id)
        member = self._members[name]
        return found if member is None else replace(found, person=person(member))

    async def _member(self, guild: discord.Guild, user_id: int) -> discord.Member | None:
        try:
            with self._port.asking():
                async with asyncio.timeout(_CALL_S):
                    return await guild.fetch_member(user_id)
        except ChatRefused:  # who has left has no roles any more
            return None

    async def _page_from(self, channel: Channel, first: int) -> dict[int, discord.Message]:
        with self._port.asking():
            async with asyncio.timeout(_CALL_S):
                pages = channel.history(limit=_PAGE, after=discord.Object(first - 1), oldest_first=True)
                return {message.id: message async for message in pages}

    async def _single(self, channel: Channel, message_id: int) -> discord.Message | None:
        # Who may not read a channel's history is told that it is empty; this question is answered honestly.
        try:
            with self._port.asking():
                async with asyncio.timeout(_CALL_S):
                    return await channel.fetch_message(message_id)
        except MessageGone:
            return None
