"""Upgrade and rollback as a process: an old database is taken over, a newer one names the way back."""

import asyncio
import re
import shlex
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from sessions.store.sqlite_files import SCHEMA_VERSION
from tests.support.running_bot import World, world

pytestmark = pytest.mark.timeout(240)  # real processes on a machine that may be busy

OLD = Path(__file__).parents[1] / "fixtures" / "schemas" / "0001.sql"


def make_old(database: Path) -> None:
    database.parent.mkdir(mode=0o700)
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(OLD.read_text())
        connection.execute("DELETE FROM outbox")  # for channels that no guild has
        connection.execute("UPDATE turn SET state = 'done' WHERE state != 'done'")
        connection.commit()


def version(database: Path, new: int | None = None) -> int:
    with closing(sqlite3.connect(database)) as connection:
        if new is not None:
            connection.execute(f"PRAGMA user_version = {new}")
        (number,) = connection.execute("PRAGMA user_version").fetchone()
    return number


async def command(here: World, *words: str) -> tuple[int | None, str]:
    done = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *words),
        env=here.environment(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await done.communicate()
    return done.returncode, said.decode()


async def test_an_old_database_works_and_a_newer_one_says_how_to_go_back(tmp_path: Path) -> None:
    async with world(tmp_path, settings={"ROOMKEY_AGENT__VENDOR": "scripted"}) as here:
        database, lobby = here.data_dir / "roomkey.sqlite3", here.guild.channel("lobby")
        await asyncio.to_thread(make_old, database)
        await here.start()
        await here.ask("with the new program", lobby, "with the new program")
        assert await here.stop() == 0
        assert await asyncio.to_thread(version, database) == SCHEMA_VERSION

        # As a newer program would leave it.
        await asyncio.to_thread(version, database, SCHEMA_VERSION + 1)
        before = await asyncio.to_thread(database.read_bytes)
        code, said = await command(here, "run")
        assert code == 78
        assert f"version {SCHEMA_VERSION + 1}; this Roomkey knows {SCHEMA_VERSION}" in said
        assert await asyncio.to_thread(database.read_bytes) == before
        found = re.search(r"roomkey (restore --force --into \S+ (\S+-v1\.sqlite3))\.", said)
        assert found is not None, said
        assert await asyncio.to_thread(Path(found[2]).exists)

        code, said = await command(here, *shlex.split(found[1]))
        assert code == 0, said
        await here.start()
        await here.ask("with the old data", lobby, "with the old data")
        assert await here.stop() == 0


async def test_without_a_copy_a_newer_database_asks_for_the_newer_program_alone(tmp_path: Path) -> None:
    async with world(tmp_path, settings={"ROOMKEY_AGENT__VENDOR": "scripted"}) as here:
        await here.start()
        assert await here.stop() == 0
        await asyncio.to_thread(version, here.data_dir / "roomkey.sqlite3", SCHEMA_VERSION + 1)
        code, said = await command(here, "run")
        assert code == 78
        assert "Install the newer Roomkey again." in said
        assert "restore" not in said
