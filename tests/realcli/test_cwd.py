"""/cwd with the real Claude Code in its box: what a room is given is there as given, and in no other room."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.boxes import need
from tests.support.claude import bash
from tests.support.running_bot import World, world

pytestmark = [pytest.mark.timeout(300), pytest.mark.blocking]
WAIT_S = 60
ROOMS = ("workshop", "library")
BOXED = {"ROOMKEY_ISOLATION": "bwrap", "ROOMKEY_AGENT__PERMISSION_MODE": "bypassPermissions"}


@pytest.fixture(autouse=True)
def can_be_boxed() -> None:
    need("bwrap")


async def asked(here: World, room: str, prompt: str) -> str:
    """Let ann say something and return the finished answer, which ends with the word done."""
    place = here.guild.channel(room)
    said = await here.guild.user("ann").says(f"{prompt}\nsay:all done", place)
    answer = await place.next_from_bot(
        after=said,
        matching=lambda one: "all done" in one.content and "\n-# " not in one.content,
        timeout=WAIT_S,
    )
    return answer.content


async def cwd(here: World, room: str, said: str, **options: Any) -> None:
    """Let ann run it and wait until the room says what came of it."""
    await here.guild.user("ann").runs("/cwd", here.guild.channel(room), timeout=WAIT_S, **options)
    await here.guild.channel(room).next_from_bot(containing=said, timeout=WAIT_S)


async def test_a_mount_given_at_run_time_is_there_as_given_and_in_no_other_room(tmp_path: Path) -> None:
    repo, out = tmp_path / "repo", tmp_path / "out"
    for place in (repo, out):
        place.mkdir()
    (repo / "text").write_text("words")
    look = bash(f"cat {repo}/text > seen; cat {repo}/text > {out}/copy; echo x > {repo}/text; touch looked")
    async with world(tmp_path, settings=BOXED) as here:
        await here.start()
        works = {room: here.data_dir / "sessions" / here.guild.channel(room).id / "work" for room in ROOMS}
        await asked(here, "workshop", look)
        assert (works["workshop"] / "seen").read_text() == ""
        await cwd(here, "workshop", "may read `", mount=str(repo))
        await cwd(here, "workshop", "may read and write `", mount=str(out), writable=True)
        for room in ROOMS:
            await asked(here, room, look)
            assert (works[room] / "looked").exists()
        assert (works["workshop"] / "seen").read_text() == "words"
        assert (works["library"] / "seen").read_text() == ""
        assert (out / "copy").read_text() == "words"
        assert (repo / "text").read_text() == "words"
        await cwd(here, "workshop", "does not see `", unmount=str(repo))
        await asked(here, "workshop", look)
        assert (works["workshop"] / "seen").read_text() == ""


async def test_a_room_that_moves_works_there_and_its_conversation_goes_on(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    async with world(tmp_path, settings=BOXED) as here:
        await here.start()
        await asked(here, "workshop", "the word is plum")
        await cwd(here, "workshop", f"works in `{project}`", directory=str(project))
        await asked(here, "workshop", bash("pwd > made"))
        assert (project / "made").read_text() == f"{project}\n"
        workshop = here.guild.channel("workshop")
        said = await here.guild.user("ann").says("recall", workshop)
        await workshop.next_from_bot(after=said, containing="the word is plum", timeout=WAIT_S)
