"""Attachments: from known hosts only, never too large, under names of ours, through no link."""

import asyncio
import gzip
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from bot.chat_discord.attachments import INLINE_BYTES, MIB, PASTE_BYTES, Limits, downloads
from sessions.prompts import Fetched
from sessions.store.values import Attachment
from tests.support.attached import file, turn_with
from tests.support.pictures import png
from tests.support.served import served

PACKED = gzip.compress(b"x" * MIB)


@asynccontextmanager
async def file_server() -> AsyncGenerator[str]:
    """Serve `/small`, `/endless`, `/drip`, `/packed`, `/long`, `/moved`; anything else is missing."""

    async def small(_: web.Request) -> web.Response:
        return web.Response(body=b"hello")

    async def endless(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        try:
            while True:
                await answer.write(b"x" * 65536)
        except (ConnectionError, asyncio.CancelledError):
            return answer

    async def drip(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        try:
            while True:
                await answer.write(b"x")
                await asyncio.sleep(0.01)
        except (ConnectionError, asyncio.CancelledError):
            return answer

    async def packed(_: web.Request) -> web.Response:
        return web.Response(body=PACKED, headers={"Content-Encoding": "gzip"})

    async def long(_: web.Request) -> web.Response:
        return web.Response(body="é".encode() * PASTE_BYTES)

    async def moved(_: web.Request) -> web.Response:
        raise web.HTTPFound("/small")

    app = web.Application()
    files = {
        "small": small,
        "endless": endless,
        "drip": drip,
        "packed": packed,
        "long": long,
        "moved": moved,
    }
    app.add_routes([web.get(f"/{name}", serve) for name, serve in files.items()])
    async with served(app) as base:
        yield base


async def fetched(base: str, inbox: Path, *files: Attachment, limits: Limits | None = None) -> list[Fetched]:
    async with downloads(f"{base}/api/v10", limits) as loader:
        return list(await loader.fetch(turn_with(*files), inbox))


async def test_files_get_names_of_ours(tmp_path: Path) -> None:
    async with file_server() as base:
        url = f"{base}/small"
        names = ["notes.TXT", "../../etc/passwd", "run.exe", "a.tar.gz", "no ending", "x.p\0y"]
        found = await fetched(base, tmp_path / "inbox", *(file(url, name) for name in names))
    shown = [one.path.name for one in found if one.path]
    assert shown == ["50_1.txt", "50_2.bin", "50_3.bin", "50_4.bin", "50_5.bin", "50_6.bin"]
    assert sorted(path.name for path in (tmp_path / "inbox").iterdir()) == sorted(shown)
    assert (tmp_path / "inbox" / "50_1.txt").read_bytes() == b"hello"


async def test_a_repeated_turn_writes_beside_what_is_there(tmp_path: Path) -> None:
    async with file_server() as base:
        await fetched(base, tmp_path / "inbox", file(f"{base}/small"))
        found = await fetched(base, tmp_path / "inbox", file(f"{base}/small"))
    assert found[0].path == tmp_path / "inbox" / "50_1_2.txt"


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/a.txt",
        "http://cdn.discordapp.com/a.txt",
        "https://cdn.discordapp.com.example.org/a.txt",
        "https://cdn.discordapp.com@example.org/a.txt",
        "http://127.0.0.1:1/a.txt",
        "file:///etc/passwd",
        "/etc/passwd",
        "http://[",
        "",
    ],
)
async def test_only_known_hosts_are_asked(tmp_path: Path, url: str) -> None:
    async with file_server() as base:
        for api in (base, "https://discord.com"):
            [found] = await fetched(api, tmp_path / "inbox", file(url))
            assert found.problem == "It does not lie on Discord's own servers."
    assert not list((tmp_path / "inbox").glob("*"))


async def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    async with file_server() as base:
        [found] = await fetched(base, tmp_path / "inbox", file(f"{base}/moved"))
    assert found.problem == "Discord answered 302 for it."


async def test_a_missing_file_is_told_and_the_others_arrive(tmp_path: Path) -> None:
    async with file_server() as base:
        found = await fetched(base, tmp_path / "inbox", file(f"{base}/gone"), file(f"{base}/small"))
    assert [bool(one.path) for one in found] == [False, True]
    assert found[0].problem == "Discord answered 404 for it."


async def test_a_file_that_says_it_is_too_large_is_not_asked_for(tmp_path: Path) -> None:
    [found] = await fetched(
        "http://127.0.0.1:1", tmp_path / "inbox", file("http://127.0.0.1:1/a", size_bytes=30 * 2**20)
    )
    assert found.problem == "It is larger than 25 MiB."


async def test_a_file_that_lies_about_its_size_is_cut_off(tmp_path: Path) -> None:
    async with file_server() as base:
        [found] = await fetched(base, tmp_path / "inbox", file(f"{base}/endless"))
    assert found.problem == "It is larger than 25 MiB."
    assert not list((tmp_path / "inbox").glob("*"))


async def test_a_host_that_does_not_answer_is_told(tmp_path: Path) -> None:
    [found] = await fetched("http://127.0.0.1:1", tmp_path / "inbox", file("http://127.0.0.1:1/a"))
    assert found.problem.startswith("It could not be downloaded")


async def test_only_the_first_files_are_taken(tmp_path: Path) -> None:
    async with file_server() as base:
        found = await fetched(base, tmp_path / "inbox", *[file(f"{base}/small")] * 11)
    assert [bool(one.path) for one in found] == [True] * 10 + [False]
    assert found[-1].problem == "Only the first 10 files of a message are taken."


async def test_an_inbox_that_is_a_link_is_not_written_to(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "inbox").symlink_to(outside)
    async with file_server() as base:
        [found] = await fetched(base, tmp_path / "inbox", file(f"{base}/small"))
    assert found.problem.startswith("It could not be stored")
    assert not list(outside.iterdir())


async def test_a_file_that_drips_is_given_up_in_time(tmp_path: Path) -> None:
    async with file_server() as base:
        file_too_slow = await fetched(
            base, tmp_path / "inbox", file(f"{base}/drip"), limits=Limits(file_s=0.3)
        )
        began = asyncio.get_running_loop().time()
        all_too_slow = await fetched(
            base, tmp_path / "inbox", *[file(f"{base}/drip")] * 10, limits=Limits(file_s=50, all_s=0.3)
        )
        took_s = asyncio.get_running_loop().time() - began
    assert {one.problem for one in file_too_slow} == {"It did not arrive within 0 seconds."}
    assert not any(one.path for one in all_too_slow)
    assert took_s < 40  # ten files of 50 s each would take longer
    assert not list((tmp_path / "inbox").glob("*"))


async def test_nothing_is_unpacked_on_the_way(tmp_path: Path) -> None:
    async with file_server() as base:
        [found] = await fetched(base, tmp_path / "inbox", file(f"{base}/packed"))
    assert found.path is not None
    assert found.path.read_bytes() == PACKED


async def test_a_room_that_is_full_takes_no_more(tmp_path: Path) -> None:
    limits = Limits(room_bytes=8)
    async with file_server() as base:
        url = f"{base}/small"
        first, second = await fetched(base, tmp_path / "inbox", file(url), file(url), limits=limits)
        [liar] = await fetched(base, tmp_path / "inbox", file(url, size_bytes=0), limits=limits)
    assert first.path is not None
    assert second.problem == liar.problem != ""
    assert len(list((tmp_path / "inbox").iterdir())) == 1


async def test_a_long_paste_is_read_as_text(tmp_path: Path) -> None:
    async with file_server() as base:
        pasted, renamed = await fetched(
            base,
            tmp_path / "inbox",
            file(f"{base}/small", "message.txt"),
            file(f"{base}/small", "notes.txt"),
        )
        [long] = await fetched(base, tmp_path / "inbox", file(f"{base}/long", "message.txt"))
    assert (pasted.text, pasted.is_cut, renamed.text) == ("hello", False, "hello")
    assert (long.text, long.is_cut) == ("é" * (PASTE_BYTES // 2), True)
    assert long.path is not None
    assert long.path.stat().st_size == 2 * PASTE_BYTES


async def test_what_is_stored_cannot_be_run(tmp_path: Path) -> None:
    async with file_server() as base:
        [found] = await fetched(base, tmp_path / "inbox", file(f"{base}/small", "run.sh"))
    assert found.path is not None
    assert found.path.stat().st_mode & 0o777 == 0o600


@asynccontextmanager
async def serving(**contents: bytes) -> AsyncGenerator[str]:
    """Serve these files by their names."""

    async def serve(request: web.Request) -> web.Response:
        return web.Response(body=contents[request.match_info["name"]])

    app = web.Application()
    app.add_routes([web.get("/{name}", serve)])
    async with served(app) as base:
        yield base


@pytest.mark.parametrize(
    ("name", "content", "text", "is_image"),
    [
        ("a.png", png(), None, True),
        ("a.txt", png(), None, True),
        ("lies.png", b"hello", "hello", False),
        ("lies.png", b"\x89PNG\r\n\x1a\nnot so", None, False),
        ("empty.txt", b"", None, False),
        ("blank.txt", b" \n\t", None, False),
        ("nul.txt", b"a\0b", None, False),
        ("latin.txt", b"gr\xfc\xdfe", None, False),
        ("surrogate.txt", b"\xed\xa0\x80", None, False),
        ("ansi.log", b"\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m", False),
        ("bom.txt", b"\xef\xbb\xbfhi", "\ufeffhi", False),
        ("small.csv", b"x" * INLINE_BYTES, "x" * INLINE_BYTES, False),
        ("large.csv", b"x" * (INLINE_BYTES + 1), None, False),
    ],
)
async def test_what_a_file_is_to_the_agent_is_decided_by_its_bytes(
    tmp_path: Path, name: str, content: bytes, text: str | None, is_image: bool
) -> None:
    async with serving(it=content) as base:
        [found] = await fetched(base, tmp_path / "inbox", file(f"{base}/it", name))
    assert (found.text, found.image is not None) == (text, is_image)
    assert found.path is not None
    assert found.path.read_bytes() == content


async def test_a_file_that_goes_over_its_limit_leaves_nothing_behind(tmp_path: Path) -> None:
    limits = Limits(file_bytes=2 * MIB, room_bytes=10 * MIB)
    async with file_server() as base:
        [found] = await fetched(base, tmp_path / "inbox", file(f"{base}/endless"), limits=limits)
    assert found.problem == "It is larger than 2 MiB."
    assert list((tmp_path / "inbox").iterdir()) == []


async def test_of_thirty_files_ten_are_taken_and_the_others_named(tmp_path: Path) -> None:
    async with file_server() as base:
        files = [file(f"{base}/small", f"{number}.txt") for number in range(30)]
        found = await fetched(base, tmp_path / "inbox", *files)
    assert len(found) == 30
    assert len(list((tmp_path / "inbox").iterdir())) == 10
    assert {one.problem for one in found[10:]} == {"Only the first 10 files of a message are taken."}
