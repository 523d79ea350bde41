"""The model's API on loopback: who gets in, what is let through, and what goes out in whose name."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from io import BytesIO

import pytest
from aiohttp import ClientError, ClientSession, web
from aiohttp.test_utils import TestServer

from sessions.credential_proxy import CredentialProxy, Pass
from sessions.redaction import MASK, Redactor

KEY, BEARER, GATEWAY = "sk-ant-api03-real-key", "real-auth-token", "real-gateway-key"
CREDENTIALS = {
    "ANTHROPIC_API_KEY": KEY,
    "ANTHROPIC_AUTH_TOKEN": BEARER,
    "ANTHROPIC_CUSTOM_HEADERS": f"X-Gateway-Key: {GATEWAY}",
}
SECRETS = (KEY, BEARER, GATEWAY)


@dataclass(slots=True)
class Upstream:
    """An API that writes down what it is asked; `said` are what it has said so far of an endless answer."""

    heard: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.heard.append((request.method, request.raw_path, dict(request.headers), body))
        match body:
            case b"busy":
                return web.Response(status=529, headers={"retry-after": "1"}, text="{}")
            case b"limited":
                return web.Response(status=429, headers={"anthropic-ratelimit-unified-status": "rejected"})
            case b"elsewhere":
                return web.Response(status=307, headers={"Location": "http://127.0.0.1:1/v1/messages"})
            case b"tell":
                return web.Response(status=401, text=f"invalid x-api-key {request.headers['x-api-key']}")
            case b"break":
                response = web.StreamResponse()
                await response.prepare(request)
                await response.write(b"data: 1\n\n")
                assert request.transport is not None
                request.transport.abort()
                return response
            case b"stream":
                response = web.StreamResponse(
                    headers={"Content-Type": "text/event-stream", "Set-Cookie": "a=b", "request-id": "r1"}
                )
                await response.prepare(request)
                await response.write(b"data: 1\n\n")
                await self.go_on.wait()
                await response.write(b"data: 2\n\n")
                return response
            case _:
                return web.json_response({"ok": True})


@asynccontextmanager
async def upstream() -> AsyncGenerator[Upstream]:
    there = Upstream()
    app = web.Application(client_max_size=2**30)
    app.router.add_route("*", "/{path:.*}", there.answer)
    async with TestServer(app) as server:
        there.url = str(server.make_url("/behind")).rstrip("/")
        yield there


@dataclass(slots=True)
class Setting:
    """An upstream, a proxy before it, one process that is let in, and a client."""

    there: Upstream
    proxy: CredentialProxy
    own: Pass
    client: ClientSession
    redactor: Redactor

    def url(self, path: str = "/v1/messages?beta=true") -> str:
        return f"{self.own.env['ANTHROPIC_BASE_URL']}{path}"

    @property
    def login(self) -> dict[str, str]:
        return {"x-api-key": self.own.env["ANTHROPIC_API_KEY"]}


@pytest.fixture
async def here() -> AsyncGenerator[Setting]:
    async with upstream() as there:
        env = {**CREDENTIALS, "ANTHROPIC_BASE_URL": there.url, "PATH": "/bin", "NO_PROXY": "example.org"}
        redactor = Redactor(SECRETS)
        async with CredentialProxy(env, redactor) as proxy, ClientSession() as client:
            yield Setting(there, proxy, proxy.admit(env), client, redactor)


async def test_a_process_gets_an_environment_without_any_credential(here: Setting) -> None:
    env = here.own.env
    assert not any(secret in value for secret in SECRETS for value in env.values())
    assert "ANTHROPIC_CUSTOM_HEADERS" not in env
    assert env["ANTHROPIC_API_KEY"] == env["ANTHROPIC_AUTH_TOKEN"] == here.own.token
    assert len(here.own.token) == 64
    assert env["PATH"] == "/bin"
    assert env["NO_PROXY"] == "example.org,127.0.0.1"
    assert here.own.token not in repr(here.own)


@pytest.mark.parametrize("kind", ["key", "bearer"])
async def test_the_real_credential_is_put_in_where_the_token_stood(here: Setting, kind: str) -> None:
    token = here.own.token
    headers = {"x-api-key": token} if kind == "key" else {"Authorization": f"Bearer {token}"}
    more = {"anthropic-version": "2023-06-01", "X-Forwarded-For": "1.2.3.4", "Cookie": "a=b"}
    answer = await here.client.post(here.url(), headers=headers | more, data=b"hello")
    assert (answer.status, await answer.json()) == (200, {"ok": True})
    [(method, path, heard, body)] = here.there.heard
    assert (method, path, body) == ("POST", "/behind/v1/messages?beta=true", b"hello")
    assert heard["anthropic-version"] == "2023-06-01"
    assert heard["X-Gateway-Key"] == GATEWAY
    assert heard.get("x-api-key") == (KEY if kind == "key" else None)
    assert heard.get("Authorization") == (None if kind == "key" else f"Bearer {BEARER}")
    assert not {"X-Forwarded-For", "Cookie"} & set(heard)
    assert token not in repr(heard)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"x-api-key": "0" * 64}, 401),
        ({"x-api-key": ""}, 401),
        ({"x-api-key": KEY}, 401),
        ({"Authorization": "Bearer nobody"}, 401),
        ({"Authorization": "Basic TOKEN"}, 401),
        ({"x-api-key": "TOKEN", "Authorization": "Bearer nobody"}, 401),
        ({"x-api-key": "TOKEN", "Origin": "http://127.0.0.1"}, 403),
        ({"x-api-key": "TOKEN", "Host": "model.example"}, 403),
    ],
)
async def test_who_brings_no_good_token_does_not_get_in(
    here: Setting, headers: dict[str, str], status: int
) -> None:
    given = {name: value.replace("TOKEN", here.own.token) for name, value in headers.items()}
    answer = await here.client.post(here.url(), headers=given, data=b"hello")
    assert answer.status == status
    assert here.there.heard == []


async def test_a_token_ends_with_its_process_and_no_other_does(here: Setting) -> None:
    other = here.proxy.admit(CREDENTIALS)
    assert other.token != here.own.token
    assert here.redactor.text(f"{here.own.token} {other.token}") == f"{MASK} {MASK}"
    here.proxy.revoke(here.own)
    here.proxy.revoke(here.own)
    assert (await here.client.post(here.url(), headers=here.login)).status == 401
    assert (await here.client.post(here.url(), headers={"x-api-key": other.token})).status == 200


@pytest.mark.parametrize(
    "asked",
    [
        *("GET /v1/messages", "POST /v1/messages/batches", "POST /v1/files", "GET /v1/organizations/me"),
        *(
            "GET /",
            "GET /v1/models/../files",
            "GET /v1/models/%2e%2e",
            "POST //v1/messages",
            "DELETE /v1/models/a",
        ),
    ],
)
async def test_only_what_an_agent_needs_is_let_through(here: Setting, asked: str) -> None:
    method, path = asked.split()
    port = here.url("").rpartition(":")[2]
    reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
    writer.write(
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nx-api-key: {here.own.token}\r\n"
        "Content-Length: 0\r\nConnection: close\r\n\r\n".encode()
    )
    assert b" 404 " in await reader.readline()
    writer.close()
    assert here.there.heard == []


@pytest.mark.parametrize("asked", ["GET /v1/models", "GET /v1/models/claude-opus-5", "HEAD /api/hello"])
async def test_what_an_agent_needs_is_let_through(here: Setting, asked: str) -> None:
    method, path = asked.split()
    assert (await here.client.request(method, here.url(path), headers=here.login)).status == 200


async def test_an_answer_is_streamed_as_it_comes(here: Setting) -> None:
    async with here.client.post(here.url(), headers=here.login, data=b"stream") as answer:
        assert await answer.content.readline() == b"data: 1\n"
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["request-id"] == "r1"
        here.there.go_on.set()
        assert (await answer.read()).endswith(b"data: 2\n\n")


async def test_busy_answers_are_counted_and_come_with_their_headers(here: Setting) -> None:
    for body in (b"busy", b"limited", b"busy"):
        answer = await here.client.post(here.url(), headers=here.login, data=body)
    assert here.proxy.busy == {529: 2, 429: 1}
    assert answer.headers["retry-after"] == "1"


async def test_no_redirect_is_followed_or_told(here: Setting) -> None:
    answer = await here.client.post(here.url(), headers=here.login, data=b"elsewhere", allow_redirects=False)
    assert answer.status == 502
    assert "Location" not in answer.headers
    assert "127.0.0.1:1" not in await answer.text()


async def test_an_error_that_repeats_the_key_does_not_tell_it(here: Setting) -> None:
    answer = await here.client.post(here.url(), headers=here.login, data=b"tell")
    assert (answer.status, await answer.text()) == (401, f"invalid x-api-key {MASK}")


async def test_a_request_that_is_too_long_is_refused(here: Setting) -> None:
    for size, status in ((32 * 2**20, 200), (32 * 2**20 + 1, 413)):
        body = BytesIO(b"x" * size)
        assert (await here.client.post(here.url(), headers=here.login, data=body)).status == status
    assert [len(body) for *_, body in here.there.heard] == [32 * 2**20]


async def test_one_process_asks_for_so_much_at_once_and_no_more_and_others_go_on(here: Setting) -> None:
    other = here.proxy.admit({**CREDENTIALS, "ANTHROPIC_BASE_URL": here.there.url})
    async with AsyncExitStack() as under_way:
        for _ in range(16):
            asked = here.client.post(here.url(), headers=here.login, data=b"stream")
            assert (await under_way.enter_async_context(asked)).status == 200
        refused = await here.client.post(here.url(), headers=here.login, data=b"hello")
        assert (refused.status, (await refused.json())["error"]["type"]) == (429, "rate_limit_error")
        answer = await here.client.post(here.url(), headers={"x-api-key": other.token}, data=b"hello")
        assert answer.status == 200
        here.there.go_on.set()
    assert len(here.there.heard) == 17
    async with asyncio.timeout(60):  # an end is known here a moment before the proxy has counted it
        while (await here.client.post(here.url(), headers=here.login, data=b"hello")).status == 429:
            await asyncio.sleep(0.01)


async def test_connections_too_many_are_closed_and_place_comes_free_again(
    here: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sessions.credential_proxy._CONNECTIONS", 10)
    port = int(here.own.env["ANTHROPIC_BASE_URL"].rpartition(":")[2])
    held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(100)]
    ends = [asyncio.create_task(reader.read()) for reader, _ in held]
    assert (await asyncio.wait(ends, timeout=60, return_when=asyncio.FIRST_COMPLETED))[0]
    [writer.close() for _, writer in held]
    await asyncio.gather(*ends, return_exceptions=True)
    async with asyncio.timeout(60):
        while not here.there.heard:
            with suppress(ClientError):
                await here.client.post(here.url(), headers=here.login, data=b"hello")


async def test_an_answer_that_breaks_off_breaks_off_here_too(here: Setting) -> None:
    async with here.client.post(here.url(), headers=here.login, data=b"break") as answer:
        with pytest.raises(Exception, match=r"payload|closed|reset|completed"):
            await answer.read()


async def test_an_upstream_that_is_not_there_is_told_and_nothing_of_a_header_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    env = {**CREDENTIALS, "ANTHROPIC_BASE_URL": "http://127.0.0.1:9"}
    async with CredentialProxy(env, Redactor(SECRETS)) as proxy, ClientSession() as client:
        own = proxy.admit(env)
        headers = {"x-api-key": own.token}
        answer = await client.post(f"{own.env['ANTHROPIC_BASE_URL']}/v1/messages", headers=headers)
        assert answer.status == 502
        assert "cannot be reached" in await answer.text()
    logged = "".join(f"{record.message} {vars(record)}" for record in caplog.records)
    assert "cannot be reached" in logged
    assert not any(secret in logged for secret in (*SECRETS, own.token))


@pytest.mark.parametrize(
    ("no_proxy", "through_it"),
    [("", True), ("example.org", True), ("127.0.0.1", False), ("*", False), (".0.0.1", False)],
)
async def test_the_upstream_is_reached_as_the_machine_reaches_the_network(
    no_proxy: str, through_it: bool
) -> None:
    async with upstream() as there, upstream() as way_out:
        proxied = way_out.url.removesuffix("/behind").replace("http://", "http://joe:hunter2222@")
        env = {**CREDENTIALS, "ANTHROPIC_BASE_URL": there.url, "http_proxy": proxied, "NO_PROXY": no_proxy}
        async with CredentialProxy(env, Redactor(SECRETS)) as proxy, ClientSession() as client:
            own = proxy.admit(env)
            url = f"{own.env['ANTHROPIC_BASE_URL']}/v1/messages"
            assert (await client.post(url, headers={"x-api-key": own.token}, data=b"")).status == 200
        assert (len(way_out.heard), len(there.heard)) == ((1, 0) if through_it else (0, 1))
        if through_it:
            assert way_out.heard[0][2]["Proxy-Authorization"].startswith("Basic ")
