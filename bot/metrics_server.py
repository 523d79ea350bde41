"""/health and /metrics over HTTP, on 127.0.0.1 and nowhere else, for programs of this machine."""

import logging
from contextlib import AsyncExitStack
from typing import Final, Protocol, Self

from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client import CONTENT_TYPE_LATEST

from bot.health import Health
from sessions.errors import StateError

log = logging.getLogger(__name__)

HOST: Final = "127.0.0.1"
_NAMES: Final = frozenset({HOST, "localhost"})
_WORKS: Final = 200
_IN_TROUBLE: Final = 503


class Asked(Protocol):
    """Who knows how the bot does."""

    async def health(self) -> Health:
        """Return how the bot does."""
        ...

    async def scrape(self) -> bytes:
        """Return all metrics."""
        ...


class MetricsServer:
    """Serves both pages while it is entered. They say nothing that a person wrote, and change nothing."""

    def __init__(self, asked: Asked, port: int) -> None:
        self._asked = asked
        self._port = port
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Begin to listen. Raises StateError: the port cannot be had."""
        app = web.Application(middlewares=[_of_this_machine])
        app.router.add_get("/health", self._health)
        app.router.add_get("/metrics", self._metrics)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        self._open.push_async_callback(runner.cleanup)
        try:
            await web.TCPSite(runner, HOST, self._port).start()
        except OSError as error:
            await self._open.aclose()
            raise StateError(
                f"Nothing can be served on {HOST}:{self._port}: {error.strerror}."
                " Name another port in metrics.port, or 0 for none."
            ) from error
        log.info("serving /health and /metrics", extra={"host": HOST, "port": self._port})
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Listen no longer."""
        await self._open.aclose()

    async def _health(self, _: web.Request) -> web.Response:
        health = await self._asked.health()
        return web.json_response(health.body(), status=_WORKS if health.ok else _IN_TROUBLE)

    async def _metrics(self, _: web.Request) -> web.Response:
        return web.Response(body=await self._asked.scrape(), headers={"Content-Type": CONTENT_TYPE_LATEST})


@web.middleware
async def _of_this_machine(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse web pages: a name of theirs that leads here, and requests that their scripts send."""
    name = request.host.rpartition(":")[0] or request.host
    if name not in _NAMES or "Origin" in request.headers:
        raise web.HTTPForbidden(text="This is for programs of this machine.")
    return await handler(request)
