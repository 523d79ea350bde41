"""Whatever Discord tells the client is asked about first: with a check that breaks, nothing is done.

The list of ways in is read from the client itself, so that a new one without a line here fails.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import discord
import pytest

from bot.access import Rules
from bot.ask_view import permission_buttons
from bot.chat_discord.client import RoomkeyClient
from bot.commands import COMMANDS
from bot.demo.guild import OfflineGuild, Person, Place, RateLimits
from bot.desk import Desk
from bot.gate import Gate
from bot.open_asks import OpenAsks
from sessions.events import PermissionAsk
from sessions.keys import TurnId
from tests.support.desk_rooms import Rooms
from tests.support.discord_client import READY_S, pointed_at
from tests.support.people import people

WAIT_S = 60
ASK = PermissionAsk(id="a1", tool="Bash", title="ls")
IN_NOBODYS_NAME: Final = {
    "on_connect": "the connection begins",
    "on_ready": "the connection is there",
    "on_resumed": "the connection is back",
    "on_guild_available": "a guild was listed",
    "on_error": "a bug of ours; whom it tells is asked about again",
}
"""Handlers of what no person does."""


class Poison:
    """Rules that break whoever looks at them, and count it."""

    def __init__(self) -> None:
        self.asked = 0
        self.news = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        self.asked += 1
        self.news.set()
        raise RuntimeError("the rules are broken")


class Facts:
    async def get_fact(self, scope: str, name: str) -> str | None:
        return None

    async def set_fact(self, scope: str, name: str, text: str) -> None:
        pass


class Scene:
    """A real client in an offline guild, whose rules can be broken."""

    def __init__(self, guild: OfflineGuild, client: RoomkeyClient, rooms: Rooms, desk: Desk) -> None:
        self.guild, self.client, self.rooms, self.desk = guild, client, rooms, desk
        self.poison = Poison()

    @property
    def ann(self) -> Person:
        return self.guild.user("ann")

    @property
    def lab(self) -> Place:
        return self.guild.channel("lab")

    def done(self) -> list[Any]:
        """Everything that was asked of the rooms, beside what is only written down."""
        rooms = self.rooms
        return [*rooms.rows, *rooms.stopped, *rooms.decided, *rooms.touched, *rooms.settled]

    async def asked(self, doing: Awaitable[Any] | None) -> Any:
        """Do something and wait until somebody looked at the rules because of it."""
        self.poison.news.clear()
        done = None if doing is None else await doing
        async with asyncio.timeout(WAIT_S):
            await self.poison.news.wait()
        return done


@asynccontextmanager
async def scene() -> AsyncGenerator[Scene]:
    async with (
        OfflineGuild(channels=["desk", "lab", "attic"], users=["ann"], rate_limits=RateLimits.off()) as guild,
        pointed_at(guild),
        asyncio.TaskGroup() as tasks,
    ):
        rooms = Rooms(runs=True)
        gate = Gate(
            people=people(Rules(owners=frozenset({guild.user("ann").id}))),
            listen_channels=(),
            reply_to=lambda _: "all",
        )
        desk = Desk(gate=gate, rooms=rooms, asks=OpenAsks())
        client = RoomkeyClient(guild_ready_timeout=READY_S)
        serving = tasks.create_task(client.serve(guild.token, desk, Facts()))
        try:
            async with asyncio.timeout(WAIT_S):
                await client.logged_in.wait()
                await client.wait_until_ready()
            yield Scene(guild, client, rooms, desk)
        finally:
            await client.close()
            await serving


def break_rules(it: Scene) -> None:
    it.desk.people._rules = it.poison  # type: ignore[assignment]


async def message(it: Scene) -> None:
    await it.asked(it.ann.says("hello", it.lab))


async def edit(it: Scene) -> None:
    said = await it.asked(it.ann.says("hello", it.lab))
    await it.asked(it.ann.edits(said, "hello again"))


async def delete(it: Scene) -> None:
    said = await it.asked(it.ann.says("hello", it.lab))
    await it.asked(it.ann.deletes(said))


async def bulk_delete(it: Scene) -> None:
    gone: Any = {"ids": ["1", "2"], "channel_id": it.lab.id, "guild_id": it.guild.world.guild_id}
    it.client.dispatch("raw_bulk_message_delete", discord.RawBulkMessageDeleteEvent(gone))
    await it.asked(None)


async def channel_delete(it: Scene) -> None:
    channel = it.client.get_channel(int(it.lab.id))
    it.client.dispatch("guild_channel_delete", channel)
    await it.asked(None)


async def thread_create(it: Scene) -> None:
    await it.asked(it.ann.opens_thread(it.lab, "idea"))
    assert not it.guild.ledger.requests("PUT", r"/thread-members/@me$")


async def thread_delete(it: Scene) -> None:
    gone: Any = {"id": "1", "type": 11, "guild_id": it.guild.world.guild_id, "parent_id": it.lab.id}
    it.client.dispatch("raw_thread_delete", discord.RawThreadDeleteEvent(gone))
    await it.asked(None)


async def modal_sent(it: Scene) -> None:
    user = {"id": it.ann.id, "username": "ann", "discriminator": "0", "avatar": None}
    where: Any = {"channel_id": it.lab.id, "channel": {"id": it.lab.id, "type": 1}, "user": user}
    what = {"id": "7", "application_id": "1", "type": 5, "token": "t", "version": 1, "entitlements": []}
    data = {"custom_id": "rk:allow:5:0123456789abcdef", "components": []}
    payload: Any = {**where, **what, "data": data, "attachment_size_limit": 1}
    it.client.dispatch("interaction", discord.Interaction(data=payload, state=it.client._connection))
    await it.asked(None)


WAYS: Final[dict[str, Callable[[Scene], Awaitable[None]]]] = {
    "on_message": message,
    "on_raw_message_edit": edit,
    "on_raw_message_delete": delete,
    "on_raw_bulk_message_delete": bulk_delete,
    "on_guild_channel_delete": channel_delete,
    "on_raw_thread_delete": thread_delete,
    "on_thread_create": thread_create,
    "on_interaction": modal_sent,
}
"""Each handler of what people do, and something that reaches it."""


def test_every_handler_of_the_client_is_listed_here() -> None:
    heard = {name for name in vars(RoomkeyClient) if name.startswith("on_")}
    assert heard == set(WAYS) | set(IN_NOBODYS_NAME)
    assert not set(WAYS) & set(IN_NOBODYS_NAME)


@pytest.mark.parametrize("way", WAYS)
async def test_a_check_that_breaks_lets_nothing_in(way: str) -> None:
    async with scene() as it:
        break_rules(it)
        await WAYS[way](it)
        await asyncio.sleep(0)
        assert it.poison.asked
        assert it.done() == []


async def test_commands_and_buttons_answer_a_check_that_breaks_with_a_no() -> None:
    async with scene() as it:
        row = permission_buttons(TurnId(5), ASK, may_allow=True)
        card = await it.client.port.send(it.lab.id, "a card", rows=[row])
        [message] = [one for one in it.lab.messages() if one.id == card]
        break_rules(it)
        for command in (one for one in COMMANDS if not one.on_message):
            given: dict[str, Any] = {one.name: "1" for one in command.options if one.kind == "text"}
            asked = it.poison.asked
            answer = await it.ann.runs(f"/{command.name}", it.lab, **given)
            assert "You may not do that here" in answer.content
            assert it.poison.asked > asked
        await it.ann.clicks(message, label="Allow once")
        await it.ann.next_private(it.lab, after=message, containing="You may not do that here")
        assert it.done() == []


async def test_nothing_else_of_discord_is_listened_to() -> None:
    """No command of another kind, no autocomplete but ours, no second listener."""
    async with scene() as it:
        tree = it.client.tree
        assert tree.get_commands(type=discord.AppCommandType.user) == []
        on_messages = tree.get_commands(type=discord.AppCommandType.message)
        assert {one.name for one in on_messages} == {one.name for one in COMMANDS if one.on_message}
        chat = tree.get_commands(type=discord.AppCommandType.chat_input)
        assert {one.name for one in chat} == {one.name for one in COMMANDS if not one.on_message}
        for one in chat:
            assert isinstance(one, discord.app_commands.Command)
            [ours] = [command for command in COMMANDS if command.name == one.name]
            suggested = {option.name for option in ours.options if option.suggest is not None}
            assert {parameter.name for parameter in one.parameters if parameter.autocomplete} == suggested
        views = it.client._connection._view_store
        assert [kind.__name__ for kind in views._dynamic_items.values()] == ["OurComponent"]
        assert not views._views
        assert not views._modals
        assert not it.client.intents.guild_reactions
