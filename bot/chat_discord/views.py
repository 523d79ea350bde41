"""The buttons under permission requests. They outlive a restart: all they know is in their id."""

import logging
import re
import secrets
from typing import Any, Self

import discord
from discord.ui import Button, DynamicItem, Item, View

from bot.approvals import ACTION, Click, parse_action
from bot.chat import ChatError, ChatPort
from bot.chat_discord.address import person, place_of_interaction
from bot.chat_discord.answering import NOT_STORED, acknowledge, broke, tell
from bot.desk import Desk
from sessions.errors import StateError, UserError

log = logging.getLogger(__name__)


def ask_button(desk: Desk, port: ChatPort) -> type[DynamicItem[Button[View]]]:
    """Return the kind of button that discord.py makes anew, from its id alone, at each click."""

    class AskButton(DynamicItem[Button[View]], template=ACTION):
        @classmethod
        async def from_custom_id(
            cls, _interaction: discord.Interaction[Any], item: Item[Any], _match: re.Match[str], /
        ) -> Self:
            if not isinstance(item, Button):
                raise TypeError(f"a {type(item).__name__} carries the id of a button")
            return cls(item)

        async def callback(self, interaction: discord.Interaction[Any]) -> None:
            click = parse_action(self.custom_id)
            if click is not None:
                await _clicked(desk, port, interaction, click)

    return AskButton


async def _clicked(desk: Desk, port: ChatPort, interaction: discord.Interaction[Any], click: Click) -> None:
    await acknowledge(interaction, thinking=False)
    message = interaction.message
    try:
        line = await desk.click(click, person(interaction.user), place_of_interaction(interaction))
        if message is not None:
            await port.edit(str(interaction.channel_id), str(message.id), line)
    except UserError as error:
        await tell(interaction, str(error))
    except StateError as error:
        log.warning("a click met a store in trouble", extra={"reason": str(error)})
        await tell(interaction, NOT_STORED)
    except ChatError as error:
        log.warning("a decision is not shown on its card", extra={"reason": str(error)})
    except Exception:  # discord.py would log it and leave the person without a word
        reference = secrets.token_hex(3)
        log.exception("a click broke", extra={"reference": reference})
        await tell(interaction, broke(reference))
