"""Getting in: what a person must mend ends the bot with a sentence; an absent network is waited for."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager

import discord
import pytest
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route
from tenacity import wait_none

from bot.access import Rules
from bot.chat import ChatUnusable, IntentsMissing, TokenRefused
from bot.chat_discord.client import RoomkeyClient
from bot.chat_discord.login import FairWebSocket, ShortBackoff, default_intents, log_in, point_at
from bot.demo.guild import GatewayOptions, OfflineGuild, RateLimits
from bot.demo.guild.intents import Intent
from bot.desk import Desk
from bot.gate import Gate
from bot.open_asks import OpenAsks
from sessions.errors import StateError
from sessions.store.values import Accepted, Inbound
from tests.support.desk_rooms import Rooms
from tests.support.discord_client import READY_S, pointed_at
from tests.support.people import people
from tests.support.tcp_proxy import tcp_proxy


class Facts:
    """Small texts in memory."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    async def get_fact(self, scope: str, name: str) -> str | None:
        return self.kept.get((scope, name))

    async def set_fact(self, scope: str, name: str, text: str) -> None:
        self.kept[scope, name] = text


class FullDisk(Rooms):
    """Rooms whose store has no place left."""

    def accept(self, row: Inbound) -> Awaitable[Accepted]:
        return self._refuse()

    async def _refuse(self) -> Accepted:
        raise StateError("Nothing could be saved to /secret/roomkey.sqlite3: disk full.")


def desk(rooms: Rooms | None = None) -> Desk:
    gate = Gate(people=people(Rules(users=frozenset({"1"}))), listen_channels=(), reply_to=lambda _: "all")
    return Desk(gate=gate, rooms=rooms or Rooms(), asks=OpenAsks())


@asynccontextmanager
async def offline_guild(gateway: GatewayOptions | None = None) -> AsyncGenerator[OfflineGuild]:
    async with OfflineGuild(rate_limits=RateLimits.off(), gateway=gateway) as guild, pointed_at(guild):
        yield guild


async def test_a_refused_token_is_final_and_says_what_to_do() -> None:
    async with offline_guild():
        with pytest.raises(TokenRefused, match=r"Make a new one at .* and set DISCORD_BOT_TOKEN") as caught:
            await RoomkeyClient().serve("not.the.token", desk(), Facts())
        assert caught.value.exit_code == 77


async def test_a_token_that_is_refused_later_is_final_too() -> None:
    async with offline_guild() as guild, asyncio.TaskGroup() as tasks:
        client = RoomkeyClient(guild_ready_timeout=READY_S)
        serving = tasks.create_task(_refusal(client, guild.token))
        await guild.wait_online(timeout=60)
        await client.wait_until_ready()
        await guild.gateway.close(4004)
        assert isinstance(await serving, TokenRefused)


async def test_an_address_that_is_not_discords_is_final_and_named() -> None:
    async with offline_guild() as guild:
        guild.faults.rest("GET", r"/users/@me$", status=404)
        with pytest.raises(ChatUnusable, match=r"127\.0\.0\.1.* \(HTTP 404\).*discord\.api_base") as caught:
            await RoomkeyClient().serve(guild.token, desk(), Facts())
        assert caught.value.exit_code == 78


async def test_a_missing_intent_ends_it_with_the_link_to_the_switch() -> None:
    async with offline_guild(gateway=GatewayOptions(granted=Intent(0))) as guild:
        with pytest.raises(IntentsMissing, match=r"discord.com/developers/applications/\d+/bot") as caught:
            await RoomkeyClient().serve(guild.token, desk(), Facts())
        assert caught.value.exit_code == 78


async def test_another_final_close_is_told_by_its_code() -> None:
    async with offline_guild() as guild, asyncio.TaskGroup() as tasks:
        client = RoomkeyClient(guild_ready_timeout=READY_S)
        serving = tasks.create_task(_refusal(client, guild.token))
        await guild.wait_online(timeout=60)
        await client.wait_until_ready()
        await guild.gateway.close(4012)
        assert "code 4012" in str(await serving)


@pytest.mark.parametrize(
    "fault", [{"status": 503}, {"abort": True}, {"status": 429, "via": False}], ids=["503", "abort", "banned"]
)
async def test_an_absent_discord_is_waited_for(
    fault: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    async with offline_guild() as guild, RoomkeyClient() as client:
        guild.faults.rest("GET", r"/users/@me$", times=3, **fault)  # type: ignore[arg-type]
        client.attend(desk(), Facts())
        await log_in(client, guild.token, wait=wait_none())
        assert client.logged_in.is_set()
    assert "Discord cannot be reached, trying again" in caplog.text


async def test_a_lost_connection_comes_back_and_nothing_said_meanwhile_is_lost(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "bot")
    async with offline_guild() as guild, asyncio.TaskGroup() as tasks:
        ann, place, rooms = guild.user("ann"), guild.channel("general"), Rooms()
        rules = Rules(guilds=frozenset({guild.world.guild_id}))
        gate = Gate(people=people(rules), listen_channels=(), reply_to=lambda _: "all")
        client = RoomkeyClient(guild_ready_timeout=READY_S)
        it = Desk(gate=gate, rooms=rooms, asks=OpenAsks())
        serving = tasks.create_task(client.serve(guild.token, it, Facts()))
        await guild.wait_online(timeout=60)
        await client.wait_until_ready()
        await guild.gateway.close(4000)
        await ann.says("said in the gap", place)
        async with asyncio.timeout(60):
            while not rooms.rows or "connected to Discord again" not in caplog.text:
                await asyncio.sleep(0.01)
        assert [row.prompt.text for row in rooms.rows] == ["said in the gap"]
        await client.close()
        await serving


async def test_a_typing_that_is_cut_off_in_the_limit_over_all_leaves_the_bot_its_voice() -> None:
    async with offline_guild() as guild, RoomkeyClient() as client:
        client.attend(desk(), Facts())
        await log_in(client, guild.token)
        channel_id = guild.channel("general").id
        guild.faults.rest("POST", r"/typing$", status=429, is_global=True, retry_after_s=60)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await client.port.typing(channel_id)
        assert guild.faults.left() == 0
        async with asyncio.timeout(60):
            await client.port.send(channel_id, "still here")


async def test_a_store_in_trouble_is_told_without_its_paths() -> None:
    async with offline_guild() as guild, asyncio.TaskGroup() as tasks:
        gate = Gate(
            people=people(Rules(operators=frozenset({guild.user("ann").id}))),
            listen_channels=(),
            reply_to=lambda _: "all",
        )
        client = RoomkeyClient(guild_ready_timeout=READY_S)
        it = Desk(gate=gate, rooms=FullDisk(), asks=OpenAsks())
        serving = tasks.create_task(client.serve(guild.token, it, Facts()))
        await guild.wait_online(timeout=60)
        ann, place = guild.user("ann"), guild.channel("general")
        said = await ann.says("hello", place)
        told = await place.next_from_bot(after=said, containing="cannot reach its own storage")
        answer = await ann.runs("/reset", place)
        assert answer.message is not None
        assert "cannot reach its own storage" in answer.message.content
        assert "/secret" not in told.content + answer.message.content
        await client.close()
        await serving


async def test_a_bot_that_answers_nobody_says_so(caplog: pytest.LogCaptureFixture) -> None:
    async with offline_guild() as guild, asyncio.TaskGroup() as tasks:
        gate = Gate(people=people(), listen_channels=(), reply_to=lambda _: "all")
        client = RoomkeyClient(guild_ready_timeout=READY_S)
        it = Desk(gate=gate, rooms=Rooms(), asks=OpenAsks())
        serving = tasks.create_task(client.serve(guild.token, it, Facts()))
        await client.logged_in.wait()
        await client.wait_until_ready()
        async with asyncio.timeout(60):
            while "nobody is answered" not in caplog.text:
                await asyncio.sleep(0.01)
        await client.close()
        await serving


def test_the_waits_between_tries_grow_to_a_minute_and_differ() -> None:
    backoff = ShortBackoff()
    waits = [backoff.delay() for _ in range(200)]
    assert waits[0] <= 2
    assert max(waits) <= 60
    assert max(waits[10:]) > 30
    assert len(set(waits)) == len(waits)


def test_the_intents_are_the_least_that_will_do() -> None:
    assert default_intents().value == 37377


def test_pointing_sets_every_address_that_discord_py_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    for owner, name in (
        (Route, "BASE"),
        (DiscordWebSocket, "DEFAULT_GATEWAY"),
        (discord.Asset, "BASE"),
    ):
        monkeypatch.setattr(owner, name, getattr(owner, name))
    point_at("http://127.0.0.1:8000/api/v10", "ws://127.0.0.1:8000/gateway")
    assert Route.BASE == "http://127.0.0.1:8000/api/v10"
    assert str(DiscordWebSocket.DEFAULT_GATEWAY) == "ws://127.0.0.1:8000/gateway"
    assert discord.Asset.BASE == "http://127.0.0.1:8000"
    point_at("https://discord.com/api/v10", "wss://gateway.discord.gg/")
    assert discord.Asset.BASE == "https://cdn.discordapp.com"


async def _refusal(client: RoomkeyClient, token: str) -> ChatUnusable:
    with pytest.raises(ChatUnusable) as caught:
        await client.serve(token, desk(), Facts())
    return caught.value


async def test_a_gateway_that_does_not_answer_any_more_holds_no_end_up() -> None:
    async with offline_guild() as guild:
        gateway = yarl.URL(guild.gateway_url)
        assert gateway.port is not None
        async with tcp_proxy(gateway.port) as proxy:
            DiscordWebSocket.DEFAULT_GATEWAY = gateway.with_port(proxy.port)
            client = RoomkeyClient()
            client.attend(desk(), Facts())
            await log_in(client, guild.token)
            # As when the end comes while nothing is read from it; else aiohttp does not wait either.
            client.ws = await DiscordWebSocket.from_client(client)
            proxy.dies()
            begun_s = time.monotonic()
            await client.close()
            assert time.monotonic() - begun_s < 3


async def test_a_flood_of_events_leaves_room_for_all_else(monkeypatch: pytest.MonkeyPatch) -> None:
    taken, between = list[str](), list[int]()

    async def take(_self: object, event: str) -> None:
        taken.append(event)

    async def go_on() -> None:
        while len(taken) < 3:
            between.append(len(taken))
            await asyncio.sleep(0)

    monkeypatch.setattr(DiscordWebSocket, "received_message", take)
    gateway = FairWebSocket.__new__(FairWebSocket)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(go_on())
        for event in ("one", "two", "three"):
            await gateway.received_message(event)
    assert {1, 2} <= set(between)
