"""The REST side's frame: reads a request, lets faults and buckets have their way, calls a route, answers.

Routes are plain functions over the world; nothing in them knows HTTP. What Discord does the same way for
every route stands here: the token, `Via`, the exact content type, bucket headers, error bodies, the ledger.
"""

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any, TypeVar

from aiohttp import BodyPartReader, web
from pydantic import BaseModel

from bot.demo.guild.bodies import decode
from bot.demo.guild.buckets import Buckets, Grant
from bot.demo.guild.errors import ApiError, Code
from bot.demo.guild.faults import Faults, RestFault
from bot.demo.guild.ledger import Entry, Ledger
from bot.demo.guild.model import Upload
from bot.demo.guild.state import World

log = logging.getLogger(__name__)

BASE = "/api/v10"
NO_JSON = 50109
MAJOR = ("channel_id", "guild_id", "webhook_id")
FILE_PART = re.compile(r"files\[(\d+)\]")

_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Call:
    """A decoded request: path parameters, query, JSON body, uploads, and the bot whose token it had."""

    params: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    files: tuple[Upload, ...]
    bot_id: str

    def form(self, model: type[_Model]) -> _Model:
        """Return the body as a form, or raise 50035."""
        return decode(model, self.body)

    def number(self, name: str, default: int) -> int:
        """Return a whole number from the query, or raise 50035."""
        text = self.query.get(name, str(default))
        if not text.isdecimal():
            raise ApiError(Code.INVALID_FORM, field=f"{name}: {text!r} is no number")
        return int(text)

    @property
    def channel_id(self) -> str:
        """The channel in the path."""
        return self.params["channel_id"]

    @property
    def message_id(self) -> str:
        """The message in the path."""
        return self.params["message_id"]


@dataclass(frozen=True, slots=True)
class Reply:
    """What a route answers: JSON, or nothing (204) when `body` is None."""

    body: Any = None
    status: int = 200


@dataclass(frozen=True, slots=True)
class Route:
    """One route of the API. `open` routes carry their right in the path and take no bot token."""

    method: str
    path: str
    answer: Callable[[World, Call], Reply]
    open: bool = False


class Rest:
    """Serves routes below `/api/v10` of an aiohttp application."""

    def __init__(
        self, world: World, tokens: Mapping[str, str], buckets: Buckets, faults: Faults, ledger: Ledger
    ) -> None:
        self._world = world
        self._tokens = tokens
        self._buckets = buckets
        self._faults = faults
        self._ledger = ledger
        self._closing = asyncio.Event()

    def mount(self, app: web.Application, routes: Iterable[Route]) -> None:
        """Add the routes to an application, and last the answer to every other path below the base."""
        for route in routes:
            app.router.add_route(route.method, BASE + route.path, self._handler(route))
        app.router.add_route("*", BASE + "/{path:.*}", self._unknown)

    def close(self) -> None:
        """End the requests that hang on purpose."""
        self._closing.set()

    def _handler(self, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await self._serve(route, request)

        return handle

    async def _unknown(self, request: web.Request) -> web.StreamResponse:
        entry = self._note(request, {}, ())
        self._ledger.unknown_routes.append(f"{entry.method} {entry.path}")
        self._ledger.finish(entry, 404)
        return _json({"message": "404: Not Found", "code": 0}, 404)

    def _note(self, request: web.Request, body: Any, files: tuple[Upload, ...]) -> Entry:
        bot_id = self._tokens.get(request.headers.get("Authorization", "").removeprefix("Bot "), "")
        path, query = request.path.removeprefix(BASE), {**request.query}
        names = tuple(file.name for file in files)
        entry = Entry(self._world.clock.now(), bot_id, request.method, path, query, body, names)
        self._ledger.entries.append(entry)
        return entry

    async def _serve(self, route: Route, request: web.Request) -> web.StreamResponse:
        try:
            body, files = await _read(request)
        except ValueError:
            self._ledger.finish(self._note(request, None, ()), 400, NO_JSON)
            return _json({"message": "The request body contains invalid JSON.", "code": NO_JSON}, 400)
        entry = self._note(request, body, files)
        call = Call(request.match_info, request.query, body, files, entry.bot_id)
        fault = self._faults.take_rest(entry.method, entry.path)
        if fault is None:
            response = self._answer(route, call)
        else:
            response = await self.fail(request, fault, lambda: self._answer(route, call))
        if not response.prepared:
            response.headers["Date"] = formatdate(self._world.clock.now(), usegmt=True)
        cut = fault is not None and (fault.abort or fault.hang or fault.cut)
        self._ledger.finish(entry, None if cut else response.status, _code(response))
        return response

    async def fail(
        self, request: web.Request, fault: RestFault, carry_out: Callable[[], web.Response]
    ) -> web.Response:
        """Carry out a fault on a request; `carry_out` is what would have happened without it."""
        await asyncio.sleep(fault.delay_s)
        response = carry_out() if fault.stored or not fault.is_refusal else None
        if fault.hang:
            await self._closing.wait()
        if fault.cut and response:
            await _send_half(request, response)
        if (fault.abort or fault.hang or fault.cut) and request.transport:
            request.transport.abort()
        if fault.content_type and response:
            response.headers["Content-Type"] = fault.content_type
        return response if response and not fault.is_refusal else _failure(fault)

    def _answer(self, route: Route, call: Call) -> web.Response:
        if not route.open and not call.bot_id:
            return _json({"message": "401: Unauthorized", "code": 0}, 401)
        major = next((call.params[name] for name in MAJOR if name in call.params), "")
        grant = self._buckets.take(call.bot_id, route.method, route.path, major)
        if grant.retry_after_s is not None:
            return _limited(grant)
        try:
            reply = route.answer(self._world, call)
        except ApiError as error:
            return _json(error.body(), error.status, grant.headers)
        except Exception:
            log.exception("a route failed", extra={"route": f"{route.method} {route.path}"})
            return _json({"message": "500: Internal Server Error", "code": 0}, 500, grant.headers)
        if reply.body is None:
            return web.Response(status=204, headers={"Via": "1.1 google", **grant.headers})
        return _json(reply.body, reply.status, grant.headers)


async def _read(request: web.Request) -> tuple[Any, tuple[Upload, ...]]:
    if request.content_type == "multipart/form-data":
        return await _read_parts(request)
    text = await request.text()
    return (json.loads(text) if text else {}), ()


async def _read_parts(request: web.Request) -> tuple[Any, tuple[Upload, ...]]:
    body: Any = {}
    files: dict[int, Upload] = {}
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        content = bytes(await part.read())
        if part.name == "payload_json":
            body = json.loads(content)
        elif numbered := FILE_PART.fullmatch(part.name or ""):
            files[int(numbered[1])] = Upload(part.filename or "unknown", content)
    return body, tuple(files[index] for index in sorted(files))


def _code(response: web.Response) -> int:
    if response.status < 400 or response.content_type != "application/json":
        return 0
    return int(json.loads(response.text or "{}").get("code", 0))


def _json(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    # Exactly this content type: discord.py 2.7.1 compares it as a whole and else takes the body for text.
    every = {"Content-Type": "application/json", "Via": "1.1 google"}
    return web.Response(body=json.dumps(body).encode(), status=status, headers=every | {**(headers or {})})


def _limited(grant: Grant) -> web.Response:
    text = "You are being rate limited."
    body = {"message": text, "retry_after": grant.retry_after_s, "global": grant.is_global}
    return _json(body, 429, grant.headers)


async def _send_half(request: web.Request, response: web.Response) -> None:
    body = response.body
    assert isinstance(body, bytes)
    half = web.StreamResponse(status=response.status, headers={"Content-Length": str(len(body))})
    await half.prepare(request)
    await half.write(body[: len(body) // 2])


def _failure(fault: RestFault) -> web.Response:
    status = fault.status or 500
    if status != 429:
        return _json({"message": f"{status}: made by a fault rule", "code": fault.code}, status)
    if not fault.via:
        return web.Response(text="error code: 1015", status=429)
    headers = {"Retry-After": str(fault.retry_after_s), "X-RateLimit-Scope": "user"}
    if fault.is_global:
        headers |= {"X-RateLimit-Scope": "global", "X-RateLimit-Global": "true"}
    return _limited(Grant(headers, fault.retry_after_s, fault.is_global))
