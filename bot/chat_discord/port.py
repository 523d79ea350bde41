"""ChatPort over Discord's REST API: each call has a time limit; text never pings and holds no secret."""

import asyncio
import logging
import re
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

import discord

from bot.chat import Banned, Capabilities, MessageGone
from bot.chat_discord.address import PLATFORM
from bot.chat_discord.components import files_of, view_of
from bot.chat_discord.errors import translated
from bot.components import FileOut, Row
from sessions.clock import Clock, SystemClock
from sessions.redaction import Redactor

log = logging.getLogger(__name__)

_NOBODY: Final = discord.AllowedMentions.none()
_CALL_S: Final = 30.0
_TYPING_S: Final = 10.0
_LOOK_BACK: Final = 500
"""How many messages are searched for one that may have been sent, in pages of 100."""
_CLOCK: Final = SystemClock()
_NO_HISTORY_NO_REPLY: Final = 160002
"""Who may not read a channel's history may write there, but not as a reply."""
_UNKNOWN_EMOJI: Final = 10014
"""Also what an emoji is called that stands under no message."""
_LINK: Final = re.compile(r"https?://", re.IGNORECASE)


class DiscordPort:
    """The outgoing side of one client. discord.py itself repeats what 429 and most 5xx answer."""

    platform = PLATFORM
    capabilities = Capabilities(
        message_chars=2000,
        edit_interval_s=1.1,  # a bucket holds 5 requests in 5 s, and the clocks are not ours
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
            given["files"] = files_of(files)
        no_previews = silent or len(_LINK.findall(body)) > 1
        send = partial(
            self._channel(channel_id).send,
            body,
            silent=silent,
            suppress_embeds=no_previews,
            allowed_mentions=_NOBODY,
        )
        with self.asking():
            async with asyncio.timeout(_CALL_S):
                try:
                    sent: discord.Message = await send(**given)
                except discord.HTTPException as error:
                    if error.code != _NO_HISTORY_NO_REPLY:
                        raise
                    del given["reference"]
                    sent = await send(**given)
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

    async def find_sent(self, channel_id: str, body: str, *, after_id: str | None) -> str | None:
        """Return our newest message with exactly this text behind `after_id`; None if there is none."""
        behind = None if after_id is None else discord.Object(int(after_id))
        body = self._redactor.text(body)  # as it was sent
        newest_first = self._channel(channel_id).history(limit=_LOOK_BACK, after=behind, oldest_first=False)
        with self.asking():
            async with asyncio.timeout(_CALL_S):
                found = [
                    str(message.id)
                    async for message in newest_first
                    if message.author.id == self._me.id and message.content.strip() == body.strip()
                ]
        return found[0] if found else None

    async def written(self, channel_id: str, message_id: str) -> str:
        """Return what a message of ours says; "" if it carries buttons or is gone."""
        try:
            with self.asking():
                async with asyncio.timeout(_CALL_S):
                    message = await self._channel(channel_id).fetch_message(int(message_id))
        except MessageGone:
            return ""
        return "" if message.components else message.content

    @property
    def _me(self) -> discord.ClientUser:
        assert self._client.user is not None, "nobody is logged in"
        return self._client.user

    def _channel(self, channel_id: str) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(int(channel_id))
