"""/cwd on the offline guild: a room gets another directory or a mount, in its turn and past all checks."""

from pathlib import Path
from typing import Any

import pytest

from bot.demo.guild import OfflineGuild, Place
from sessions.keys import session_key
from tests.support.tiers import WAIT_S, deeds, hangs, offline_guild, owned


def data_of(tmp_path: Path) -> Path:
    """A data directory beside which there is room for directories to give."""
    (tmp_path / "data").mkdir(exist_ok=True)
    return tmp_path / "data"


def made(tmp_path: Path, name: str) -> Path:
    (tmp_path / name).mkdir()
    return tmp_path / name


async def cwd(guild: OfflineGuild, place: Place, said: str, **options: Any) -> None:
    """Let ann run it and wait until the room says what came of it."""
    await guild.user("ann").runs("/cwd", place, **options)
    await place.next_from_bot(containing=said, timeout=WAIT_S)


async def talks(guild: OfflineGuild, place: Place, text: str, answer: str = "") -> None:
    said = await guild.user("ann").says(text, place)
    await place.next_from_bot(after=said, containing=answer or text, timeout=WAIT_S)


async def test_a_room_works_in_another_directory_and_goes_back(tmp_path: Path) -> None:
    project = made(tmp_path, "project")
    (tmp_path / "link").symlink_to(project)
    async with offline_guild() as guild, owned(guild, data_of(tmp_path)) as bot:
        lab, attic = guild.channel("lab"), guild.channel("attic")
        for place in (lab, attic):
            await talks(guild, place, "hello")
        before = {one.key: one for one in await bot.store.sessions()}
        await cwd(guild, lab, f"works in `{project}`", directory=str(tmp_path / "link"))
        assert not (await bot.manager.status(session_key(lab.id))).live
        await talks(guild, lab, "are you there")
        after = {one.key: one for one in await bot.store.sessions()}
        key = session_key(lab.id)
        assert after[key].workdir == project
        assert after[key].agent_session_id == before[key].agent_session_id
        assert after[session_key(attic.id)].workdir == before[session_key(attic.id)].workdir
        assert str(project) in (await guild.user("ann").runs("/cwd", lab)).content
        await cwd(guild, lab, f"works in `{before[key].workdir}`", directory="own")
        ann = guild.user("ann").id
        assert await deeds(bot) == [(ann, "cwd", f"room {lab.id}")] * 2


async def test_a_room_where_nobody_spoke_yet_can_be_given_a_directory(tmp_path: Path) -> None:
    project = made(tmp_path, "project")
    async with offline_guild() as guild, owned(guild, data_of(tmp_path)) as bot:
        lab = guild.channel("lab")
        await cwd(guild, lab, f"works in `{project}`", directory=str(project))
        await talks(guild, lab, "hello")
        record = await bot.store.session(session_key(lab.id))
        assert record is not None
        assert (record.workdir, record.turn_count) == (project, 1)


async def test_what_no_agent_is_given_is_refused_in_the_room(tmp_path: Path) -> None:
    data = data_of(tmp_path)
    repo = made(tmp_path, "repo")
    (tmp_path / "link").symlink_to(repo)
    async with offline_guild() as guild, owned(guild, data) as bot:
        lab = guild.channel("lab")
        for options, why in (
            ({"directory": str(data)}, f"{data} holds Roomkey's own data"),
            ({"directory": "/etc"}, "/etc is a directory of the system"),
            ({"directory": str(tmp_path / "gone")}, "gone is not a directory"),
            ({"mount": str(tmp_path)}, f"{tmp_path} holds Roomkey's own data"),
            ({"mount": str(tmp_path / "link")}, "leads over a link"),
            ({"mount": str(tmp_path / "missing")}, "missing does not exist"),
            ({"unmount": str(repo)}, "This room has no mount"),
        ):
            await cwd(guild, lab, why, **options)
        status = await bot.manager.status(session_key(lab.id))
        assert (status.mounts, status.record) == ((), None)


async def test_it_waits_for_the_turn_that_runs(tmp_path: Path) -> None:
    project = made(tmp_path, "project")
    async with offline_guild() as guild, owned(guild, data_of(tmp_path)) as bot:
        ann, lab = guild.user("ann"), guild.channel("lab")
        said = await hangs(ann, lab)
        answer = await ann.runs("/cwd", lab, directory=str(project))
        assert "when the turn before this has ended" in answer.content
        behind = await ann.says("and then this", lab)
        key = session_key(lab.id)
        record = await bot.store.session(key)
        assert record is not None
        assert record.workdir != project
        assert "`/cwd`" in (await ann.runs("/queue", lab)).content
        await ann.runs("/stop", lab)
        await lab.next_from_bot(after=said, containing=f"works in `{project}`", timeout=WAIT_S)
        await lab.next_from_bot(after=behind, containing="and then this", timeout=WAIT_S)
        record = await bot.store.session(key)
        assert record is not None
        assert record.workdir == project


async def test_a_mount_outlives_a_restart_and_is_one_room_s(tmp_path: Path) -> None:
    repo, data = made(tmp_path, "repo"), data_of(tmp_path)
    async with offline_guild() as guild:
        ann, lab, attic = guild.user("ann"), guild.channel("lab"), guild.channel("attic")
        async with owned(guild, data):
            await cwd(guild, lab, "may read `", mount=str(repo))
        async with owned(guild, data):
            assert f"`{repo}` (read only)" in (await ann.runs("/status", lab)).content
            assert str(repo) not in (await ann.runs("/status", attic)).content
            await cwd(guild, lab, "may read and write `", mount=f"{repo}/", writable=True)
            assert f"`{repo}` (read and write)" in (await ann.runs("/cwd", lab)).content
            await cwd(guild, lab, "does not see `", unmount=str(repo))
            assert "Nothing is mounted" in (await ann.runs("/cwd", lab)).content


@pytest.mark.parametrize("trouble", ["gone", "link", "data"])
async def test_a_mount_is_looked_at_again_at_each_start_of_the_agent(tmp_path: Path, trouble: str) -> None:
    repo, data = made(tmp_path, "repo"), data_of(tmp_path)
    async with offline_guild() as guild, owned(guild, data):
        lab = guild.channel("lab")
        await cwd(guild, lab, "may read `", mount=str(repo))
        await talks(guild, lab, "hello")
        await guild.user("ann").runs("/reset", lab)
        repo.rmdir()
        if trouble != "gone":
            repo.symlink_to({"link": made(tmp_path, "other"), "data": data}[trouble])
        why = "does not exist" if trouble == "gone" else "leads over a link"
        await talks(guild, lab, "hello again", why)
        await cwd(guild, lab, "does not see `", unmount=str(repo))
        await talks(guild, lab, "hello once more")


async def test_it_takes_an_owner(tmp_path: Path) -> None:
    project = made(tmp_path, "project")
    async with offline_guild() as guild:
        ann, ben, lab = guild.user("ann"), guild.user("ben"), guild.channel("lab")
        async with owned(guild, data_of(tmp_path)) as bot:
            await ann.runs("/allow", lab, user=ben, tier="operator")
            refused = await ben.runs("/cwd", lab, directory=str(project))
            assert "it takes an owner" in refused.content
            assert "it takes an owner" in (await ben.runs("/cwd", lab)).content
            assert await bot.store.session(session_key(lab.id)) is None
