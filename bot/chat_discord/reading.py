"""Messages read over Discord's REST API for what is around a prompt: a `Reader`."""

import asyncio
from collections.abc import Collection, Sequence
from typing import Final

import discord

from bot.around import Read
from bot.chat import MessageGone
from bot.chat_discord.address import addresses, text_of
from bot.chat_discord.port import DiscordPort
from sessions.surroundings import Earlier

_CALL_S: Final = 15.0
_SAID: Final = (
    discord.MessageType.default,
    discord.MessageType.reply,
    discord.MessageType.chat_input_command,
    discord.MessageType.context_menu_command,
)


class DiscordReader:
    """Reads with the rights of the bot. Raises ChatError and its kinds."""

    def __init__(self, client: discord.Client, port: DiscordPort) -> None:
        self._client = client
        self._port = port

    def may_read(self, channel_id: str) -> bool:
        """Whether the bot may read what was said in a channel, from memory; True if that is not known."""
        channel = self._client.get_channel(int(channel_id))
        if not isinstance(channel, discord.abc.GuildChannel | discord.Thread):
            return True
        if isinstance(channel, discord.Thread) and channel.parent is None:
            return True
        me = channel.guild.me
        return not me or channel.permissions_for(me).read_message_history

    def may_see(self, channel_id: str, person_id: str, role_ids: Collection[str]) -> bool:
        """Whether somebody with these roles may read what was said in a channel, from memory.

        False if that is not known; a thread is none, it has the rights of its channel.
        """
        channel = self._client.get_channel(int(channel_id))
        if not isinstance(channel, discord.abc.GuildChannel):
            return False
        guild, person, roles = channel.guild, int(person_id), [int(role) for role in role_ids]
        wide = guild.default_role.permissions
        for role in roles:
            if (known := guild.get_role(role)) is not None:
                wide |= known.permissions
        if person == guild.owner_id or wide.administrator:
            return True
        # As Discord folds them: everybody's, then those of all roles together, then their own.
        said = {target.id: over.read_message_history for target, over in channel.overwrites.items()}
        of_roles = [said[role] for role in roles if said.get(role) is not None]
        folded = (said.get(guild.id), any(of_roles) if of_roles else None, said.get(person))
        return next((one for one in reversed(folded) if one is not None), wide.read_message_history)

    async def message(self, channel_id: str, message_id: str) -> Read | None:
        """Return a message; None if there is no such message, or if nobody said it."""
        try:
            with self._port.asking():
                async with asyncio.timeout(_CALL_S):
                    found = await self._channel(channel_id).fetch_message(int(message_id))
        except MessageGone:
            return None
        return self._read(found) if found.type in _SAID else None

    async def starter(self, thread_id: str, parent_id: str) -> Read | None:
        """Return the message that a thread began with; None if it stands alone, or the message is gone."""
        # A forum has no messages of its own: a post's first one stands in the post.
        is_post = isinstance(self._client.get_channel(int(parent_id)), discord.ForumChannel)
        return await self.message(thread_id if is_post else parent_id, thread_id)

    async def before(self, channel_id: str, message_id: str, most: int) -> Sequence[Read]:
        """Return the last messages before one, the newest first."""
        end = discord.Object(int(message_id))
        with self._port.asking():
            async with asyncio.timeout(_CALL_S):
                pages = self._channel(channel_id).history(limit=most, before=end)
                return [self._read(one) async for one in pages if one.type in _SAID]

    def _read(self, message: discord.Message) -> Read:
        me = self._client.user
        assert me is not None
        author = message.author
        snapshots = message.message_snapshots
        files = [*message.attachments, *(file for one in snapshots for file in one.attachments)]
        ours = author.id == me.id
        return Read(
            id=message.id,
            said=Earlier(
                text=text_of(message, me),
                author_id=str(author.id),
                author_name=author.display_name,
                by_bot=author.bot or message.webhook_id is not None,
                ours=ours,
                files=tuple(file.filename for file in files),
            ),
            addresses_bot=addresses(message, me),
            is_answer=ours and message.type is discord.MessageType.reply,
        )

    def _channel(self, channel_id: str) -> discord.abc.Messageable:
        found = self._client.get_channel(int(channel_id))
        if isinstance(found, discord.abc.Messageable):
            return found
        return self._client.get_partial_messageable(int(channel_id))
