"""What an operator sees of a running bot: /health, /metrics, the dashboard over them, and the log."""

import asyncio
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientConnectionError, ClientSession

from tests.support.free_ports import free_port
from tests.support.running_bot import World, world
from tests.support.scrapes import samples

pytestmark = pytest.mark.timeout(240)  # real processes on a machine that may be busy

ROOT = Path(__file__).parents[2]
DASHBOARD = ROOT / "deploy" / "grafana" / "roomkey.json"
WAIT_S = 60
BACK_S = 150
"""A connection that was refused for a while is tried again within a minute."""


def settings(port: int) -> dict[str, str]:
    return {
        "ROOMKEY_METRICS__PORT": str(port),
        "ROOMKEY_AGENT__VENDOR": "scripted",
        "ROOMKEY_LOG__LEVEL": "info",
        "ROOMKEY_LOG__FORMAT": "json",
    }


async def get(port: int, path: str) -> tuple[int, bytes]:
    async with ClientSession() as client, client.get(f"http://127.0.0.1:{port}{path}") as answer:
        return answer.status, await answer.read()


async def healthy(port: int, limit_s: float = WAIT_S) -> dict[str, Any]:
    """Wait until the bot says that it works."""
    async with asyncio.timeout(limit_s):
        while True:
            try:
                status, body = await get(port, "/health")
            except ClientConnectionError:
                status, body = 0, b""
            if status == 200:
                return json.loads(body)
            await asyncio.sleep(0.05)


def queried() -> Iterator[tuple[str, str]]:
    """The metrics that each panel of the dashboard asks for."""
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel["targets"]:
            for name in re.findall(r"roomkey_\w+", target["expr"]):
                yield panel["title"], name


async def said(here: World) -> None:
    lobby = here.guild.channel("lobby")
    message = await here.guild.user("ann").says("a word of mine", lobby)
    await lobby.next_from_bot(after=message, containing="a word of mine", timeout=WAIT_S)


async def test_health_and_metrics_tell_how_the_bot_does(tmp_path: Path) -> None:
    port = free_port()
    async with world(tmp_path, settings=settings(port)) as here:
        await here.start()
        body = await healthy(port)
        assert body.pop("last_catch_up") is not None
        assert body.pop("version")
        assert body.pop("isolation") in ("bwrap", "landlock", "none")
        assert body == {"ok": True, "connected": True, "store": "ok", "running": 0, "waiting": 0}
        await said(here)
        _, scrape = await get(port, "/metrics")
        found = samples(scrape)
        assert found["roomkey_turns_total|ok"] == 1
        assert found["roomkey_first_word_seconds_count"] == 1
        assert found["roomkey_accept_seconds_count"] >= 1
        assert found["roomkey_commit_seconds_count"] >= 3
        assert found["roomkey_discord_gateway_connects_total"] == 1
        assert found["roomkey_discord_requests_total|200"] >= 2
        assert found["roomkey_agent_starts_total"] == found["roomkey_agents_live"] == 1
        assert found["roomkey_starts"] == found["roomkey_healthy"] == found["roomkey_sessions"] == 1
        # Nothing that anybody wrote, nor any id.
        assert b"word of mine" not in scrape
        assert [name for name in found if re.search(r"\d{15}", name)] == []
        assert here.guild.channel("lobby").id.encode() not in scrape
        assert await here.stop() == 0
        with pytest.raises(ClientConnectionError):
            await get(port, "/health")
        await here.start()
        await healthy(port)
        assert samples((await get(port, "/metrics"))[1])["roomkey_starts"] == 2


async def test_a_bot_that_is_not_heard_is_not_healthy(tmp_path: Path) -> None:
    port = free_port()
    async with world(tmp_path, settings=settings(port)) as here:
        await here.start()
        await healthy(port)
        here.guild.faults.rest("GET", "/gateway", status=503, times=100_000)
        await here.guild.gateway.drop()
        async with asyncio.timeout(WAIT_S):
            while (await get(port, "/health"))[0] == 200:
                await asyncio.sleep(0.05)
        status, body = await get(port, "/health")
        assert (status, json.loads(body)["connected"]) == (503, False)
        here.guild.faults.clear()
        await healthy(port, BACK_S)


async def test_every_panel_of_the_dashboard_asks_for_what_there_is(tmp_path: Path) -> None:
    port = free_port()
    async with world(tmp_path, settings=settings(port)) as here:
        await here.start()
        await healthy(port)
        await said(here)
        names = {name.partition("|")[0] for name in samples((await get(port, "/metrics"))[1])}
    # A cause has a sample once there was one; the unit test of the metrics makes one.
    names.add("roomkey_turn_problems_total")
    asked = list(queried())
    assert len({panel for panel, _ in asked}) == len(json.loads(DASHBOARD.read_text())["panels"]) > 10
    assert [(panel, name) for panel, name in asked if name not in names] == []
    shown = {name for _, name in asked}
    unshown = {
        name
        for name in names
        if name.startswith("roomkey_")
        and not name.endswith(("_created", "_bucket", "_sum", "_count"))
        and name not in shown
    }
    assert unshown == set()


def test_every_panel_is_listed_in_the_operators_page() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        assert f"| {panel['title']} | {panel['description']} |" in page


async def test_a_taken_port_ends_the_start_with_a_sentence(tmp_path: Path) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with (
        await asyncio.start_server(refuse, "127.0.0.1", 0) as server,
        world(tmp_path) as here,
    ):
        port = server.sockets[0].getsockname()[1]
        here.settings.update(settings(port))
        here.bot = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "run"),
            env=here.environment(),
            stderr=asyncio.subprocess.PIPE,
        )
        _, err = await here.bot.communicate()
        assert here.bot.returncode == 78
        assert f"127.0.0.1:{port}" in err.decode()
        assert "metrics.port" in err.decode()
