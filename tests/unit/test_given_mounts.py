"""The mounts of a room in force: stored, put together with those of the settings, looked at."""

import asyncio
from pathlib import Path

import pytest

from sessions.box.mounts import Mount, parse_mount, written
from sessions.clock import SystemClock
from sessions.errors import StateError, UserError
from sessions.given_mounts import SCOPE, check_mounts, given_mounts, merged, set_given_mounts
from sessions.keys import session_key
from sessions.paths import Paths
from sessions.store import open_store

REPO, OUT = Mount(Path("/srv/repo"), writable=False), Mount(Path("/srv/a:b c"), writable=True)
LAB, ATTIC = session_key("lab"), session_key("attic")


@pytest.mark.parametrize("mount", [REPO, OUT])
def test_a_mount_is_read_as_it_was_written(mount: Mount) -> None:
    assert parse_mount(written(mount)) == mount


async def test_they_are_kept_for_each_room_and_go_when_it_is_forgotten(tmp_path: Path) -> None:
    store = await open_store(tmp_path, SystemClock())
    await set_given_mounts(store, LAB, [REPO, OUT])
    assert await given_mounts(store, ATTIC) == ()
    await store.close()
    store = await open_store(tmp_path, SystemClock())
    try:
        assert await given_mounts(store, LAB) == (REPO, OUT)
        await set_given_mounts(store, ATTIC, [OUT])
        await store.upkeep.forget_room(LAB)
        assert await given_mounts(store, LAB) == ()
        assert await given_mounts(store, ATTIC) == (OUT,)
    finally:
        await store.close()


@pytest.mark.parametrize("text", ["[", "7", '["/srv/repo"]', '["repo:ro"]'])
async def test_what_cannot_be_read_gives_no_mount_and_is_said(tmp_path: Path, text: str) -> None:
    store = await open_store(tmp_path, SystemClock())
    try:
        await store.set_fact(SCOPE, LAB, text)
        with pytest.raises(StateError, match="mounts of the room lab cannot be read"):
            await given_mounts(store, LAB)
    finally:
        await store.close()


def test_of_one_path_what_was_given_later_counts() -> None:
    writable = Mount(REPO.path, writable=True)
    assert merged([REPO], [OUT, writable]) == (writable, OUT)
    assert merged([REPO], ()) == (REPO,)


async def test_each_is_looked_at_as_it_is_now(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "data")
    await asyncio.to_thread(paths.create)
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    mounts = [Mount(one, writable=False), Mount(other, writable=True)]
    await check_mounts(mounts, paths)
    other.rmdir()
    with pytest.raises(UserError, match="does not exist"):
        await check_mounts(mounts, paths)
    other.symlink_to(paths.root)
    with pytest.raises(UserError, match="leads over a link"):
        await check_mounts(mounts, paths)
    with pytest.raises(UserError, match="Roomkey's own data"):
        await check_mounts([Mount(paths.root, writable=False)], paths)
