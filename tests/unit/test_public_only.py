"""Which addresses are of the public internet, and that a download connects to no other."""

import asyncio
import errno
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.chat_discord import attachments
from bot.chat_discord.attachments import downloads
from bot.chat_discord.public_only import NotPublic, is_public, public_socket
from sessions.prompts import Fetched
from tests.support.attached import file, turn_with


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("162.159.130.233", True),
        ("2606:4700::6810:1", True),
        ("64:ff9b::808:808", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("0.0.0.0", False),
        ("255.255.255.255", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:169.254.169.254", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("2002:7f00:1::", False),
        ("::7f00:1", False),
        ("fec0::1", False),
        ("64:ff9b:1::7f00:1", False),
        ("168.63.129.16", False),
        ("2130706433", False),
        ("127.1", False),
        ("cdn.discordapp.com", False),
        ("", False),
    ],
)
def test_an_address_is_public_or_not(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_a_socket_is_made_for_public_addresses_alone() -> None:
    public_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", 443))).close()
    with pytest.raises(NotPublic):
        public_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 443)))


class Names(AbstractResolver):
    """Says in turn what a name leads to."""

    def __init__(self, *answers: str) -> None:
        self.answers = cycle(answers)
        self.port = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = next(self.answers)
        family = socket.AF_INET6 if ":" in found else socket.AF_INET
        return [ResolveResult(hostname=host, host=found, port=self.port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        return None


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "169.254.169.254", "10.0.0.1", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "0.0.0.0"],
)
async def test_a_name_of_discords_that_leads_inside_is_not_connected_to(tmp_path: Path, address: str) -> None:
    async with connections() as (port, count):
        found = await from_cdn(tmp_path / "inbox", Names(address), port)
        assert found.problem == "It could not be downloaded (NotPublic)."
        assert count() == 0


async def test_a_name_that_leads_elsewhere_at_each_look_is_not_connected_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A public address at the first look, this machine at the next: each is judged when it is used."""
    tried: list[str] = []

    def only_look(address: tuple[Any, ...]) -> socket.socket:
        tried.append(address[4][0])
        public_socket(address).close()
        raise OSError(errno.ENETUNREACH, "no network in a test")

    monkeypatch.setattr(attachments, "public_socket", only_look)
    async with connections() as (port, count):
        names = Names("8.8.8.8", "127.0.0.1")
        problems = [(await from_cdn(tmp_path / "inbox", names, port)).problem for _ in range(4)]
        assert count() == 0
    assert tried == ["8.8.8.8", "127.0.0.1"] * 2
    assert [problem.endswith("(NotPublic).") for problem in problems] == [False, True] * 2


async def from_cdn(inbox: Path, names: Names, port: int) -> Fetched:
    names.port = port
    async with downloads("https://discord.com/api/v10", resolver=names) as loader:
        [found] = await loader.fetch(turn_with(file("https://cdn.discordapp.com/a.txt")), inbox)
    return found


@asynccontextmanager
async def connections() -> AsyncGenerator[tuple[int, Callable[[], int]]]:
    """Listen on this machine; yield the port, and how many have connected."""
    come: list[object] = []

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        come.append(writer)
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1], lambda: len(come)
