"""`send_file`: what an agent of a room may put into its chat, and what it is told about the rest."""

import asyncio
import os
from pathlib import Path

import pytest

from sessions.redaction import MASK
from sessions.send_file import CALLS, FILES, Here, file_name, send_file_tool
from sessions.spool import MIB
from sessions.store.values import ChatAddress, Piece
from tests.support.rooms import House, house

HERE = Here(1, ChatAddress(platform="test", channel_id="c", message_id="5"))


class Room:
    """A room's tool and what it put into the outbox."""

    def __init__(self, it: House, work: Path, here: Here | None = HERE) -> None:
        self.it = it
        self.work = work
        self.here = here
        tool = send_file_tool(it.engine, it.row("room", "").key, work, lambda: self.here)
        assert tool is not None
        self.tool = tool

    async def send(self, path: str, **more: object) -> str:
        """Use the tool; return what the agent is told, with a mark before what failed."""
        answer = await self.tool.call({"path": path, **more})
        return f"failed: {answer.text}" if answer.failed else answer.text

    async def sent(self) -> list[tuple[Piece, list[bytes]]]:
        """Return the pieces that wait, each with what its files hold, and mark them as sent."""
        found: list[tuple[Piece, list[bytes]]] = []
        spool = self.it.engine.spool
        assert spool is not None
        while rows := await self.it.store.outbox_due("test", 10):
            for row in rows:
                found.append((row.piece, [await spool.read(file) or b"" for file in row.piece.files]))
                await self.it.store.outbox_done(row.id, "1")
        return found

    def waiting(self) -> int:
        """Return how many files are kept."""
        spool = self.work.parent / "data" / "spool"
        return len(list(spool.iterdir())) if spool.exists() else 0


@pytest.fixture
def work(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "outside").write_text("precious")
    made = tmp_path / "work"
    made.mkdir()
    return made


async def test_a_file_goes_where_the_room_is_spoken_to_with_its_caption(work: Path) -> None:
    (work / "out").mkdir()
    (work / "out" / "plot.png").write_bytes(b"\x89PNG")
    async with house(work.parent / "data") as it:
        room = Room(it, work)
        assert (
            await room.send("out/plot.png", caption="look\nhere") == "plot.png is on its way into the chat."
        )
        [(piece, contents)] = await room.sent()
        assert (piece.channel_id, piece.body, piece.reply_to, contents) == (
            "c",
            "look here",
            None,
            [b"\x89PNG"],
        )
        assert [(file.name, file.shown) for file in piece.files] == [("plot.png", "out/plot.png")]


async def test_several_files_go_in_one_message_and_all_of_the_path_may_be_named(work: Path) -> None:
    for name in ("a", "b", "c"):
        (work / name).write_text(name)
    async with house(work.parent / "data") as it:
        room = Room(it, work)
        await room.send(str(work / "a"), more=["b", str(work / "c")])
        [(_, contents)] = await room.sent()
        assert contents == [b"a", b"b", b"c"]


async def test_no_more_files_go_than_a_message_takes(work: Path) -> None:
    for number in range(30):
        (work / str(number)).write_text("x")
    async with house(work.parent / "data") as it:
        room = Room(it, work)
        answer = await room.send("0", more=[str(number) for number in range(1, 30)])
        [(_, contents)] = await room.sent()
        assert len(contents) == FILES
        assert f"Not sent: the last {30 - FILES}." in answer
        assert "Not sent" not in await room.send("0")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("none", "There is no file `none` in the working directory."),
        ("dir", "`dir` is no plain file of its own"),
        ("link", "`link` is no plain file of its own, and no link is followed."),
        ("up/outside", "`outside` is no plain file of its own"),
        ("second", "`second` is no plain file of its own"),
        ("pipe", "`pipe` is no plain file of its own"),
        ("../outside", "named by its path below the working directory"),
        ("/etc/passwd", "named by its path below the working directory"),
        ("/dev/zero", "named by its path below the working directory"),
        ("", "named by its path below the working directory"),
        ("large", "`large` is larger than 10 MiB."),
        ("no\0", "There is no file"),
        ("\ud800", "There is no file"),
    ],
)
async def test_what_may_not_be_sent_is_refused_in_a_sentence(work: Path, path: str, said: str) -> None:
    (work / "dir").mkdir()
    (work / "link").symlink_to("../outside")
    (work / "up").symlink_to("..")
    os.link(work.parent / "outside", work / "second")
    os.mkfifo(work / "pipe")
    with (work / "large").open("wb") as large:
        large.truncate(10 * MIB + 1)
    (work / "fine").write_text("fine")
    async with house(work.parent / "data") as it:
        room = Room(it, work)
        async with asyncio.timeout(60):  # a pipe that nobody writes to holds nothing up
            answer = await room.send("fine", more=[path])
        assert answer.startswith("failed: ")
        assert said in answer
        assert answer.endswith("Nothing was sent.")
        assert await room.sent() == []
    assert room.waiting() == 0


async def test_files_that_are_too_much_together_are_refused(work: Path) -> None:
    for name in "abc":
        with (work / name).open("wb") as large:
            large.truncate(9 * MIB)
    async with house(work.parent / "data") as it:
        room = Room(it, work)
        assert "larger than 25 MiB together" in await room.send("a", more=["b", "c"])
        assert await room.sent() == []


async def test_a_secret_in_text_is_masked_and_one_in_a_binary_file_keeps_it_here(work: Path) -> None:
    (work / "notes.txt").write_text("key: correct-horse-battery")
    (work / "core").write_bytes(b"\xff\0correct-horse-battery")
    async with house(work.parent / "data") as it:
        it.engine.redactor.add("correct-horse-battery")
        room = Room(it, work)
        assert await room.send("notes.txt") == (
            "notes.txt is on its way into the chat. Secrets in it are masked."
        )
        assert "holds a secret" in await room.send("core")
        [(_, contents)] = await room.sent()
        assert contents == [f"key: {MASK}".encode()]


async def test_a_secret_in_a_caption_or_a_name_is_masked_before_it_is_stored(work: Path) -> None:
    (work / "correct-horse-battery.txt").write_text("x")
    async with house(work.parent / "data") as it:
        it.engine.redactor.add("correct-horse-battery")
        room = Room(it, work)
        assert not (
            await room.send("correct-horse-battery.txt", caption="is correct-horse-battery")
        ).startswith("failed")
        [(piece, _)] = await room.sent()
        assert "correct-horse" not in repr(piece)
        assert piece.body == f"is {MASK}"


async def test_before_anybody_has_spoken_nothing_is_sent(work: Path) -> None:
    (work / "a").write_text("a")
    async with house(work.parent / "data") as it:
        assert (await Room(it, work, None).send("a")).startswith("failed: Nobody has spoken")


async def test_one_thing_that_was_asked_does_not_fill_the_channel(work: Path) -> None:
    (work / "a").write_text("a")
    async with house(work.parent / "data") as it:
        room = Room(it, work)
        for _ in range(CALLS):
            await room.send("a")
        assert (await room.send("a")).startswith("failed: That is more than")
        room.here = Here(2, HERE.address)
        assert await room.send("a") == "a is on its way into the chat."


async def test_what_was_sent_for_a_turn_is_not_sent_again_by_a_later_agent_of_it(work: Path) -> None:
    """Issue 5: an agent whose turn was cut off begins anew, and calls the tool as it did before."""
    for name in ("a", "b"):
        (work / name).write_text("same")
    async with house(work.parent / "data") as it:
        assert await Room(it, work).send("a", caption="look") == "a is on its way into the chat."
        again = Room(it, work)  # the room's next agent
        assert await again.send("a", caption="look here") == (
            "a was sent before, for the same request, and has not changed since; so it is not sent a second"
            " time."
        )
        both = await again.send("b", more=["a", "b"])
        assert both.startswith("b is on its way into the chat. a was sent before")
        assert "a, b was sent before" in await again.send("a", more=["b"])
        (work / "a").write_text("other")
        assert await again.send("a") == "a is on its way into the chat."
        again.here = Here(2, HERE.address)
        assert await again.send("b") == "b is on its way into the chat."
        again.here = Here(None, HERE.address)
        for _ in range(2):  # what nobody asked for is never tried again
            assert await again.send("b") == "b is on its way into the chat."
        sent = [[file.name for file in piece.files] for piece, _ in await again.sent()]
    assert sent == [["a"], ["b"], ["a"], ["b"], ["b"], ["b"]]
    assert again.waiting() == 6  # that the outbox removes


async def test_two_calls_at_once_send_each_file_once(work: Path) -> None:
    for name in ("a", "b"):
        (work / name).write_text(name)
    async with house(work.parent / "data") as it:
        room = Room(it, work)
        await asyncio.gather(room.send("a"), room.send("a", more=["b"]), room.send("b"))
        sent = [file.name for piece, _ in await room.sent() for file in piece.files]
    assert sorted(sent) == ["a", "b"]


async def test_a_disk_that_takes_nothing_is_said_and_leaves_nothing(work: Path) -> None:
    (work / "a").write_text("a")
    async with house(work.parent / "data") as it:
        (work.parent / "data" / "spool").write_text("in the way")
        assert (await Room(it, work).send("a")).startswith("failed: Roomkey could not store the files")
        assert await it.store.outbox_due("test", 1) == []


SCRIPT = """
[[turn]]
match = "plot"
[[turn.step]]
tool = "send_file"
input = { path = "plot.txt" }
[[turn.step]]
text = "there"
"""


async def test_an_agent_sends_a_file_before_its_answer(work: Path) -> None:
    async with house(work.parent / "data", script=SCRIPT) as it:
        workdir = it.engine.paths.room(it.row("room", "").key).workdir
        workdir.mkdir(parents=True)
        (workdir / "plot.txt").write_text("plot")
        await it.say("room", "plot, please")
        await it.replies.until(1)
        first, _ = (await Room(it, work).sent())[0]
    assert (first.channel_id, first.body) == ("room", "")
    assert [file.name for file in first.files] == ["plot.txt"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("report.pdf", "report.pdf"),
        ("a\u202egnp.exe", "agnp.exe"),
        ("two\nlines.txt", "two lines.txt"),
        ("\x1b[31mred.txt", "[31mred.txt"),
        ("c:\\temp\\a.txt", "c:_temp_a.txt"),
        ("", "file"),
        ("\u200b", "file"),
        (".bashrc", ".bashrc"),
        ("x" * 300 + ".png", "x" * 96 + ".png"),
        ("x" * 300, "x" * 100),
        ("a." + "x" * 300, ("a." + "x" * 300)[:100]),
    ],
)
def test_a_files_name_is_shown_without_tricks_and_keeps_its_ending(name: str, shown: str) -> None:
    assert file_name(name) == shown
    assert len(file_name(name)) <= 100
