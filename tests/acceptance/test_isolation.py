"""The installed bot with boxes: it starts only if they hold, says which, and its rooms work in them."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.support.boxes import left_behind, need
from tests.support.claude import bash
from tests.support.running_bot import world

pytestmark = [pytest.mark.blocking, pytest.mark.timeout(240)]


async def test_a_room_works_in_its_box_and_status_says_so(tmp_path: Path) -> None:
    need("bwrap")
    repo = tmp_path / "repo"
    repo.mkdir()
    (repo / "text").write_text("words of the owner")
    async with world(tmp_path) as here:
        room = here.guild.channel("workshop")
        here.settings |= {
            "ROOMKEY_ISOLATION": "bwrap",
            f"ROOMKEY_CHANNEL__{room.id}__MOUNTS": json.dumps([f"{repo}:ro"]),
            "ROOMKEY_AGENT__PERMISSION_MODE": "bypassPermissions",
        }
        await here.start()
        await here.ask(bash(f"cat {repo}/text; ls {here.data_dir}"), room, "words of the owner")
        lines = await here.status(room)
        assert "bwrap" in lines["Isolation"]
        assert f"`{repo}` (read only)" in lines["Sees"]
        heard = [text for request in here.model.requests for text in request.texts]
        assert not any("roomkey.sqlite3" in text for text in heard)
        assert await asyncio.to_thread(_agents, here.data_dir) != []
        await here.kill()
        async with asyncio.timeout(60):
            while await asyncio.to_thread(_agents, here.data_dir):
                await asyncio.sleep(0.02)


def _agents(data_dir: Path) -> list[str]:
    return [line for lock in (data_dir / "locks").glob("*.lock") for line in left_behind(lock)]
