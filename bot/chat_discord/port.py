"""ChatPort over Discord's REST API: each call has a time limit; text never pings and holds no secret."""

import asyncio
import logging
import re
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, Final

import discord

from bot.chat import Banned, Capabilities, ChatRefused, FilesRefused, MessageGone
from bot.chat_discord.address import PLATFORM
from bot.chat_discord.components import actions_of, files_of, view_of
from bot.chat_discord.errors import UNKNOWN_MESSAGE, is_forbidden, translated
from bot.components import FileOut, Row
from bot.stop_button import is_stop
from sessions.clock import Clock, SystemClock
from sessions.redaction import Redactor

log = logging.getLogger(__name__)

_NOBODY: Final = discord.AllowedMentions.none()
_CALL_S: Final = 30.0
_TYPING_S: Final = 10.0
_UPLOAD_BYTES_PER_S: Final = 128 * 1024
"""How slow a line may be on which files still arrive."""
_FILE_BYTES: Final = 10 * 1024**2
"""What a file may have where nobody knows better: in direct messages, and in servers without boosts."""
_LOOK_BACK: Final = 500
"""How many messages are searched for one that may have been sent, in pages of 100."""
_MOST_FOUND: Final = 5
_CLOCK: Final = SystemClock()
_NO_HISTORY_NO_REPLY: Final = 160002
"""Who may not read a channel's history may write there, but not as a reply."""
_UNKNOWN_EMOJI: Final = 10014
"""Also what an emoji is called that stands under no message."""
_HAS_THREAD: Final = 160004
_LINK: Final = re.compile(r"https?://", re.IGNORECASE)


class DiscordPort:
    """The outgoing side of one client. discord.py itself repeats what 429 and most 5xx answer."""

    platform = PLATFORM
    capabilities = Capabilities(
        message_chars=2000,
        # A bucket holds 5 requests in 5 s. Faster, and discord.py rests whenever a bucket is used up.
        edit_interval_s=1.25,
        can_edit=True,
        can_delete=True,
        can_type=True,
        has_buttons=True,
        can_react=True,
        nonce_window_s=120.0,  # Discord says "the past few minutes"
    )

    def __init__(
        self, client: discord.Client, clock: Clock = _CLOCK, *, redactor: Redactor | None = None
    ) -> None:
        """Speak through `client`; `redactor` masks every text on its way out."""
        self._client = client
        self._clock = clock
        self._redactor = redactor or Redactor()
        self._banned_until_s = 0.0

    @contextmanager
    def asking(self) -> Generator[None]:
        """Let requests through, with their errors translated; none while Discord turns us away.

        Raises:
            Banned: it does so now, or did a while ago.
        """
        left_s = self._banned_until_s - self._clock.monotonic_s()
        if left_s > 0:
            raise Banned(retry_after_s=left_s)
        try:
            with translated():
                yield
        except Banned as error:
            now_s = self._clock.monotonic_s()
            if now_s >= self._banned_until_s:  # of all requests that were under way, one says so
                self._banned_until_s = now_s + error.retry_after_s
                log.warning("Discord turns this machine away", extra={"quiet_for_s": error.retry_after_s})
            raise

    def file_limit_bytes(self, channel_id: str) -> int:
        """Return how large a file may be there: a server's boosts raise it."""
        channel = self._client.get_channel(int(channel_id))
        guild = getattr(channel, "guild", None)
        return guild.filesize_limit if isinstance(guild, discord.Guild) else _FILE_BYTES

    def may_attach(self, channel_id: str) -> bool:
        """Whether files are taken there, as far as is known."""
        channel = self._client.get_channel(int(channel_id))
        if not isinstance(channel, discord.abc.GuildChannel | discord.Thread):
            return True
        return channel.permissions_for(channel.guild.me).attach_files

    async def send(
        self,
        channel_id: str,
        body: str,
        *,
        nonce: str | None = None,
        reply_to: str | None = None,
        silent: bool = False,
        rows: Sequence[Row] = (),
        files: Sequence[FileOut] = (),
    ) -> str:
        """Send a message and return its id.

        An answer becomes a plain message if what it answers was deleted or may not be read.
        """
        body = self._redactor.text(body)
        given: dict[str, Any] = {}  # discord.py takes no None for what is not given
        if nonce is not None:
            given["nonce"] = nonce
        if reply_to is not None:
            given["reference"] = discord.MessageReference(
                message_id=int(reply_to), channel_id=int(channel_id), fail_if_not_exists=False
            )
        if rows:
            given["view"] = view_of(rows, self._redactor)
        if files:
            given["files"] = await asyncio.to_thread(files_of, files, self._redactor)
        no_previews = silent or len(_LINK.findall(body)) > 1
        send = partial(
            self._channel(channel_id).send,
            body,
            silent=silent,
            suppress_embeds=no_previews,
            allowed_mentions=_NOBODY,
        )
        limit_s = _CALL_S + sum(len(file.content) for file in files) / _UPLOAD_BYTES_PER_S
        try:
            with self.asking():
                async with asyncio.timeout(limit_s):
                    try:
                        sent: discord.Message = await send(**given)
                    except discord.HTTPException as error:
                        if error.code != _NO_HISTORY_NO_REPLY:
                            raise
                        del given["reference"]
                        sent = await send(**given)
        except ChatRefused as error:
            if not files and isinstance(error, FilesRefused):  # there is nothing to leave out
                raise ChatRefused(str(error)) from error
            if files and is_forbidden(error):  # perhaps no message at all: without files that shows
                raise FilesRefused(str(error), reason="forbidden") from error
            raise
        return str(sent.id)

    async def edit(self, channel_id: str, message_id: str, body: str, *, rows: Sequence[Row] = ()) -> None:
        """Replace a message's text and rows of components; its files stay."""
        message = self._channel(channel_id).get_partial_message(int(message_id))
        body, view = self._redactor.text(body), view_of(rows, self._redactor)
        with self.asking():
            async with asyncio.timeout(_CALL_S):
                await message.edit(content=body, view=view, allowed_mentions=_NOBODY)

    async def delete(self, channel_id: str, message_id: str) -> None:
        """Remove a message of ours. Returns also if it was gone already."""
        message = self._channel(channel_id).get_partial_message(int(message_id))
        try:
            with self.asking():
                async with asyncio.timeout(_CALL_S):
                    await message.delete()
        except MessageGone:
            return

    async def typing(self, channel_id: str) -> None:
        """Show for some 10 s that somebody writes."""
        with self.asking():
            async with asyncio.timeout(_TYPING_S):
                await self._channel(channel_id).typing()

    async def react(self, channel_id: str, message_id: str, mark: str) -> None:
        """Put a mark of ours under somebody's message. Returns also if it stood there."""
        message = self._channel(channel_id).get_partial_message(int(message_id))
        with self.asking():
            async with asyncio.timeout(_CALL_S):
                await message.add_reaction(mark)

    async def unreact(self, channel_id: str, message_id: str, mark: str) -> None:
        """Take a mark of ours away. Returns also if it was gone."""
        message = self._channel(channel_id).get_partial_message(int(message_id))
        with self.asking():
            async with asyncio.timeout(_CALL_S):
                try:
                    await message.remove_reaction(mark, self._me)
                except discord.HTTPException as error:
                    if error.code != _UNKNOWN_EMOJI:
                        raise

    async def find_sent(
        self, channel_id: str, body: str, *, after_id: str | None, files: int = 0
    ) -> str | None:
        """Return our newest message behind `after_id` with exactly this text and so many files, else None."""
        behind = None if after_id is None else discord.Object(int(after_id))
        body = self._redactor.text(body)  # as it was sent
        newest_first = self._channel(channel_id).history(limit=_LOOK_BACK, after=behind, oldest_first=False)
        with self.asking():
            async with asyncio.timeout(_CALL_S):
                found = [
                    str(message.id)
                    async for message in newest_first
                    if message.author.id == self._me.id
                    and message.content.strip() == body.strip()
                    and len(message.attachments) == files
                ]
        return found[0] if found else None

    async def written(self, channel_id: str, message_id: str) -> str:
        """Return what a message of ours says; "" if it asks something with its buttons, or is gone."""
        try:
            with self.asking():
                async with asyncio.timeout(_CALL_S):
                    message = await self._channel(channel_id).fetch_message(int(message_id))
        except MessageGone:
            return ""
        asks = any(not is_stop(action) for action in actions_of(message.components))
        return "" if asks else message.content

    async def open_thread(self, channel_id: str, name: str, *, message_id: str | None = None) -> str:
        """Open a public thread in a channel, on a message or on its own, and return its id."""
        name = self._redactor.text(name)
        with self.asking():
            async with asyncio.timeout(_CALL_S):
                channel = await self._looked_up(channel_id)
                if not isinstance(channel, discord.TextChannel):
                    raise ChatRefused("There are no threads in such a channel.")
                if message_id is None:
                    public = discord.ChannelType.public_thread
                    return str((await channel.create_thread(name=name, type=public)).id)
                try:
                    await channel.get_partial_message(int(message_id)).create_thread(name=name)
                except discord.HTTPException as error:
                    if error.code == UNKNOWN_MESSAGE:  # a thread outlives the message it was opened on
                        return str((await self._looked_up(message_id)).id)
                    if error.code != _HAS_THREAD:
                        raise
                return message_id  # on Discord, that is the id of its thread

    async def find_threads(self, channel_id: str, name: str) -> Sequence[str]:
        """Return the threads that we opened on their own under this name: Discord announces each."""
        name = self._redactor.text(name)  # as it was opened
        found: list[str] = []
        with self.asking():
            async with asyncio.timeout(_CALL_S):
                async for message in self._channel(channel_id).history(limit=_LOOK_BACK):
                    is_ours = message.author.id == self._me.id and message.content == name
                    if is_ours and message.type is discord.MessageType.thread_created and message.reference:
                        with suppress(discord.NotFound):  # asked for: what is in memory may be gone
                            thread = await self._client.fetch_channel(message.reference.channel_id)
                            found.append(str(thread.id))
                    if len(found) == _MOST_FOUND:
                        break
        return found

    async def rename(self, channel_id: str, name: str) -> None:
        """Give a thread of ours another name."""
        name = self._redactor.text(name)
        with self.asking():
            async with asyncio.timeout(_CALL_S):
                channel = await self._looked_up(channel_id)
                if not isinstance(channel, discord.Thread):
                    raise ChatRefused("Only threads are given names.")
                await channel.edit(name=name)

    async def _looked_up(self, channel_id: str) -> Any:
        found = self._client.get_channel(int(channel_id))
        return await self._client.fetch_channel(int(channel_id)) if found is None else found

    @property
    def _me(self) -> discord.ClientUser:
        assert self._client.user is not None, "nobody is logged in"
        return self._client.user

    def _channel(self, channel_id: str) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(int(channel_id))
