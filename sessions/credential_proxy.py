"""The model's API on loopback, for agents that are to see no credential: the real one is put in here.

Each agent process has a token of its own, which ends with it. Only what an agent needs of the API is
let through, to the one address that is configured; answers are streamed.
"""

import asyncio
import hmac
import logging
import re
import secrets
import ssl
from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from types import TracebackType
from typing import Final, Self, cast
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web
from yarl import URL

from sessions.credentials import (
    API_KEY,
    AUTH_TOKEN,
    OAUTH_TOKEN,
    custom_headers,
    is_credential,
)
from sessions.redaction import Redactor

log = logging.getLogger(__name__)

_HOME: Final = "https://api.anthropic.com"
_LET_THROUGH: Final = re.compile(
    r"POST /v1/messages(/count_tokens)?|GET /v1/models(/[A-Za-z0-9._:-]{1,100})?|(GET|HEAD) /api/hello"
)
_THERE: Final = (
    "anthropic-",
    "x-claude-code-",
    "x-stainless-",
    "x-app",
    "content-type",
    "accept",
    "user-agent",
)
_BACK: Final = ("anthropic-", "content-type", "request-id", "retry-after", "x-should-retry", "cache-control")
_ASKED_BYTES: Final = 32 * 1024 * 1024
"""How long a request may be. The API itself takes no longer one; ours is kept in memory on its way."""

_AT_ONCE: Final = 16
"""How many requests one token may have under way, so that no agent takes all of our memory."""

_CONNECTIONS: Final = 512
"""How many connections all agents may have, give or take `_BACKLOG`: each costs a file of ours."""

_BACKLOG: Final = 32

_ANSWER_BYTES: Final = 64 * 1024 * 1024
_ERROR_LIMIT_BYTES: Final = 1024 * 1024
_LIMITS: Final = aiohttp.ClientTimeout(total=None, sock_connect=30.0, sock_read=600.0)
_BUSY: Final = frozenset({429, 529})


@dataclass(frozen=True, slots=True)
class Pass:
    """What lets one agent process in. `env` is its environment: the token in place of each credential."""

    env: Mapping[str, str] = field(repr=False)
    token: str = field(repr=False)


class CredentialProxy:
    """An async context manager; `admit` works inside. `busy` counts the model's answers 429 and 529."""

    def __init__(self, env: Mapping[str, str], redactor: Redactor) -> None:
        """Take the credentials and the address from `env`, an agent's environment without this."""
        self.busy: Counter[int] = Counter()
        self._env = env
        self._redactor = redactor
        self._upstream = env.get("ANTHROPIC_BASE_URL", "").rstrip("/") or _HOME
        self._hashes: dict[str, bytes] = {}
        self._under_way: Counter[str] = Counter()
        self._url = ""
        self._stack = AsyncExitStack()
        self._session: aiohttp.ClientSession

    async def __aenter__(self) -> Self:
        """Listen on a free port of 127.0.0.1."""
        async with AsyncExitStack() as stack:
            self._session = await stack.enter_async_context(
                aiohttp.ClientSession(
                    timeout=_LIMITS,
                    connector=aiohttp.TCPConnector(ssl=_trust(self._env), limit=0),
                    cookie_jar=aiohttp.DummyCookieJar(),
                )
            )
            app = web.Application(client_max_size=_ASKED_BYTES)
            app.router.add_route("*", "/{path:.*}", self._serve)
            runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            serve = runner.server
            assert serve is not None

            def accepted() -> asyncio.BaseProtocol:
                return serve() if len(serve.connections) < _CONNECTIONS else _Full()

            listening = await asyncio.get_running_loop().create_server(
                accepted, "127.0.0.1", 0, backlog=_BACKLOG
            )
            stack.callback(listening.close)
            self._url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening; answers under way are cut."""
        await self._stack.aclose()

    def admit(self, env: Mapping[str, str]) -> Pass:
        """Let one agent process in, until `revoke`. `env` is its environment as it would be without this."""
        token = secrets.token_hex(32)
        self._hashes[token] = _hash(token)
        self._redactor.add(token)
        kept = {name: value for name, value in env.items() if not is_credential(name)}
        kept |= {name: token for name in (API_KEY, AUTH_TOKEN, OAUTH_TOKEN) if env.get(name)}
        kept["ANTHROPIC_BASE_URL"] = self._url
        for name in ("NO_PROXY", "no_proxy"):
            kept[name] = ",".join(part for part in (env.get(name, ""), "127.0.0.1") if part)
        return Pass(kept, token)

    def revoke(self, given: Pass) -> None:
        """Let that process in no more; nothing happens if it was so already."""
        self._hashes.pop(given.token, None)
        self._redactor.drop(given.token)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        # A page in a browser must not get in, nor a name that leads here: the token is not all there is.
        if "Origin" in request.headers or f"http://{request.host}" != self._url:
            return _refusal(403, "permission_error", "this is for the agents of one Roomkey alone")
        login = self._login(request)
        if login is None:
            return _refusal(401, "authentication_error", "this token is not known, or not any more")
        if not _LET_THROUGH.fullmatch(f"{request.method} {request.rel_url.raw_path}"):
            return _refusal(404, "not_found_error", "an agent has no business there")
        token = _token(request)
        if self._under_way[token] >= _AT_ONCE:
            return _refusal(429, "rate_limit_error", "this agent asks for too much at once")
        self._under_way[token] += 1
        try:
            return await self._ask(request, login)
        finally:
            self._under_way[token] -= 1
            if not self._under_way[token]:
                del self._under_way[token]

    async def _ask(self, request: web.Request, login: Mapping[str, str]) -> web.StreamResponse:
        headers = {**_some(request.headers, _THERE), **login}
        target = URL(f"{self._upstream}{request.rel_url.raw_path_qs}", encoded=True)
        body = await request.read()
        try:
            async with self._session.request(
                request.method,
                target,
                headers={**headers, "Accept-Encoding": "identity"},
                data=BytesIO(body) if body else None,
                allow_redirects=False,
                proxy=_way_out(self._env, target),
            ) as answer:
                return await self._pass_on(request, answer)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            # Their texts and attributes may hold headers: the kind says enough.
            log.warning("the model's API cannot be reached", extra={"kind": type(error).__name__})
            return _refusal(502, "api_error", "the model's API cannot be reached")

    async def _pass_on(self, request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
        if answer.status in _BUSY:
            self.busy[answer.status] += 1
        if 300 <= answer.status < 400:
            return _refusal(502, "api_error", "the model's API points to another address")
        headers = _some(answer.headers, _BACK)
        if answer.status >= 400:
            told = (await answer.content.read(_ERROR_LIMIT_BYTES)).decode(errors="replace")
            body = self._redactor.text(told).encode()
            return web.Response(status=answer.status, headers=headers, body=body)
        response = web.StreamResponse(status=answer.status, headers=headers)
        await response.prepare(request)
        try:
            size = 0
            async for chunk in answer.content.iter_any():
                size += len(chunk)
                if size > _ANSWER_BYTES:
                    raise aiohttp.ClientPayloadError("longer than any answer")
                await response.write(chunk)
            await response.write_eof()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            # It has begun, so it can only be cut: the agent's program then tries again by itself.
            log.warning("an answer of the model was cut", extra={"kind": type(error).__name__})
            if request.transport is not None:
                request.transport.abort()
        return response

    def _login(self, request: web.Request) -> dict[str, str] | None:
        """Return the real credentials for the token that a request brings; None if it is not known."""
        login: dict[str, str] = {}
        key, bearer = request.headers.get("x-api-key"), request.headers.get("Authorization")
        if key is not None:
            if not self._knows(key):
                return None
            login["x-api-key"] = self._env.get(API_KEY, "")
        if bearer is not None:
            if not bearer.startswith("Bearer ") or not self._knows(bearer.removeprefix("Bearer ")):
                return None
            login["Authorization"] = f"Bearer {self._env.get(AUTH_TOKEN) or self._env.get(OAUTH_TOKEN, '')}"
        return login | dict(custom_headers(self._env)) if login else None

    def _knows(self, token: str) -> bool:
        given = _hash(token)
        found = [hmac.compare_digest(given, known) for known in self._hashes.values()]
        return any(found)  # all are compared, whichever it is


class _Full(asyncio.Protocol):
    """A connection too many: it is closed before anything is read."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.Transport", transport).abort()


def _token(request: web.Request) -> str:
    """Return the token of a request that has brought one that is known."""
    return request.headers.get("x-api-key") or request.headers["Authorization"].removeprefix("Bearer ")


def _hash(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogateescape")).digest()


def _some(headers: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower().startswith(names)}


def _refusal(status: int, kind: str, text: str) -> web.Response:
    return web.json_response({"type": "error", "error": {"type": kind, "message": text}}, status=status)


def _trust(env: Mapping[str, str]) -> ssl.SSLContext:
    """Return who is believed about the upstream: as Claude Code does it, with a company's own authority."""
    context = ssl.create_default_context()
    if more := env.get("NODE_EXTRA_CA_CERTS"):
        context.load_verify_locations(more)
    return context


def _way_out(env: Mapping[str, str], target: URL) -> str | None:
    """Return the proxy through which an address is reached; None for straight."""
    names = (f"{target.scheme}_proxy", "all_proxy")
    found = next((env[one] for name in names for one in (name, name.upper()) if env.get(one)), None)
    straight = (env.get("no_proxy") or env.get("NO_PROXY") or "").lower().split(",")
    if found is None or any(_covers(one.strip(), target.host or "") for one in straight):
        return None
    return found if urlsplit(found).scheme in ("http", "https") else f"http://{found}"


def _covers(entry: str, host: str) -> bool:
    """Whether an entry of `no_proxy` means this host: itself, a domain above it, or everything."""
    name = entry.rpartition(":")[0] if entry.rpartition(":")[2].isdecimal() else entry
    return entry == "*" or (bool(name) and f".{host}".endswith(f".{name.lstrip('.')}"))
