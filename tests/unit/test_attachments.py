"""Attachments: from known hosts only, never too large, under names of ours, through no link."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from bot.chat_discord import attachments
from bot.chat_discord.attachments import FILES, downloads
from sessions.keys import TurnId, session_key
from sessions.prompts import Fetched
from sessions.store.values import Attachment, ChatAddress, Kind, Origin, Prompt, Turn, TurnState


def turn_with(*files: Attachment) -> Turn:
    return Turn(
        id=TurnId(7),
        key=session_key("room"),
        kind=Kind.PROMPT,
        origin=Origin.HUMAN,
        state=TurnState.RUNNING,
        attempt=1,
        generation=0,
        address=ChatAddress(platform="discord", channel_id="1", message_id="50"),
        prompt=Prompt(text="hi", attachments=files),
        created=datetime(2030, 1, 1, tzinfo=UTC),
    )


@asynccontextmanager
async def file_server() -> AsyncGenerator[str]:
    """Serve `/small`, `/endless`, `/moved`; anything else is missing."""

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

    async def moved(_: web.Request) -> web.Response:
        raise web.HTTPFound("/small")

    app = web.Application()
    app.add_routes([web.get("/small", small), web.get("/endless", endless), web.get("/moved", moved)])
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def file(url: str, name: str = "notes.txt", size_bytes: int = 5) -> Attachment:
    return Attachment(id="1", name=name, url=url, size_bytes=size_bytes)


async def fetched(base: str, inbox: Path, *files: Attachment) -> list[Fetched]:
    async with downloads(f"{base}/api/v10") as loader:
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
    assert not (tmp_path / "inbox").exists()


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
    assert not (tmp_path / "inbox").exists()


async def test_a_host_that_does_not_answer_is_told(tmp_path: Path) -> None:
    [found] = await fetched("http://127.0.0.1:1", tmp_path / "inbox", file("http://127.0.0.1:1/a"))
    assert found.problem.startswith("It could not be downloaded")


async def test_only_the_first_files_are_taken(tmp_path: Path) -> None:
    async with file_server() as base:
        found = await fetched(base, tmp_path / "inbox", *[file(f"{base}/small")] * (FILES + 1))
    assert [bool(one.path) for one in found] == [True] * FILES + [False]
    assert found[-1].problem == "Only the first 10 files of a message are taken."


async def test_an_inbox_that_is_a_link_is_not_written_to(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "inbox").symlink_to(outside)
    async with file_server() as base:
        [found] = await fetched(base, tmp_path / "inbox", file(f"{base}/small"))
    assert found.problem.startswith("It could not be stored")
    assert not list(outside.iterdir())


def test_the_limits_are_said_as_they_are() -> None:
    assert attachments.FILE_BYTES == 25 * 1024 * 1024
