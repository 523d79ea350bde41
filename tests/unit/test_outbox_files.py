"""Files that go with answers: sent once, or left out with a word about where they are."""

import asyncio
from pathlib import Path

from bot.chat import ChatError, ChatRefused, FilesRefused
from bot.outbox import NOT_TAKEN, REPEAT_MARK, UPLOADS
from sessions.spool import Spool
from sessions.store import open_store
from sessions.store.values import Piece
from tests.support.clocks import SetClock
from tests.support.outbox_scene import Scene, post, scene
from tests.support.ports import FakePort, settled

MIB = 1024**2
MAY_NOT = "-# I may not attach files here. Whoever runs this server can allow me: Attach Files."


async def put(it: Scene, *names: str, body: str = "", content: bytes = b"x") -> None:
    """Store a piece with files of these names."""
    files = tuple([await it.spool.add(name, content, shown=f"out/{name}") for name in names])
    await post(it.store, Piece(channel_id="1", body=body, files=files))
    it.outbox.wake()


def attached(port: FakePort) -> list[tuple[str, list[tuple[str, bytes]]]]:
    """Return each message: its text, and its files with what is in them."""
    return [
        (shown.body, [(file.name, file.content) for file in shown.files]) for shown in port.messages.values()
    ]


def left(data_dir: Path) -> int:
    """Return how many files wait in the spool."""
    return len(list((data_dir / "spool").iterdir()))


async def test_files_arrive_with_their_message_and_are_removed_then(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        await put(it, "a.png", "b.txt", body="look", content=b"12")
        await put(it, "c.txt")
        await it.all_sent()
        assert attached(it.port) == [("look", [("a.png", b"12"), ("b.txt", b"12")]), ("", [("c.txt", b"x")])]
    assert left(tmp_path) == 0


async def test_few_files_are_sent_at_once_and_they_hold_up_no_words(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        it.port.held = asyncio.Event()
        for channel in range(2 * UPLOADS):
            file = await it.spool.add("a.txt", b"x")
            await post(it.store, Piece(channel_id=str(channel), body=f"file {channel}", files=(file,)))
        await post(it.store, Piece(channel_id="words", body="words"))
        it.outbox.wake()
        await it.port.until(lambda: "words" in it.port.asked("send") and len(it.port.log) > UPLOADS)
        await settled()
        assert len(it.port.log) == UPLOADS + 1
        it.port.held.set()
        await it.all_sent()
        assert len(it.port.messages) == 2 * UPLOADS + 1
    assert left(tmp_path) == 0


async def test_a_file_that_waits_for_others_is_not_yet_tried(tmp_path: Path) -> None:
    """Else it would be sent as what may be a repeat if the bot was restarted meanwhile."""
    async with scene(tmp_path) as it:
        it.port.held = asyncio.Event()
        for channel in range(2 * UPLOADS):
            file = await it.spool.add("a.txt", b"x")
            await post(it.store, Piece(channel_id=str(channel), body="file", files=(file,)))
        it.outbox.wake()
        await it.port.until(lambda: len(it.port.log) == UPLOADS)
        await settled()
        due = await it.store.outbox_due("fake", 3 * UPLOADS)
        assert len(due) == 2 * UPLOADS
        assert len([row for row in due if row.first_try is not None]) == UPLOADS
        it.port.held.set()
        await it.all_sent()


async def test_files_are_sent_after_a_restart(tmp_path: Path) -> None:
    store, spool = await open_store(tmp_path, SetClock()), Spool(tmp_path / "spool")
    await post(store, Piece(channel_id="1", files=(await spool.add("a.txt", b"kept"),)))
    stray = await spool.add("never stored", b"")
    await store.close()
    async with scene(tmp_path) as it:
        assert await it.spool.sweep(await it.store.upkeep.spooled()) == 1
        assert await it.spool.read(stray) is None
        await it.all_sent()
        assert attached(it.port) == [("", [("a.txt", b"kept")])]
        assert await it.store.upkeep.spooled() == frozenset()
    assert left(tmp_path) == 0


async def test_files_whose_answer_got_lost_are_shown_once(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        it.port.faults = {"landed": [ChatError("The connection was reset.")]}
        await put(it, "a.txt")
        await it.sleeps()
        assert left(tmp_path) == 1
        it.clock.pass_s(10)
        await it.all_sent()
        assert attached(it.port) == [("", [("a.txt", b"x")])]
        assert len(set(it.port.nonces)) == 1


async def test_files_that_may_have_been_sent_long_ago_are_looked_for(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        it.port.faults = {"landed": [ChatError()]}
        await put(it, "a.txt")
        await it.sleeps()
        it.port.forget_nonces()
        it.clock.pass_s(1000)
        await it.all_sent()
        assert attached(it.port) == [("", [("a.txt", b"x")])]


async def test_files_that_cannot_be_found_are_sent_as_what_may_be_a_repeat(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        it.port.faults = {"landed": [ChatError()], "find_sent": [ChatRefused()]}
        await put(it, "a.txt", body="look")
        await it.sleeps()
        it.port.forget_nonces()
        it.clock.pass_s(1000)
        await it.all_sent()
        assert attached(it.port)[1] == (f"look\n{REPEAT_MARK}", [("a.txt", b"x")])


async def test_a_file_over_the_channels_limit_is_named_with_its_place_and_the_others_go(
    tmp_path: Path,
) -> None:
    async with scene(tmp_path) as it:
        it.port.file_limit = 2 * MIB
        large = await it.spool.add("large.bin", b"x" * (2 * MIB + 1), shown="out/large.bin")
        small = await it.spool.add("small.bin", b"x")
        await post(it.store, Piece(channel_id="1", body="two", files=(large, small)))
        it.outbox.wake()
        await it.all_sent()
        said = (
            "two\n-# `large.bin` (2.0 MiB) is too large here: 2 MiB at most."
            " It is `out/large.bin` in the working directory."
        )
        assert attached(it.port) == [(said, [("small.bin", b"x")])]


async def test_files_that_the_chat_finds_too_large_are_named_instead(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        it.port.faults = {"send": [FilesRefused(reason="too_large")]}
        await put(it, "a.bin", body="look")
        await it.all_sent()
        [(body, files)] = attached(it.port)
        assert body.startswith("look\n-# `a.bin` (0.0 MiB) is too large here")
        assert files == []
        assert len(set(it.port.nonces)) == 1
    assert left(tmp_path) == 0


async def test_where_no_files_may_be_attached_that_is_said_in_full_once(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        it.port.faults = {"send": [FilesRefused(reason="forbidden")]}
        await put(it, "a.txt")
        await it.port.until(lambda: len(it.port.messages) == 1)
        it.port.faults = {"send": [FilesRefused(reason="forbidden")]}
        await put(it, "b.txt")
        await it.all_sent()
        where = "is not attached. It is `out/{}.txt` in the working directory."
        assert it.port.bodies() == [
            f"{MAY_NOT}\n-# `a.txt` {where.format('a')}",
            f"-# `b.txt` {where.format('b')}",
        ]


async def test_files_for_a_channel_that_takes_nothing_at_all_are_given_up(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        it.port.closed.add("1")
        await put(it, "a.txt")
        await it.all_sent()
        assert it.outbox.dropped == 1
        assert it.port.messages == {}
    assert left(tmp_path) == 0


async def test_a_file_that_was_lost_is_said_to_be(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        gone = await it.spool.add("a.txt", b"x")
        await it.spool.remove([gone])
        await post(it.store, Piece(channel_id="1", body="look", files=(gone,)))
        it.outbox.wake()
        await it.all_sent()
        assert it.port.bodies() == ["look\n-# `a.txt` is missing: it was lost on its way here."]


async def test_lines_about_files_that_do_not_fit_stand_in_a_message_of_their_own(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        it.port.file_limit = 0
        await put(it, *("n" * 200 for _ in range(10)), body="x" * 2000)
        await it.all_sent()
        first, second = it.port.bodies()
        assert first == "x" * 2000
        assert second.count("too large here") == 10
        assert NOT_TAKEN not in it.port.bodies()
