"""Slash commands: thin shells around bot.commands, acting on the key of the place they are typed in."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from inspect import Parameter, Signature
from typing import Any, Final, Literal, assert_never

import discord
from discord import app_commands

from bot.chat import Role
from bot.chat_discord.address import person, place_of_interaction
from bot.chat_discord.answering import acknowledge, in_words, tell
from bot.chat_discord.held import Act
from bot.commands import COMMANDS
from bot.commands.spec import Command, Given, Option
from bot.desk import Desk
from bot.said import Said

Admit = Callable[[int, Act], Awaitable[None] | None]
"""Does an act in a channel now, and returns what is to be awaited; or later, and returns None."""

_Sent = bool | str | discord.User | discord.Member | discord.Role
"""What discord.py makes of an option."""

_HELD_S: Final = 10.0
"""How long a command waits for what is held back before it; somebody who says `/stop` means it."""


def add_commands(tree: app_commands.CommandTree[Any], desk: Desk, admit: Admit) -> None:
    """Put every command of ours into the tree; each keeps its place behind what is held back."""
    for command in COMMANDS:
        tree.add_command(_shell(command, desk, admit))


def _shell(command: Command, desk: Desk, admit: Admit) -> app_commands.Command[Any, ..., None]:
    async def callback(interaction: discord.Interaction[Any], **options: _Sent | None) -> None:
        who, place = person(interaction.user), place_of_interaction(interaction)
        given = {name: _given(value) for name, value in options.items() if value is not None}
        call = _Call(lambda: desk.call(command, who, place, interaction.id, given))
        # The place in the room's order is taken before anything is awaited, or when the channel opens.
        doing = admit(int(place.channel_id), call.begin)
        if doing is not None:
            await doing
        await acknowledge(interaction, thinking=True)
        await tell(interaction, await in_words(call.answer(), command.name))

    # discord.py reads a command's options from the signature of its callback.
    signature = Signature(
        [
            Parameter("interaction", Parameter.POSITIONAL_OR_KEYWORD, annotation=discord.Interaction),
            *map(_parameter, command.options),
        ]
    )
    vars(callback)["__signature__"] = signature
    described = app_commands.describe(**{option.name: option.description for option in command.options})
    return app_commands.Command(
        name=command.name, description=command.description, callback=described(callback)
    )


class _Call:
    """One use of a command, begun once: when its turn comes, or when that takes too long."""

    def __init__(self, run: Callable[[], Awaitable[Said]]) -> None:
        self._run = run
        self._begun = asyncio.Event()
        self._said: Awaitable[Said] | None = None

    def begin(self) -> Awaitable[None]:
        """Take the place in the room's order, if it is not taken yet."""
        self._take()
        return asyncio.sleep(0)

    async def answer(self) -> Said:
        """Return what the command says. Raises what it raises."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_HELD_S):
                await self._begun.wait()
        return await self._take()

    def _take(self) -> Awaitable[Said]:
        if self._said is None:
            self._said = self._run()
            self._begun.set()
        return self._said


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
        case "path":
            return str | None, None
        case "user":
            return discord.User | None, None  # a member as well, with the roles that Discord sent along
        case "role":
            return discord.Role | None, None
        case "choice":
            return Literal[option.choices], option.choices[0]
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
