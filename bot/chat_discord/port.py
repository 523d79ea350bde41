"""ChatPort over Discord's REST API: each call has a time limit; text never pings."""

import asyncio
import re
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import discord

from bot.chat import Button, Capabilities, MessageGone
from bot.chat_discord.address import PLATFORM
from bot.chat_discord.errors import translated

_NOBODY: Final = discord.AllowedMentions.none()
_CALL_S: Final = 30.0
_TYPING_S: Final = 10.0
_NO_HISTORY_NO_REPLY: Final = 160002
"""Who may not read a channel's history may write there, but not as a reply."""
_LINK: Final = re.compile(r"https?://", re.IGNORECASE)
_STYLES: Final = {
    "plain": discord.ButtonStyle.secondary,
    "primary": discord.ButtonStyle.primary,
    "good": discord.ButtonStyle.success,
    "danger": discord.ButtonStyle.danger,
}


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
    )

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    async def send(
        self,
        channel_id: str,
        body: str,
        *,
        nonce: str | None = None,
        reply_to: str | None = None,
        silent: bool = False,
        buttons: Sequence[Button] = (),
    ) -> str:
        """Send a message and return its id.

        An answer becomes a plain message if what it answers was deleted or may not be read.
        """
        given: dict[str, Any] = {}  # discord.py takes no None for what is not given
        if nonce is not None:
            given["nonce"] = nonce
        if reply_to is not None:
            given["reference"] = discord.MessageReference(
                message_id=int(reply_to), channel_id=int(channel_id), fail_if_not_exists=False
            )
        if buttons:
            given["view"] = _view(buttons)
        no_previews = silent or len(_LINK.findall(body)) > 1
        send = partial(
            self._channel(channel_id).send,
            body,
            silent=silent,
            suppress_embeds=no_previews,
            allowed_mentions=_NOBODY,
        )
        with translated():
            async with asyncio.timeout(_CALL_S):
                try:
                    sent: discord.Message = await send(**given)
                except discord.HTTPException as error:
                    if error.code != _NO_HISTORY_NO_REPLY:
                        raise
                    del given["reference"]
                    sent = await send(**given)
        return str(sent.id)

    async def edit(
        self, channel_id: str, message_id: str, body: str, *, buttons: Sequence[Button] = ()
    ) -> None:
        """Replace a message's text and buttons."""
        message = self._channel(channel_id).get_partial_message(int(message_id))
        with translated():
            async with asyncio.timeout(_CALL_S):
                view = _view(buttons) if buttons else None
                await message.edit(content=body, view=view, allowed_mentions=_NOBODY)

    async def delete(self, channel_id: str, message_id: str) -> None:
        """Remove a message of ours. Returns also if it was gone already."""
        message = self._channel(channel_id).get_partial_message(int(message_id))
        try:
            with translated():
                async with asyncio.timeout(_CALL_S):
                    await message.delete()
        except MessageGone:
            return

    async def typing(self, channel_id: str) -> None:
        """Show for some 10 s that somebody writes."""
        with translated():
            async with asyncio.timeout(_TYPING_S):
                await self._channel(channel_id).typing()

    def _channel(self, channel_id: str) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(int(channel_id))


def _view(buttons: Sequence[Button]) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    for button in buttons:
        view.add_item(
            discord.ui.Button(label=button.label, custom_id=button.action, style=_STYLES[button.style])
        )
    # A view that runs would be kept in memory for ever; clicks are taken by their id (views.py).
    view.stop()
    return view
