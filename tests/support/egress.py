"""The egress proxy for tests: one that serves a list, a server behind it, and raw requests to it."""

import asyncio
import ipaddress
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from bot.demo.model import OfflineModel
from sessions.agents.base import SessionSpec, WayOut
from sessions.box.egress import EgressProxy, Limits, Resolve
from sessions.box.egress_rules import Address, Rules, Target
from tests.support.boxes import hijacked_spec

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Phonebook:
    """Names of a test; `asked` is what was looked up. A name has one answer, or a new one each time."""

    def __init__(self, names: Mapping[str, Sequence[str]]) -> None:
        self.asked: list[str] = []
        self._names = {name: list(addresses) for name, addresses in names.items()}

    async def __call__(self, target: Target) -> list[Address]:
        self.asked.append(target.host)
        addresses = self._names.get(target.host, [])
        if not addresses:
            raise OSError("no such name")
        return [ipaddress.ip_address(addresses.pop(0) if len(addresses) > 1 else addresses[0])]


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say everything back, then that it is over."""
    while part := await reader.read(65536):
        writer.write(part)
        await writer.drain()
    writer.write(b"<end>")
    writer.close()


async def one_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one HTTP request with its own head."""
    head = await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(head) + head)
    writer.close()


@asynccontextmanager
async def server(serve: Serve = echo) -> AsyncGenerator[int]:
    """Serve on 127.0.0.1; gives the port."""
    listening = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=512)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()


@asynccontextmanager
async def proxy(
    *allow: str,
    names: Resolve | None = None,
    limits: Limits | None = None,
    model: str = "http://127.0.0.1:9",
) -> AsyncGenerator[EgressProxy]:
    """Serve a list of hosts on a unix socket."""
    with tempfile.TemporaryDirectory() as directory:
        async with asyncio.TaskGroup() as tasks:
            path = Path(directory, "run", "room.sock")
            served = EgressProxy(
                Rules.of(allow, model), path, tasks, limits=limits, resolve=names or Phonebook({})
            )
            await served.start()
            try:
                yield served
            finally:
                await served.close()


async def ask(path: Path, request: bytes, *, ends: bool = True) -> bytes:
    """Send a request and return all that comes back."""
    reader, writer = await asyncio.open_unix_connection(str(path))
    try:
        writer.write(request)
        if ends:
            writer.write_eof()
        return await reader.read()
    finally:
        writer.close()


def connect(target: str) -> bytes:
    """Return the request for a tunnel."""
    return f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode()


@asynccontextmanager
async def strict_room(
    root: Path, model: OfflineModel, *allow: str, names: Phonebook | None = None, url: str | None = None
) -> AsyncGenerator[tuple[SessionSpec, EgressProxy]]:
    """Give a room for the real Claude Code in a strict box, with its egress proxy at work.

    `url` is where the model is, if it is not the offline model's own address.
    """
    spec = hijacked_spec(root, model, "strict")
    async with proxy(*allow, names=names, model=url or model.url) as served:
        yield replace(spec, way_out=WayOut(served.path, allow)), served
