"""`roomkey forget` says before what goes and what stays, and then does exactly that."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.forgetting import Found, forget, lines
from bot.settings import Settings
from sessions.clock import SystemClock
from sessions.errors import Locked, UserError
from sessions.instance import hold_instance
from sessions.paths import Paths
from sessions.spool import Spool
from sessions.store import open_store
from sessions.store.said import Prompt
from sessions.store.upkeep import Traces
from sessions.store.values import Piece, PieceFile
from tests.support.store_values import OTHER, ROOM, inbound, notice, record

ANN = "100000000000000017"


async def _talk(paths: Paths) -> None:
    store = await open_store(paths.root, SystemClock())
    for number, key in ((1, ROOM), (2, OTHER)):
        room = paths.room(key)
        await store.ensure_session(record(key, workdir=room.workdir, memory_dir=room.memory_dir))
        await store.accept(inbound(number, key, prompt=Prompt(text="hello", author_id=ANN)))
    await store.accept(inbound(30, ROOM, prompt=Prompt(text="hello", author_id="ben")))
    await store.close()


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    made = Paths(tmp_path / "data")
    asyncio.run(_talk(made))
    for key in (ROOM, OTHER):
        inbox = made.room(key).workdir / "inbox"
        inbox.mkdir(parents=True)
        for name in ("1_1.txt", "2_1.png", "30_1.txt", "own.txt"):
            (inbox / name).write_text(name)
    return made


def settings(paths: Paths) -> Settings:
    return Settings(data_dir=paths.root)


def yes(_: Sequence[str]) -> bool:
    return True


def in_inbox(paths: Paths) -> dict[str, list[str]]:
    return {
        key: sorted(path.name for path in (paths.room(key).workdir / "inbox").glob("*"))
        for key in (ROOM, OTHER)
    }


def test_a_person_goes_with_the_files_they_sent(paths: Paths) -> None:
    assert forget(settings(paths), ANN, yes) == "Forgotten: 2 turns and 2 files."
    assert in_inbox(paths) == {
        "room": ["2_1.png", "30_1.txt", "own.txt"],
        "other": ["1_1.txt", "30_1.txt", "own.txt"],
    }
    with pytest.raises(UserError, match="Nothing is known"):
        forget(settings(paths), ANN, yes)


def test_a_room_goes_with_all_its_directories(paths: Paths) -> None:
    (paths.room(ROOM).root / "link").symlink_to(paths.room(OTHER).root)
    assert forget(settings(paths), "room", yes) == "Forgotten: 2 turns and 1 directory with all in it."
    assert not paths.room(ROOM).root.exists()
    assert in_inbox(paths)["other"]


def test_files_that_were_to_be_sent_go_with_their_room_and_others_stay(paths: Paths) -> None:
    async def send() -> tuple[PieceFile, PieceFile]:
        store, spool = await open_store(paths.root, SystemClock()), Spool(paths.spool)
        ours, others = await spool.add("a", b"a"), await spool.add("b", b"b")
        await store.post(notice(40, ROOM), [Piece(channel_id="c", files=(ours,))])
        await store.post(notice(41, OTHER), [Piece(channel_id="c", files=(others,))])
        await store.close()
        return ours, others

    ours, others = asyncio.run(send())
    forget(settings(paths), "room", yes)
    assert [path.name for path in paths.spool.iterdir()] == [others.spooled]
    assert ours.spooled != others.spooled


# Of a process: what root may not because of a file's mode, it may by its capabilities.
_FORGET = """
import sys
from pathlib import Path
from bot.forgetting import forget
from bot.settings import Settings
from sessions.errors import UserError
try:
    print(forget(Settings(data_dir=Path(sys.argv[1])), "room", lambda _: True))
except UserError as error:
    print(error)
"""
_AS_OTHERS = ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if os.geteuid() == 0 else ()


def forgotten(paths: Paths) -> str:
    words = (*_AS_OTHERS, sys.executable, "-c", _FORGET, str(paths.root))
    return subprocess.run(words, check=True, capture_output=True, text=True, timeout=120).stdout


def test_what_an_agent_closed_is_deleted_and_what_it_linked_to_is_not(paths: Paths, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o755)
    closed = paths.room(ROOM).workdir / "closed"
    (closed / "inner").mkdir(parents=True)
    (closed / "inner" / "file").touch()
    (closed / "link").symlink_to(outside)
    (closed / "inner").chmod(0)
    closed.chmod(0o500)
    assert forgotten(paths) == "Forgotten: 2 turns and 1 directory with all in it.\n"
    assert not paths.room(ROOM).root.exists()
    assert outside.stat().st_mode & 0o777 == 0o755


def test_what_cannot_be_deleted_is_said_and_nothing_is_forgotten(paths: Paths) -> None:
    deep = paths.room(ROOM).workdir
    descriptor = os.open(deep, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("d", dir_fd=descriptor)
        inner = os.open("d", os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = inner
    os.close(descriptor)
    try:
        said = forgotten(paths)
    finally:  # pytest could not remove it either
        subprocess.run(("rm", "-rf", str(deep)), check=True, timeout=120)
    assert "cannot be deleted" in said
    assert "Delete it yourself" in said
    assert forgotten(paths) == "Forgotten: 2 turns and 1 directory with all in it.\n"


def test_nothing_goes_without_a_yes(paths: Paths) -> None:
    asked: list[str] = []

    def no(said: Sequence[str]) -> bool:
        asked.extend(said)
        return False

    assert forget(settings(paths), "room", no) == "Nothing was deleted."
    assert in_inbox(paths)["room"]
    assert any("2 turns" in line for line in asked)


def test_a_running_bot_is_left_alone(paths: Paths) -> None:
    with hold_instance(paths.lock), pytest.raises(Locked):
        forget(settings(paths), "room", yes)


def test_a_swapped_inbox_leads_nowhere(paths: Paths, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "1_1.txt").write_text("kept")
    inbox = paths.room(ROOM).workdir / "inbox"
    inbox.rename(inbox.with_name("was"))
    inbox.symlink_to(outside)
    forget(settings(paths), ANN, yes)
    assert (outside / "1_1.txt").exists()


def test_every_copy_in_the_data_directory_is_named(paths: Paths) -> None:
    copy, aside = paths.backups / "roomkey-v1.sqlite3", paths.root / "before-restore-20300101"
    copy.parent.mkdir(exist_ok=True)
    copy.touch()
    aside.mkdir()
    asked: list[str] = []

    def note(said: Sequence[str]) -> bool:
        asked.extend(said)
        return False

    forget(settings(paths), ANN, note)
    assert {f"  - {one}: delete it yourself" for one in (copy, aside)} <= set(asked)


def test_what_goes_and_what_stays_is_said_in_full() -> None:
    traces = Traces(turns=3, unfinished=1, pieces=4, quotes=2, rooms=[ROOM, OTHER], grants=1, audit=5)
    found = Found(
        name=ANN,
        room=None,
        traces=traces,
        files=[Path("/d/a")],
        backups=[Path("/d/backups/x.sqlite3")],
        elsewhere=(),
    )
    text = "\n".join(lines(found))
    deleted, stays = text.split("This stays:")
    for words in ("3 turns", "4 messages", "1 that still wait", "2 turns of others", "1 file that"):
        assert words in deleted
    for words in (
        "the messages in Discord",
        "model's vendor",
        "room, other",
        "/d/backups/x.sqlite3: delete it yourself",
        "1 rule about",
        "audit log",
    ):
        assert words in stays


def test_a_rooms_directory_that_is_not_ours_stays() -> None:
    found = Found(
        name="room",
        room=ROOM,
        traces=Traces(turns=1, sessions=1),
        files=[Path("/d/sessions/room")],
        backups=(),
        elsewhere=[Path("/srv/repo")],
    )
    text = "\n".join(lines(found))
    assert "all that lies in /d/sessions/room" in text
    assert "/srv/repo, which is not Roomkey's" in text
