"""The real bot with `isolation = strict`: rooms are answered, and each has its own way out while it lives."""

import asyncio
import stat
import sys
from pathlib import Path

import pytest

from bot.demo.guild.actors import Place
from bot.demo.guild.model import Message
from tests.support.boxes import need
from tests.support.running_bot import World, world

pytestmark = [pytest.mark.timeout(240), pytest.mark.blocking]
STRICT = {
    "ROOMKEY_ISOLATION": "strict",
    "ROOMKEY_EGRESS__ALLOW": '["Code.Example.net", "*.example.org:8443"]',
}


@pytest.fixture(autouse=True)
def can_be_strict() -> None:
    need("strict")


async def ask(here: World, text: str, place: Place, answer: str) -> Message:
    said = await here.guild.user("ann").says(text, place)
    return await place.next_from_bot(
        after=said, matching=lambda m: answer in m.content and "\n-# " not in m.content, timeout=60
    )


def sockets(here: World) -> dict[str, int]:
    """Return the sockets of the ways out, with their modes."""
    return {
        path.name: stat.S_IMODE(path.stat().st_mode)
        for path in (here.data_dir / "egress").glob("*")
        if path.is_socket()
    }


async def test_each_room_has_its_own_way_out_while_its_agent_lives(tmp_path: Path) -> None:
    async with world(tmp_path, settings=STRICT) as here:
        await here.start()
        lobby, workshop = here.guild.channel("lobby"), here.guild.channel("workshop")
        await ask(here, "the word is kiwi", lobby, "first thing")
        await ask(here, "the word is plum", workshop, "first thing")
        assert sockets(here) == {"default.sock": 0o600, f"{workshop.id}.sock": 0o600}
        status = await here.status(workshop)
        assert status["Isolation"] == (
            "Isolation: strict: a box and a network of its own; all that it reaches outside is its model"
            " and `code.example.net`, `*.example.org:8443`"
        )
        await ask(here, "once more", lobby, "told me 2 things")
        assert await here.stop() == 0
        assert sockets(here) == {}


async def test_what_a_killed_bot_left_is_in_nobodys_way(tmp_path: Path) -> None:
    async with world(tmp_path, settings=STRICT) as here:
        await here.start()
        workshop = here.guild.channel("workshop")
        await ask(here, "the word is kiwi", workshop, "first thing")
        await here.kill()
        assert sockets(here) == {f"{workshop.id}.sock": 0o600}
        await here.start()
        assert "kiwi" in (await ask(here, "what was the word", workshop, "told me 2 things")).content


async def test_a_room_without_a_credential_reaches_its_model_through_roomkey(tmp_path: Path) -> None:
    async with world(tmp_path, settings={**STRICT, "ROOMKEY_AGENT__CREDENTIAL_PROXY": "true"}) as here:
        await here.start()
        await ask(here, "the word is kiwi", here.guild.channel("lobby"), "first thing")


async def test_a_machine_that_cannot_be_strict_stops_the_start(tmp_path: Path) -> None:
    """Nothing is weakened: no socat, no start."""
    without = tmp_path / "bin"
    without.mkdir()
    for name in ("bwrap", "prlimit"):
        (without / name).symlink_to(f"/usr/bin/{name}")
    async with world(tmp_path, settings={**STRICT, "PATH": str(without)}) as here:
        here.bot = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "run"), env=here.environment(), stderr=asyncio.subprocess.PIPE
        )
        _, said = await here.bot.communicate()
        assert here.bot.returncode == 78
        assert b"socat is not installed" in said
