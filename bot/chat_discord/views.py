"""Components under our messages, and modals. They outlive a restart: all they know is in their id."""

import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any, Final, NoReturn, Self

import discord
from discord.ui import DynamicItem, Item, View

from bot.chat import ChatError, ChatPort
from bot.chat_discord.address import person, place_of_interaction
from bot.chat_discord.answering import (
    acknowledge,
    become,
    in_words,
    modal_in_words,
    open_modal,
    say_aloud,
    tell,
)
from bot.chat_discord.components import pressed
from bot.chat_discord.in_order import Admit, InOrder
from bot.clicks import parse_click, starts_turn
from bot.components import Modal
from bot.desk import Desk
from bot.said import Clicked, Said
from sessions.errors import AlreadyDecided

log = logging.getLogger(__name__)

_OURS: Final = re.compile(r"rk:.{1,97}")


def our_component(desk: Desk, port: ChatPort, admit: Admit) -> type[DynamicItem[Item[View]]]:
    """Return the kind of component that discord.py makes anew, from its id alone, at each click."""

    class OurComponent(DynamicItem[Item[View]], template=_OURS):
        @classmethod
        async def from_custom_id(
            cls, _interaction: discord.Interaction[Any], item: Item[Any], _match: re.Match[str], /
        ) -> Self:
            return cls(item)

        async def callback(self, interaction: discord.Interaction[Any]) -> None:
            click = _placed(desk, interaction, admit)
            modal = await modal_in_words(interaction, _modal(desk, interaction), "button")
            if isinstance(modal, Modal):  # Discord takes a modal as the first answer alone
                await open_modal(interaction, modal)
                return
            await acknowledge(interaction, thinking=False)
            await _answer(port, interaction, modal or await in_words(click(), "button"))

    return OurComponent


async def modal_sent(desk: Desk, port: ChatPort, admit: Admit, interaction: discord.Interaction[Any]) -> None:
    """Do what a modal of ours says that somebody has filled in; nothing for those of others."""
    if _OURS.fullmatch(pressed(interaction).action):
        click = _placed(desk, interaction, admit)
        on_message = interaction.message is not None
        await acknowledge(interaction, thinking=not on_message)
        await _answer(port, interaction, await in_words(click(), "modal"))


async def _modal(desk: Desk, interaction: discord.Interaction[Any]) -> Modal | None:
    click = parse_click(pressed(interaction))
    if click is None or starts_turn(click):  # that opens none, and has its place already
        return None
    return await desk.interactions.modal(click, person(interaction.user), place_of_interaction(interaction))


def _placed(
    desk: Desk, interaction: discord.Interaction[Any], admit: Admit
) -> Callable[[], Awaitable[Clicked]]:
    """Return what does what a click says; one that starts a turn takes its place behind what is held back."""
    click = parse_click(pressed(interaction))

    def run() -> Awaitable[Clicked]:
        if click is None:  # a button of another version
            return _over()
        on = None if interaction.message is None else str(interaction.message.id)
        where = place_of_interaction(interaction)
        return desk.interactions.click(click, person(interaction.user), where, on)

    if click is None or not starts_turn(click):
        return run
    doing = InOrder(run)
    admit(int(interaction.channel_id or 0), doing.begin)
    return doing.result


async def _over() -> NoReturn:
    raise AlreadyDecided


async def _answer(port: ChatPort, interaction: discord.Interaction[Any], clicked: Clicked | Said) -> None:
    if isinstance(clicked, Said):
        await tell(interaction, clicked)
        return
    channel_id, message, becomes = str(interaction.channel_id), interaction.message, clicked.message
    try:
        if message is None or clicked.private:
            await tell(interaction, becomes)
        elif message.flags.ephemeral:
            await become(interaction, becomes)
        else:
            await port.edit(channel_id, str(message.id), becomes.text, rows=becomes.rows)
    except ChatError as error:
        log.warning("what a click did is not shown", extra={"reason": str(error)})
    await say_aloud(port, interaction, clicked.aloud)
