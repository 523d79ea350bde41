"""Slash commands: thin shells around bot.commands, acting on the key of the place they are typed in."""

import logging
import secrets
from inspect import Parameter, Signature
from typing import Any

import discord
from discord import app_commands

from bot.chat_discord.address import person, place_of_interaction
from bot.chat_discord.answering import NOT_STORED, acknowledge, broke, tell
from bot.commands import COMMANDS
from bot.commands.spec import Command
from bot.desk import Desk
from sessions.errors import StateError, UserError

log = logging.getLogger(__name__)


def add_commands(tree: app_commands.CommandTree[Any], desk: Desk) -> None:
    """Put every command of ours into the tree."""
    for command in COMMANDS:
        tree.add_command(_shell(command, desk))


def _shell(command: Command, desk: Desk) -> app_commands.Command[Any, ..., None]:
    async def callback(interaction: discord.Interaction[Any], **options: bool) -> None:
        # The place in the room's order is taken before anything is awaited.
        answer = desk.call(
            command, person(interaction.user), place_of_interaction(interaction), interaction.id, options
        )
        await acknowledge(interaction, thinking=True)
        try:
            text = await answer
        except UserError as error:
            text = str(error)
        except StateError as error:
            log.warning(
                "a command met a store in trouble", extra={"command": command.name, "reason": str(error)}
            )
            text = NOT_STORED
        except Exception:  # discord.py would log it and leave the person without a word
            reference = secrets.token_hex(3)
            log.exception("a command broke", extra={"command": command.name, "reference": reference})
            text = broke(reference)
        await tell(interaction, text)

    # discord.py reads a command's options from the signature of its callback.
    signature = Signature(
        [
            Parameter("interaction", Parameter.POSITIONAL_OR_KEYWORD, annotation=discord.Interaction),
            *(
                Parameter(option.name, Parameter.KEYWORD_ONLY, annotation=bool, default=False)
                for option in command.options
            ),
        ]
    )
    vars(callback)["__signature__"] = signature
    described = app_commands.describe(**{option.name: option.description for option in command.options})
    return app_commands.Command(
        name=command.name, description=command.description, callback=described(callback)
    )
