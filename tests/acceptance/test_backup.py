"""A backup of a bot at work, brought back elsewhere: rooms, queue and conversations are there."""

import asyncio
import json
import re
import sys
from pathlib import Path

import pytest

from tests.support.running_bot import World, world

pytestmark = pytest.mark.timeout(300)  # real processes on a machine that may be busy

WAIT_S = 90
LOAD = 12


async def roomkey(here: World, *words: str) -> tuple[int, str]:
    """Run the command line with the bot's own environment; return its exit code and all it says."""
    done = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *words),
        env=here.environment(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await done.communicate()
    return done.returncode or 0, said.decode()


async def test_rooms_queue_and_conversations_come_back(tmp_path: Path) -> None:
    backup = tmp_path / "backup.tar.gz"
    async with world(tmp_path, settings={"ROOMKEY_AGENT__MAX_RUNNING": "2"}) as here:
        await here.start()
        ann, workshop, library = here.guild.user("ann"), *map(here.guild.channel, ("workshop", "library"))
        await here.ask("the word is kiwi", workshop, "first thing")
        session = (await here.status(workshop))["Session"].split("·")[0]
        await here.ask("hello", library, "first thing")
        async with asyncio.TaskGroup() as tasks:
            for number in range(LOAD):
                tasks.create_task(ann.says(f"load {number}", library))
            code, said = await roomkey(here, "backup", str(backup), "--workdirs")
        assert code == 0, said
        assert re.search(r"\d+ files", said)
        assert (await asyncio.to_thread(backup.stat)).st_mode & 0o777 == 0o600
        assert here.guild.token.encode() not in await asyncio.to_thread(backup.read_bytes)
        await library.next_from_bot(matching=lambda m: "load" in m.content, timeout=WAIT_S)
        await here.kill()

        here.data_dir = tmp_path / "restored" / "data"
        code, said = await roomkey(here, "restore", str(backup), "--into", str(here.data_dir))
        assert code == 0, said
        assert (await asyncio.to_thread(here.data_dir.stat)).st_mode & 0o777 == 0o700
        await here.start()
        answer = await here.ask("what was the word", workshop, "told me 2 things")
        assert "kiwi" in answer.content
        assert (await here.status(workshop))["Session"].split("·")[0] == session


async def test_what_waited_at_the_backup_is_answered_by_the_restored_bot(tmp_path: Path) -> None:
    backup = tmp_path / "backup.tar"
    settings = {"ROOMKEY_AGENT__VENDOR": "scripted", "ROOMKEY_DISCORD__CATCH_UP_S": "0"}
    async with world(tmp_path, settings=settings) as here:
        ann, library = here.guild.user("ann"), here.guild.channel("library")
        here.settings["ROOMKEY_DISCORD__OWNERS"] = json.dumps([ann.id])
        await here.start()
        await here.ask("before", library, "before")
        paused = await ann.runs("/queue", library)
        assert paused.message is not None
        await ann.clicks(paused.message, label="Pause")
        waiting = [await ann.says(f"prompt {number}", library) for number in range(3)]
        async with asyncio.timeout(WAIT_S):
            while "prompt 2" not in str(await queue(here)):
                await asyncio.sleep(0.05)
        code, said = await roomkey(here, "backup", str(backup))
        assert code == 0, said
        assert await here.stop() == 0
        here.data_dir = tmp_path / "restored" / "data"
        code, said = await roomkey(here, "restore", str(backup), "--into", str(here.data_dir))
        assert code == 0, said
        await here.start()
        view = await ann.runs("/queue", library)
        assert view.message is not None
        await ann.clicks(view.message, label="Resume")
        for message, number in zip(waiting, range(3), strict=True):
            await library.next_from_bot(after=message, containing=f"prompt {number}", timeout=WAIT_S)


async def queue(here: World) -> str:
    view = await here.guild.user("ann").runs("/queue", here.guild.channel("library"))
    return "" if view.message is None else view.message.content


async def test_a_running_bot_lets_nothing_be_restored_or_forgotten(tmp_path: Path) -> None:
    backup = tmp_path / "backup.tar"
    async with world(tmp_path, settings={"ROOMKEY_AGENT__VENDOR": "scripted"}) as here:
        await here.start()
        await here.ask("a secret word", here.guild.channel("library"), "a secret word")
        assert (await roomkey(here, "backup", str(backup)))[0] == 0
        code, said = await roomkey(here, "restore", str(backup), "--force")
        assert (code, "Another Roomkey" in said) == (75, True), said
        key, ann = here.guild.channel("library").id, here.guild.user("ann").id
        for name in (key, ann):
            code, said = await roomkey(here, "forget", name, "--yes")
            assert (code, "Another Roomkey" in said) == (75, True), said
        assert await here.stop() == 0
        code, said = await roomkey(here, "forget", ann)
        assert (code, "Nothing was deleted." in said) == (0, True), said
        code, said = await roomkey(here, "forget", ann, "--yes")
        assert code == 0, said
        assert "forget these rooms by `roomkey forget KEY`" in said
        code, said = await roomkey(here, "forget", key, "--yes")
        assert code == 0, said
        room = here.data_dir / "sessions" / key
        assert not await asyncio.to_thread(room.exists)
        database = await asyncio.to_thread((here.data_dir / "roomkey.sqlite3").read_bytes)
        assert b"secret word" not in database
        assert (await roomkey(here, "forget", key, "--yes"))[0] == 1
        await here.start()  # what it forgot is not a message that it missed
        await here.ask("and now", here.guild.channel("library"), "and now")


async def test_the_audit_log_is_shown_while_the_bot_runs(tmp_path: Path) -> None:
    async with world(tmp_path, settings={"ROOMKEY_AGENT__VENDOR": "scripted"}) as here:
        ann, ben = here.guild.user("ann"), here.guild.user("ben")
        here.settings["ROOMKEY_DISCORD__OWNERS"] = json.dumps([ann.id])
        await here.start()
        await ann.runs("/allow", here.guild.channel("lobby"), user=ben)
        code, said = await roomkey(here, "audit", "--json", "--since", "1h", "--actor", ann.id)
        assert code == 0, said
        assert [entry["action"] for entry in json.loads(said)] == ["allow"]
        file = here.data_dir / "audit.jsonl"
        async with asyncio.timeout(WAIT_S):
            while not await asyncio.to_thread(file.exists):
                await asyncio.sleep(0.05)
        (line,) = (await asyncio.to_thread(file.read_text)).splitlines()
        assert (json.loads(line)["action"], json.loads(line)["actor"]) == ("allow", ann.id)
        code, said = await roomkey(here, "audit", "--since", "yesterday")
        assert (code, "7d" in said) == (2, True), said
