"""The offline guild's REST side and gateway on the wire, asked without any library for Discord."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import aiohttp.web
import pytest

from bot.demo.guild import OfflineGuild, Permission
from bot.demo.guild.rest import Call, Reply, Rest, Route
from bot.demo.guild.state import World
from tests.support.served import served


class Wire:
    """A bot that speaks HTTP and WebSocket by hand."""

    def __init__(self, guild: OfflineGuild, session: aiohttp.ClientSession) -> None:
        self.guild = guild
        self.session = session
        self.bearer = {"Authorization": f"Bot {guild.token}"}

    async def ask(self, method: str, path: str, **options: Any) -> tuple[aiohttp.ClientResponse, Any]:
        """Return the response and its JSON, or None without a body."""
        options.setdefault("headers", self.bearer)
        async with self.session.request(method, self.guild.api_base + path, **options) as response:
            text = await response.text()
        return response, json.loads(text) if text else None


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    """A guild and a client that knows nothing of Discord."""
    async with OfflineGuild(channels=["desk"], may_ping=True) as guild, aiohttp.ClientSession() as session:
        yield Wire(guild, session)


def messages_of(wire: Wire) -> str:
    return f"/channels/{wire.guild.channel('desk').id}/messages"


async def test_answers_have_the_exact_content_type_the_proxy_and_their_bucket(wire: Wire):
    response, body = await wire.ask("POST", messages_of(wire), json={"content": "hello"})
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Via"] == "1.1 google"
    assert response.headers["X-RateLimit-Remaining"] == "4"
    assert set(response.headers) >= {
        "X-RateLimit-Limit",
        "X-RateLimit-Reset",
        "X-RateLimit-Reset-After",
        "X-RateLimit-Bucket",
    }
    assert body["content"] == "hello"


async def test_an_empty_answer_has_no_content_type(wire: Wire):
    response, body = await wire.ask("POST", messages_of(wire).replace("messages", "typing"))
    assert (response.status, body) == (204, None)
    assert "Content-Type" not in response.headers


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bot wrong"}])
async def test_without_the_right_token_nothing_is_answered(wire: Wire, headers: dict[str, str]):
    response, body = await wire.ask("GET", "/users/@me", headers=headers)
    assert (response.status, body) == (401, {"message": "401: Unauthorized", "code": 0})


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("{", 400, 50109),
        ("[]", 400, 50035),
        ('{"content": 7, "embeds": "no"}', 400, 50035),
        ('{"content": "x", "nonce": "12345678901234567890123456"}', 400, 50035),
        ('{"content": 7}', 200, None),
    ],
)
async def test_a_malformed_body_is_refused_with_its_field(
    wire: Wire, body: str, status: int, code: int | None
):
    response, answer = await wire.ask("POST", messages_of(wire), data=body)
    assert (response.status, answer.get("code")) == (status, code)
    assert wire.guild.ledger.entries[-1].status == status
    if code == 50035:
        assert answer["errors"]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x"])
async def test_a_malformed_query_is_refused(wire: Wire, query: str):
    response, answer = await wire.ask("GET", f"{messages_of(wire)}?{query}")
    assert (response.status, answer["code"]) == (400, 50035)


async def test_commands_are_taken_as_a_list_alone(wire: Wire):
    path = f"/applications/{wire.guild.bot.id}/commands"
    refused, _ = await wire.ask("PUT", path, json={"name": "x"})
    taken, made = await wire.ask("PUT", path, json=[{"name": "x", "description": "y"}])
    bad, answer = await wire.ask("PUT", path, json=[{"name": "x" * 33, "description": "y"}])
    assert (refused.status, taken.status, bad.status, answer["code"]) == (400, 200, 400, 50035)
    assert made[0]["name"] == "x"


async def test_what_the_bot_may_not_do_is_refused_everywhere(wire: Wire):
    guild = wire.guild
    desk, ann = guild.channel("desk"), guild.user("ann")
    said = await ann.says("hello", desk)
    secret = guild.add_channel("secret")
    secret.deny(guild.bot.id, Permission.VIEW_CHANNEL)
    hidden = f"/channels/{secret.id}"
    one = f"{messages_of(wire)}/{said.id}"
    for method, path, body, code in (
        ("GET", hidden, None, 50001),
        ("GET", f"{hidden}/messages", None, 50001),
        ("PATCH", hidden, {"name": "x"}, 50001),
        ("PATCH", f"/channels/{desk.id}", {"name": "x"}, 50013),
        ("DELETE", f"/channels/{desk.id}", None, 50013),
        ("POST", f"/guilds/{guild.world.guild_id}/channels", {"name": "x"}, 50013),
        ("POST", f"{messages_of(wire)}/bulk-delete", {"messages": [said.id]}, 50013),
        ("PATCH", one, {"content": "mine"}, 50005),
        ("DELETE", one, None, 50013),
        ("PUT", f"{messages_of(wire)}/pins/{said.id}", None, 50013),
        ("PUT", f"{one}/reactions/nope/@me", None, 10014),
        ("POST", f"/channels/{desk.id}/threads", {"name": "", "type": 11}, 50035),
        ("PUT", f"/channels/{desk.id}/thread-members/@me", None, 50024),
        ("GET", "/guilds/1", None, 10004),
        ("GET", f"/guilds/{guild.world.guild_id}/members/1", None, 10007),
        ("GET", "/users/1", None, 10013),
        ("POST", "/users/@me/channels", {"recipient_id": "1"}, 10013),
        ("GET", "/channels/1", None, 10003),
        ("GET", f"{messages_of(wire)}/1", None, 10008),
    ):
        _, answer = await wire.ask(method, path, json=body)
        assert (path, answer["code"]) == (path, code)


async def test_a_failure_of_the_guild_itself_is_logged_and_answered_with_500(
    wire: Wire, caplog: pytest.LogCaptureFixture
):
    def broken(_: World, __: Call) -> Reply:
        raise KeyError("ours")

    guild = wire.guild
    rest = Rest(guild.world, guild.tokens, guild.buckets, guild.faults, guild.ledger)
    app = aiohttp.web.Application()
    rest.mount(app, [Route("GET", "/broken", broken)])
    async with served(app) as base:
        url = f"{base}/api/v10/broken"
        with caplog.at_level(logging.ERROR):
            async with wire.session.get(url, headers=wire.bearer) as response:
                assert response.status == 500
    assert "a route failed" in caplog.text


async def test_a_file_that_is_gone_is_not_served(wire: Wire):
    desk, ann = wire.guild.channel("desk"), wire.guild.user("ann")
    said = await ann.says("", desk, files={"a.txt": b"abc"})
    url = f"{wire.guild.url}/attachments/{desk.id}/{said.attachments[0].id}/a.txt"
    async with wire.session.get(url) as found:
        assert (found.status, await found.read(), found.content_type) == (200, b"abc", "text/plain")
    await ann.deletes(said)
    async with wire.session.get(url) as gone:
        assert gone.status == 404


async def frames_until_closed(ws: aiohttp.ClientWebSocketResponse) -> list[dict[str, Any]]:
    return [json.loads(message.data) async for message in ws if message.type is aiohttp.WSMsgType.TEXT]


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([{"op": 8, "d": {}}], 4003),
        ([{"op": 2, "d": {"token": "wrong", "intents": 1}}], 4004),
        ([{"op": 2, "d": {"intents": 1 << 30}}], 4013),
        ([{"op": 2, "d": {"intents": 1}}, {"op": 2, "d": {"intents": 1}}], 4005),
    ],
)
async def test_the_gateway_closes_with_the_code_of_the_mistake(
    wire: Wire, frames: list[dict[str, Any]], code: int
):
    async with wire.session.ws_connect(wire.guild.gateway_url) as ws:
        for frame in frames:
            frame["d"].setdefault("token", wire.guild.token)
            await ws.send_json(frame)
        received = await frames_until_closed(ws)
    assert received[0]["op"] == 10
    assert ws.close_code == code


async def test_resuming_an_unknown_session_is_answered_with_an_invalid_one(wire: Wire):
    async with wire.session.ws_connect(wire.guild.gateway_url) as ws:
        await ws.send_json({"op": 1, "d": None})
        await ws.send_json({"op": 6, "d": {"token": wire.guild.token, "session_id": "1", "seq": 0}})
        assert (await ws.receive_json())["op"] == 10
        assert {(await ws.receive_json())["op"] for _ in range(2)} == {11, 9}  # Discord promises no order


async def test_a_session_resumed_elsewhere_leaves_its_old_socket_and_replays_what_was_missed(wire: Wire):
    async with wire.session.ws_connect(wire.guild.gateway_url) as first:
        await first.send_json({"op": 2, "d": {"token": wire.guild.token, "intents": 1 << 9}})
        await first.receive_json()
        ready = await first.receive_json()
        await wire.guild.user("ann").says("hello", wire.guild.channel("desk"))
        async with wire.session.ws_connect(ready["d"]["resume_gateway_url"]) as second:
            resume = {"token": wire.guild.token, "session_id": ready["d"]["session_id"], "seq": ready["s"]}
            await second.send_json({"op": 6, "d": resume})
            replayed = [await second.receive_json() for _ in range(3)]
            rest = await frames_until_closed(first)
    assert [frame.get("t") for frame in replayed] == [None, "MESSAGE_CREATE", "RESUMED"]
    assert [frame["t"] for frame in rest] == ["MESSAGE_CREATE"]


async def test_leaving_the_guild_closes_its_sockets_and_its_port():
    async with aiohttp.ClientSession() as session:
        async with OfflineGuild() as guild:
            ws = await session.ws_connect(guild.gateway_url)
            await ws.send_json({"op": 2, "d": {"token": guild.token, "intents": 1}})
            await guild.wait_online()
            url = guild.url
            reading = asyncio.create_task(frames_until_closed(ws))
        await reading
        assert ws.close_code == 1001
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(url)


async def test_people_places_and_the_rest_are_found_by_name_and_id(wire: Wire):
    guild = wire.guild
    ann, desk = guild.user("ann"), guild.channel("desk")
    assert (guild.person(ann.id).name, guild.place(desk.id).name) == ("ann", "desk")
    for missing in (lambda: guild.user("zoe"), lambda: guild.channel("attic")):
        with pytest.raises(KeyError):
            missing()
    said = await ann.says("hello", desk)
    await wire.ask("PUT", f"{messages_of(wire)}/{said.id}/reactions/%F0%9F%91%8D/@me")
    assert (await desk.reacted(said, "👍", timeout=0)).reactions[0].user_ids == (guild.bot.id,)
