"""Who may ask: programs of this machine, by its own address; no web page, nobody else."""

import json
import socket
from collections.abc import AsyncIterator
from contextlib import closing

import pytest
from aiohttp import ClientSession

from bot.health import Health
from bot.metrics_server import MetricsServer
from sessions.errors import StateError
from tests.support.free_ports import free_port


class Asked:
    def __init__(self) -> None:
        self.store_ok = True

    async def health(self) -> Health:
        return Health(
            connected=True,
            store_ok=self.store_ok,
            caught_up=None,
            running=0,
            waiting=0,
            isolation="bwrap",
            version="1.2.3",
        )

    async def scrape(self) -> bytes:
        return b"roomkey_up 1\n"


@pytest.fixture
async def port() -> AsyncIterator[int]:
    number = free_port()
    async with MetricsServer(Asked(), number):
        yield number


async def asked(port: int, path: str = "/metrics", **headers: str) -> tuple[int, str]:
    async with (
        ClientSession() as client,
        client.get(f"http://127.0.0.1:{port}{path}", headers=headers) as answer,
    ):
        return answer.status, await answer.text()


async def test_both_pages_are_served(port: int) -> None:
    assert await asked(port) == (200, "roomkey_up 1\n")
    status, text = await asked(port, "/health")
    assert (status, json.loads(text)["ok"]) == (503, False)  # it has not caught up yet
    assert (await asked(port, Host=f"localhost:{port}"))[0] == 200


async def test_there_is_nothing_else(port: int) -> None:
    assert (await asked(port, "/"))[0] == 404
    async with ClientSession() as client, client.post(f"http://127.0.0.1:{port}/metrics") as answer:
        assert answer.status == 405


@pytest.mark.parametrize(
    "headers", [{"Host": "evil.example"}, {"Host": "evil.example:80"}, {"Origin": "http://evil.example"}]
)
async def test_a_web_page_learns_nothing(port: int, headers: dict[str, str]) -> None:
    for path in ("/metrics", "/health"):
        status, text = await asked(port, path, **headers)
        assert status == 403
        assert "roomkey" not in text


async def test_it_listens_on_one_address_alone(port: int) -> None:
    for address in ("127.0.0.2", socket.gethostbyname(socket.gethostname())):
        if address == "127.0.0.1":
            continue
        with closing(socket.socket()) as other:
            other.settimeout(5)
            with pytest.raises(OSError):
                other.connect((address, port))


async def test_a_taken_port_is_a_sentence(port: int) -> None:
    with pytest.raises(StateError, match=rf"127\.0\.0\.1:{port}.*metrics\.port"):
        async with MetricsServer(Asked(), port):
            pass
