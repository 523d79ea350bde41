"""Answers to interactions: in time, to one person, without secrets; a late or lost one never raises."""

import asyncio
import logging
import secrets
from collections.abc import Awaitable
from typing import Any, Final, Protocol, TypeVar, cast

import aiohttp
import discord

from bot.chat import ChatError, ChatPort
from bot.chat_discord.components import files_of, holds_secret, modal_of, view_of
from bot.components import Modal
from bot.render import pieces, plain
from bot.said import Said
from sessions.errors import StateError, UserError
from sessions.redaction import Redactor

_T = TypeVar("_T")

log = logging.getLogger(__name__)

NOT_STORED: Final = (
    "Roomkey cannot reach its own storage just now, so nothing was done. Try it again later;"
    " whoever runs this bot finds the reason in its log."
)
"""What to say when the store failed: its own words name files, which is nobody's business in a chat."""

_ALREADY_ACKNOWLEDGED: Final = 40060
_TOO_LATE: Final = frozenset({10015, 10062, 50027})
"""Nothing acknowledged in 3 s, or the 15 minutes are over: what is left is the channel."""
_LATE: Final = (
    "**{name}**, Discord did not take my answer to what you just did here: it came too late."
    " `/status` shows how this room stands; do it again if you still need it."
)
_CALL_S: Final = 10.0
_LIMIT_CHARS: Final = 2000
_LOST: Final = (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError)
_MASKED_HERE: Final = (
    "There is a secret in this text, so it cannot be changed here: saving it would store the mask. A setting"
    " can be written anew after **Inherit** in `/config`; a memory file is changed on disk, or by the agent."
)
_NOBODY: Final = discord.AllowedMentions.none()


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


async def open_modal(interaction: discord.Interaction, modal: Modal) -> None:
    """Open a modal for the person, instead of `acknowledge`."""
    try:
        async with asyncio.timeout(_CALL_S):
            await interaction.response.send_modal(modal_of(modal, _redactor(interaction)))
    except _LOST as error:
        if not (isinstance(error, discord.HTTPException) and error.code == _ALREADY_ACKNOWLEDGED):
            log.warning("a modal was not opened", extra={"reason": str(error)})


async def modal_in_words(
    interaction: discord.Interaction, work: Awaitable[Modal | None], name: str
) -> Modal | Said | None:
    """Return a modal that can be opened, or what to say in its place; None if there is none."""
    modal = await in_words(work, name)
    if isinstance(modal, Modal) and holds_secret(modal, _redactor(interaction)):
        return Said(_MASKED_HERE)
    return modal


async def in_words(work: Awaitable[_T], name: str) -> _T | Said:
    """Return what a command or click gives, or what to say about its error: nobody stays without a word."""
    try:
        return await work
    except UserError as error:
        return Said(str(error))
    except StateError as error:
        log.warning(
            "an interaction met a store in trouble", extra={"interaction": name, "reason": str(error)}
        )
        return Said(NOT_STORED)
    except Exception:  # discord.py would log it and leave the person without a word
        reference = secrets.token_hex(3)
        log.exception("an interaction broke", extra={"interaction": name, "reference": reference})
        return Said(broke(reference))


async def tell(interaction: discord.Interaction, said: Said) -> None:
    """Say something to the person alone, after `acknowledge`; rows and files stand under the last piece."""
    redactor = _redactor(interaction)
    bodies = pieces(redactor.text(said.text), _LIMIT_CHARS)
    try:
        for body in bodies:
            is_last = body is bodies[-1]
            view = view_of(said.rows, redactor) if is_last else None
            given: dict[str, Any] = {} if view is None else {"view": view}
            if said.files and is_last:
                given["files"] = await asyncio.to_thread(files_of, said.files, redactor)
            async with asyncio.timeout(_CALL_S):
                await interaction.followup.send(body, ephemeral=True, allowed_mentions=_NOBODY, **given)
    except _LOST as error:
        log.warning("an interaction was not answered", extra={"reason": str(error)})
        await _say_late(interaction, error)


async def say_aloud(port: ChatPort, interaction: discord.Interaction, text: str) -> None:
    """Say something to everybody in the place, once; "" says nothing."""
    if text:
        await _say(port, interaction, text, nonce=f"said-{interaction.id}")


async def _say(port: ChatPort, interaction: discord.Interaction, text: str, *, nonce: str) -> None:
    try:
        await port.send(str(interaction.channel_id), text, nonce=nonce)
    except ChatError as error:
        log.warning("what was done is not said aloud", extra={"reason": str(error)})


async def become(interaction: discord.Interaction, said: Said) -> None:
    """Let the private message whose button was clicked become something else, after `acknowledge`.

    What does not fit it is left out.
    """
    redactor = _redactor(interaction)
    text, view = pieces(redactor.text(said.text), _LIMIT_CHARS)[0], view_of(said.rows, redactor)
    try:
        async with asyncio.timeout(_CALL_S):
            await interaction.edit_original_response(content=text, view=view, allowed_mentions=_NOBODY)
    except _LOST as error:
        log.warning("an answer could not be changed", extra={"reason": str(error)})
        await _say_late(interaction, error)


async def _say_late(interaction: discord.Interaction, error: BaseException) -> None:
    """Say in the channel that an answer came too late; not what it says, which was for one person alone."""
    if not isinstance(error, discord.HTTPException) or error.code not in _TOO_LATE:
        return
    text = _LATE.format(name=plain(interaction.user.display_name))
    await _say(_client(interaction).port, interaction, text, nonce=f"late-{interaction.id}")


class _Client(Protocol):
    redactor: Redactor
    port: ChatPort


def _client(interaction: discord.Interaction) -> _Client:
    # An interaction knows its client, and discord.py does not know that all of them are ours.
    return cast("_Client", interaction.client)


def _redactor(interaction: discord.Interaction) -> Redactor:
    return _client(interaction).redactor


def broke(reference: str) -> str:
    """Return what to say about a bug of ours; `reference` finds it in the log."""
    return f"Something in Roomkey broke (reference {reference}). Please try it again."
