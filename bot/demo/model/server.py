"""The offline model's HTTP side: listens on loopback, logs every request, streams the answers."""

import asyncio
import contextlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Final, Self

import aiofiles
from aiohttp import web
from pydantic import ValidationError

from bot.demo.model import sse
from bot.demo.model.answers import answer
from bot.demo.model.conversation import Body, Heard, hear
from bot.demo.model.directives import Fail, Step

_BODY_LIMIT_BYTES: Final = 64 * 1024 * 1024
_LOGIN: Final = ("x-api-key", "authorization")
_PING_S: Final = 1.0
_ERRORS: Final = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_MODELS: Final = ("claude-opus-5", "claude-sonnet-5", "claude-haiku-5")


class OfflineModel:
    """A model API on 127.0.0.1 that needs no network and answers the same to the same conversation.

    An async context manager; `url` is what `ANTHROPIC_BASE_URL` wants, any key is accepted.
    `requests` is every request to `/v1/messages` so far, oldest first, `logins` the credentials that each
    brought, by header. With `log_file` each is also
    appended there as one JSON object per line. `delay_s` is waited before each answer begins.
    """

    def __init__(self, *, port: int = 0, delay_s: float = 0.0, log_file: Path | None = None) -> None:
        self.requests: list[Heard] = []
        self.logins: list[dict[str, str]] = []
        self.delay_s = delay_s
        self.url = ""
        self._port = port
        self._log_file = log_file
        self._log_lock = asyncio.Lock()
        self._arrived = asyncio.Condition()
        app = web.Application(client_max_size=_BODY_LIMIT_BYTES)
        app.router.add_post("/v1/messages", self._messages)
        app.router.add_post("/v1/messages/count_tokens", self._count_tokens)
        app.router.add_get("/v1/models", self._models)
        app.router.add_get("/api/hello", self._hello)
        app.router.add_route("*", "/{path:.*}", self._unknown)
        # A client that went away, or our own end, must not leave a `hang` or a `slow` running.
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)

    async def __aenter__(self) -> Self:
        """Listen; `url` is known from here on."""
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Stop listening; answers under way are cut."""
        await self._runner.cleanup()

    async def heard(self, words: str, count: int = 1) -> Heard:
        """Wait until `words` were in the newest prompt of `count` requests; return the last of these."""
        async with self._arrived:
            while len(found := [heard for heard in self.requests if words in heard.prompt]) < count:
                await self._arrived.wait()
            return found[count - 1]

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        body = await _read(request)
        heard = hear(body, request.headers.get("x-claude-code-session-id", ""))
        self.logins.append({name: request.headers[name] for name in _LOGIN if name in request.headers})
        await self._log(heard)
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        steps = answer(heard)
        for step in steps:
            if isinstance(step, Fail):
                raise _failed(step)
        message_id, call_id = f"msg_{heard.digest}", f"toolu_{heard.digest}"
        if body.stream:
            response = web.StreamResponse(
                headers={
                    "content-type": "text/event-stream",
                    "cache-control": "no-cache",
                    "request-id": message_id,
                }
            )
            with contextlib.suppress(ConnectionResetError):  # the client was told to stop: its right
                await response.prepare(request)
                await _stream(response, heard, steps, message_id, call_id)
            return response
        if "hang" in steps:
            await asyncio.Event().wait()
        return _json(
            sse.whole(
                steps, message_id=message_id, call_id=call_id, model=heard.model, input_tokens=heard.tokens
            )
        )

    async def _log(self, heard: Heard) -> None:
        async with self._arrived:
            self.requests.append(heard)
            self._arrived.notify_all()
        if self._log_file is not None:
            line = json.dumps(asdict(heard)) + "\n"
            async with self._log_lock, aiofiles.open(self._log_file, "a", encoding="utf-8") as file:
                await file.write(line)

    async def _count_tokens(self, request: web.Request) -> web.Response:
        return _json({"input_tokens": hear(await _read(request)).tokens})

    async def _models(self, _request: web.Request) -> web.Response:
        models = [{"type": "model", "id": name, "display_name": name} for name in _MODELS]
        return _json({"data": models, "has_more": False, "first_id": _MODELS[0], "last_id": _MODELS[-1]})

    async def _hello(self, _request: web.Request) -> web.Response:
        return _json({"message": "hello"})

    async def _unknown(self, request: web.Request) -> web.Response:
        raise _error(404, f"there is no {request.method} {request.path} here")


async def _stream(
    response: web.StreamResponse, heard: Heard, steps: tuple[Step, ...], message_id: str, call_id: str
) -> None:
    await response.write(sse.encode(sse.start(message_id, heard.model, heard.tokens)))
    while "hang" in steps:
        await response.write(sse.encode(sse.ping()))
        await asyncio.sleep(_PING_S)
    for event in sse.stream(steps, call_id):
        if event.after_s:
            await asyncio.sleep(event.after_s)
        await response.write(sse.encode(event.data))
    await response.write_eof()


async def _read(request: web.Request) -> Body:
    try:
        return Body.model_validate_json(await request.read())
    except ValidationError as error:
        raise _error(400, f"this is no request for a message: {error}") from error


def _failed(step: Fail) -> web.HTTPException:
    """Return the failure that a prompt asks for. A limit is told as the vendor tells a subscription."""
    text = step.text or f"the prompt asked for status {step.status}"
    limit = {
        "anthropic-ratelimit-unified-status": "rejected",
        "anthropic-ratelimit-unified-reset": str(step.until),
        "anthropic-ratelimit-unified-representative-claim": "five_hour",
        "anthropic-ratelimit-unified-5h-status": "rejected",
        "anthropic-ratelimit-unified-5h-reset": str(step.until),
        "anthropic-ratelimit-unified-5h-utilization": "1.0",
    }
    return _error(step.status, text, limit if step.until else {})


def _error(status: int, text: str, more_headers: Mapping[str, str] = _NOTHING) -> web.HTTPException:
    """Return an API error as an exception, so that any depth can raise it."""
    failure = {"type": "error", "error": {"type": _ERRORS.get(status, "api_error"), "message": text}}
    headers = {"retry-after": "1"} if status in {429, 529} else {}
    return _Failure(status, json.dumps(failure), {**headers, **more_headers})


class _Failure(web.HTTPException):
    """An HTTP error with a JSON body and a status of our choice."""

    def __init__(self, status: int, text: str, headers: dict[str, str]) -> None:
        self.status_code = status
        super().__init__(text=text, headers=headers, content_type="application/json", reason="as asked for")


def _json(data: object) -> web.Response:
    return web.json_response(data)
