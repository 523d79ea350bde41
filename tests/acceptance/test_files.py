"""Files with the installed bot, the real Claude Code and the offline model: seen, spoken, and sent back."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from bot.demo.guild import Place
from sessions.keys import session_key
from sessions.paths import Paths
from tests.support.pictures import png
from tests.support.running_bot import World, world

pytestmark = pytest.mark.timeout(240)


def echo(path: str) -> str:
    """Return what makes the offline model send a file of the room into the chat."""
    return f'tool:mcp__roomkey__send_file:{{"path": "{path}"}}\nsay:sent back'


async def sends_back(here: World, place: Place, name: str, content: bytes) -> None:
    """Let ann send a file, and the agent the same one back."""
    ann = here.guild.user("ann")
    first = await ann.says("images", place, files={name: content})
    await place.next_from_bot(after=first, containing="I see 1 image (", timeout=60)
    said = await ann.says(echo(f"inbox/{first.id}_1.png"), place)
    sent = await place.next_from_bot(
        after=said, matching=lambda message: bool(message.attachments), timeout=60
    )
    assert here.guild.world.files[sent.attachments[0].id] == content
    await place.next_from_bot(after=said, containing="sent back", timeout=60)


async def test_a_picture_is_seen_and_sent_back_and_a_voice_message_is_heard(tmp_path: Path) -> None:
    hear = tmp_path / "hear.py"
    hear.write_text("import sys\nprint('say:' + open(sys.argv[-1]).read())\n")
    settings = {"ROOMKEY_VOICE__COMMAND": json.dumps([sys.executable, str(hear)])}
    async with world(tmp_path, settings=settings) as here:
        await here.start()
        workshop, ann = here.guild.channel("workshop"), here.guild.user("ann")
        content = png(3, 2)
        said = await ann.says("images", workshop, files={"lies.txt": content, "lies.png": b"no picture"})
        seen = f"I see 1 image (image/png, {len(content)} bytes)."
        await workshop.next_from_bot(after=said, containing=seen, timeout=60)
        [asked] = [heard for heard in here.heard("you are shown it") if heard.images]
        assert any("no picture" in text for text in asked.texts)
        await sends_back(here, workshop, "plot.png", content)
        spoken = await ann.speaks(b"well heard", workshop)
        await workshop.next_from_bot(after=spoken, containing="> say:well heard", timeout=60)
        await workshop.next_from_bot(
            after=spoken, matching=lambda m: m.content.startswith("well heard"), timeout=60
        )
        assert await here.stop() == 0
        assert list((here.data_dir / "spool").iterdir()) == []


async def test_a_file_is_shown_once_though_the_bot_was_killed_between_sending_and_noting_it(
    tmp_path: Path,
) -> None:
    async with world(tmp_path, settings={"ROOMKEY_CRASH_AT": "outbox.sent"}) as here:
        workshop, ann = here.guild.channel("workshop"), here.guild.user("ann")
        workdir = Paths(here.data_dir).room(session_key(workshop.id)).workdir
        workdir.mkdir(mode=0o700, parents=True)
        (workdir / "plot.png").write_bytes(png())
        await here.start()
        said = await ann.says(echo("plot.png"), workshop)
        sent = await workshop.next_from_bot(after=said, matching=lambda m: bool(m.attachments), timeout=60)
        assert here.bot is not None
        async with asyncio.timeout(60):
            await here.bot.wait()
        (here.data_dir / "spool" / ("0" * 32)).write_bytes(b"written before its piece was stored")
        assert len(list((here.data_dir / "spool").iterdir())) == 2
        here.settings.clear()
        await here.start()
        await here.ask("say:still here", workshop, "still here")
        assert [m.id for m in workshop.messages() if m.attachments] == [sent.id]
        assert await here.stop() == 0
        assert list((here.data_dir / "spool").iterdir()) == []


async def test_a_file_is_shown_once_though_the_turn_that_sent_it_runs_again(tmp_path: Path) -> None:
    """Issue 5: an agent that begins anew calls the tool as it did before."""
    async with world(tmp_path) as here:
        workshop, ann = here.guild.channel("workshop"), here.guild.user("ann")
        workdir = Paths(here.data_dir).room(session_key(workshop.id)).workdir
        workdir.mkdir(mode=0o700, parents=True)
        (workdir / "plot.png").write_bytes(png())
        await here.start()
        said = await ann.says(echo("plot.png").replace("say:sent back", "hang"), workshop)
        await workshop.next_from_bot(after=said, matching=lambda m: bool(m.attachments), timeout=60)
        await here.kill()
        await here.start()
        card = await workshop.next_from_bot(after=said, containing="Interrupted", timeout=60)
        await ann.clicks(card, label="Retry", timeout=60)
        async with asyncio.timeout(60):
            while not any("was sent before" in str(heard.results) for heard in here.model.requests):
                await asyncio.sleep(0.05)
        await ann.runs("/stop", workshop, timeout=60)
        await here.ask("say:still here", workshop, "still here")
        assert len([m for m in workshop.messages() if m.attachments]) == 1
        assert await here.stop() == 0
        assert list((here.data_dir / "spool").iterdir()) == []
