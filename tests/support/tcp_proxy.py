"""A TCP connection that can go dead: both ends stay open, and nothing passes any more."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager


class Proxy:
    """Passes bytes on, from `port` to a server, until `dies`."""

    def __init__(self) -> None:
        self.port = 0
        self._alive = asyncio.Event()
        self._alive.set()

    def dies(self) -> None:
        """Let nothing through any more, in either direction."""
        self._alive.clear()

    async def relay(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            await self._alive.wait()
            target.write(data)
            await target.drain()
        await self._alive.wait()
        target.close()


@asynccontextmanager
async def tcp_proxy(port: int) -> AsyncGenerator[Proxy]:
    """Stand between whoever connects to it and a server of this machine."""
    proxy = Proxy()
    async with asyncio.TaskGroup() as tasks:

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
            for source, target in ((reader, far_writer), (far_reader, writer)):
                relays.append(tasks.create_task(proxy.relay(source, target)))
            writers.extend((writer, far_writer))

        relays: list[asyncio.Task[None]] = []
        writers: list[asyncio.StreamWriter] = []
        server = await asyncio.start_server(accept, "127.0.0.1", 0)
        proxy.port = server.sockets[0].getsockname()[1]
        try:
            yield proxy
        finally:
            server.close()
            for relay in relays:
                relay.cancel()
            for writer in writers:
                writer.close()
