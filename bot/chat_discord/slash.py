"""Slash commands: thin shells around bot.commands, acting on the key of the place they are typed in."""

from collections.abc import Mapping
from dataclasses import dataclass
from inspect import Parameter, Signature
from typing import Any, Final, Literal, assert_never

import discord
from discord import app_commands

from bot.chat import ChatPort, Incoming, Role
from bot.chat_discord.address import incoming, person, place_of_interaction
from bot.chat_discord.answering import acknowledge, in_words, modal_in_words, open_modal, say_aloud, tell
from bot.chat_discord.components import fitted
from bot.chat_discord.in_order import Admit, InOrder
from bot.commands import COMMANDS
from bot.commands.spec import Command, Given, Option
from bot.components import Modal
from bot.desk import Desk

_Sent = bool | str | discord.User | discord.Member | discord.Role
"""What discord.py makes of an option."""

_CHOICE_UNITS: Final = 100


def add_commands(tree: app_commands.CommandTree[Any], desk: Desk, port: ChatPort, admit: Admit) -> None:
    """Put every command of ours into the tree; each keeps its place behind what is held back."""
    for command in COMMANDS:
        use = _Use(command, desk, port, admit)
        tree.add_command(_on_message(use) if command.on_message else _shell(use))


@dataclass(frozen=True, slots=True)
class _Use:
    """How one command is used over Discord."""

    command: Command
    desk: Desk
    port: ChatPort
    admit: Admit

    async def run(
        self,
        interaction: discord.Interaction[Any],
        options: Mapping[str, Given],
        message: Incoming | None = None,
    ) -> None:
        command, desk = self.command, self.desk
        who, place = person(interaction.user), place_of_interaction(interaction)
        form = desk.interactions.form(command, who, place, interaction.id, options, message)
        modal = None if form is None else await modal_in_words(interaction, form, command.name)
        if isinstance(modal, Modal):  # Discord takes a modal as the first answer alone
            await open_modal(interaction, modal)
            return
        call = InOrder(lambda: desk.interactions.call(command, who, place, interaction.id, options, message))
        doing = None
        if modal is None:
            # The place in the room's order is taken before anything is awaited, or when the channel opens.
            doing = self.admit(int(place.channel_id), call.begin)
        if doing is not None:
            await doing
        await acknowledge(interaction, thinking=True)
        said = modal or await in_words(call.result(), command.name)
        await tell(interaction, said)
        await say_aloud(self.port, interaction, said.aloud)


def _shell(use: _Use) -> app_commands.Command[Any, ..., None]:
    command = use.command

    async def callback(interaction: discord.Interaction[Any], **options: _Sent | None) -> None:
        await use.run(
            interaction, {name: _given(value) for name, value in options.items() if value is not None}
        )

    # discord.py reads a command's options from the signature of its callback.
    signature = Signature(
        [
            Parameter("interaction", Parameter.POSITIONAL_OR_KEYWORD, annotation=discord.Interaction),
            *map(_parameter, command.options),
        ]
    )
    vars(callback)["__signature__"] = signature
    described = app_commands.describe(**{option.name: option.description for option in command.options})
    shell = app_commands.Command[Any, ..., None](
        name=command.name, description=command.description, callback=described(callback)
    )
    for option in command.options:
        if option.suggest is not None:
            shell.autocomplete(option.name)(_completer(use, option.name))
    return shell


def _completer(use: _Use, option: str) -> Any:
    async def complete(interaction: discord.Interaction[Any], _typed: str) -> list[app_commands.Choice[str]]:
        who, place = person(interaction.user), place_of_interaction(interaction)
        typed = {name: value for name, value in vars(interaction.namespace).items() if isinstance(value, str)}
        return [
            app_commands.Choice(name=fitted(choice.label, _CHOICE_UNITS), value=choice.value)
            for choice in await use.desk.interactions.suggest(use.command, option, who, place, typed)
        ]

    return complete


def _on_message(use: _Use) -> app_commands.ContextMenu:
    async def callback(interaction: discord.Interaction[Any], message: discord.Message) -> None:
        me = interaction.client.user
        assert me is not None
        await use.run(interaction, {}, incoming(message, me))

    return app_commands.ContextMenu(name=use.command.name, callback=callback)


def _parameter(option: Option) -> Parameter:
    annotation, default = _typed(option)
    return Parameter(option.name, Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def _typed(option: Option) -> tuple[object, object]:
    """Return the type of an option, and what stands for it if it is not given."""
    match option.kind:
        case "flag":
            return bool, False
        case "text":
            return str, Parameter.empty
        case "path" | "words":
            return str | None, None
        case "user":
            return discord.User | None, None  # a member as well, with the roles that Discord sent along
        case "role":
            return discord.Role | None, None
        case "choice":
            return Literal[option.choices], None
        case _:
            assert_never(option.kind)


def _given(value: "_Sent") -> Given:
    match value:
        case discord.Role():
            return Role(id=str(value.id), name=value.name)
        case discord.User() | discord.Member():
            return person(value)
        case _:
            return value
