"""The buttons under our messages. They outlive a restart: all they know is in their id."""

import logging
import re
from typing import Any, Final, Self

import discord
from discord.ui import Button, DynamicItem, Item, View

from bot.chat import ChatError, ChatPort
from bot.chat_discord.address import person, place_of_interaction
from bot.chat_discord.answering import acknowledge, become, in_words, tell
from bot.clicks import parse_click
from bot.desk import Desk
from bot.said import Clicked, Said
from sessions.errors import AlreadyDecided

log = logging.getLogger(__name__)

_OURS: Final = re.compile(r"rk:.{1,97}")


def our_button(desk: Desk, port: ChatPort) -> type[DynamicItem[Button[View]]]:
    """Return the kind of button that discord.py makes anew, from its id alone, at each click."""

    class OurButton(DynamicItem[Button[View]], template=_OURS):
        @classmethod
        async def from_custom_id(
            cls, _interaction: discord.Interaction[Any], item: Item[Any], _match: re.Match[str], /
        ) -> Self:
            if not isinstance(item, Button):
                raise TypeError(f"a {type(item).__name__} carries the id of a button")
            return cls(item)

        async def callback(self, interaction: discord.Interaction[Any]) -> None:
            await acknowledge(interaction, thinking=False)
            clicked = await in_words(_click(desk, interaction, self.custom_id), "button")
            if isinstance(clicked, Said):
                await tell(interaction, clicked)
            else:
                await _show(port, interaction, clicked)

    return OurButton


async def _click(desk: Desk, interaction: discord.Interaction[Any], action: str) -> Clicked:
    click = parse_click(action)
    if click is None:  # a button of another version
        raise AlreadyDecided
    return await desk.click(click, person(interaction.user), place_of_interaction(interaction))


async def _show(port: ChatPort, interaction: discord.Interaction[Any], clicked: Clicked) -> None:
    channel_id, message, becomes = str(interaction.channel_id), interaction.message, clicked.message
    try:
        if message is not None and message.flags.ephemeral:
            await become(interaction, becomes)
        elif message is not None:
            buttons = [button for row in becomes.rows for button in row]
            await port.edit(channel_id, str(message.id), becomes.text, buttons=buttons)
        if clicked.aloud:
            await port.send(channel_id, clicked.aloud, nonce=f"said-{interaction.id}")
    except ChatError as error:
        log.warning("what a click did is not shown", extra={"reason": str(error)})
