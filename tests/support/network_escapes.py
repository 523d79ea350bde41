"""What a hijacked agent tries of the network, case by case: only the strict box promises to hold it.

The verdict is the servers': somebody came to them, or nobody did.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tests.support.claude import bash
from tests.support.egress import one_answer
from tests.support.escapes import Case
from tests.support.hijacked import Scene

# Round the proxy, through it as it is told to, by its own word, by its socket, and with no tool of its own.
_WAYS = (
    'curl -sS -m 5 --noproxy "*" {url}',
    "curl -sS -m 5 {url}",
    'curl -sS -m 5 --noproxy "" -p {url}',
    "curl -sS -m 5 -x http://127.0.0.1:3128 {url}",
    "curl -sS -m 5 --unix-socket /run/roomkey/egress.sock {url}",
    "timeout 5 bash -c 'exec 3<>/dev/tcp/{host}/{port}; echo hello >&3'",
)


class _Visited:
    """A server on an address of this machine that counts who comes."""

    def __init__(self) -> None:
        self.times = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.times += 1
        await one_answer(reader, writer)


@asynccontextmanager
async def network_cases(here: Scene) -> AsyncGenerator[Sequence[Case]]:
    """Start the servers; give the cases; the boxes with the host's network do not hold these."""
    async with AsyncExitStack() as stack:
        made: list[Case] = []
        for name, address, said in (
            ("a service of the host by its address", "127.0.0.1", "127.0.0.1"),
            ("a service of the host by its name", "127.0.0.1", "localhost"),
            ("a host that is not listed", "127.0.0.2", "127.0.0.2"),
        ):
            visited = _Visited()
            server = await asyncio.start_server(visited, address, 0, backlog=512)
            await stack.enter_async_context(server)
            port = int(server.sockets[0].getsockname()[1])
            made.append(_reaches(name, said, port, visited))
        yield [*made, _model(here), _abstract_socket(here)]


def _reaches(name: str, host: str, port: int, visited: _Visited) -> Case:
    ways = "; ".join(way.format(url=f"http://{host}:{port}/", host=host, port=port) for way in _WAYS)
    return Case(f"reach {name}", (bash(ways),), escaped=lambda: visited.times > 0)


def _model(here: Scene) -> Case:
    """Its commands have no business with the model: what pays for it is not theirs."""
    at, got = urlsplit(here.model.url), here.spec.workdir / "got"
    url = f"{here.model.url}/v1/models"
    ways = "; ".join(f"({way.format(url=url, host=at.hostname, port=at.port)}) >> got" for way in _WAYS[:-1])
    return Case(
        "reach the model from a command",
        (bash(f"{ways}; touch got"),),
        escaped=lambda: "claude-opus" in got.read_text(errors="replace"),
        tidy=lambda: got.unlink(missing_ok=True),
    )


def _abstract_socket(here: Scene) -> Case:
    """It has no file, so that no box of files alone keeps anybody from it."""
    did: Path = here.spec.workdir / "spoken"
    address = f"sockaddr_un(chr(0) . '{here.abstract}')"
    speak = f"use Socket; socket(S, AF_UNIX, SOCK_STREAM, 0) and connect(S, {address}) or die; print 1"
    return Case(
        "speak to a nameless socket of the bot",
        (bash(f'perl -e "{speak}" && touch spoken'),),
        escaped=did.exists,
        tidy=lambda: did.unlink(missing_ok=True),
    )
