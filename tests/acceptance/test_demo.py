"""`roomkey demo` as a person meets it: one address, a page behind it, and nothing left at the end."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from tests.support.browser import ARTEFACTS, chromium

pytestmark = pytest.mark.timeout(240)


@asynccontextmanager
async def demo(
    tmp_path: Path, *options: str, path: str = os.environ["PATH"]
) -> AsyncGenerator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "demo", "--no-browser", *options),
        env={"PATH": path, "HOME": str(tmp_path), "TMPDIR": str(tmp_path)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def address(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(60):
        line = (await process.stdout.readline()).decode()
    assert line.startswith("Roomkey is ready: http://127.0.0.1:")
    return line.split()[-1]


async def test_it_prints_one_address_and_leaves_nothing_behind(tmp_path: Path) -> None:
    async with demo(tmp_path) as process:
        await address(process)
        process.terminate()
        assert await process.wait() == 0
        assert process.stderr is not None
        assert await process.stderr.read() == b""
        assert process.stdout is not None
        assert b"The guild's rate limits made " in await process.stdout.read()
    assert not list(tmp_path.glob("roomkey-demo-*"))


async def test_an_end_while_it_starts_leaves_nothing_behind(tmp_path: Path) -> None:
    async with demo(tmp_path) as process:
        async with asyncio.timeout(60):
            while not list(tmp_path.glob("roomkey-demo-*/roomkey/roomkey.lock")):
                await asyncio.sleep(0.01)
        process.terminate()
        assert process.stderr is not None
        assert await process.stderr.read() == b""  # so nobody is left who holds it open
        assert await process.wait() == 0
    assert not list(tmp_path.glob("roomkey-demo-*"))


async def test_a_weaker_isolation_is_said_in_the_terminal_and_on_the_page(tmp_path: Path) -> None:
    """Where there is no bubblewrap. Nothing but the demo falls back."""
    async with demo(tmp_path, path="/nowhere") as process, chromium() as browser:
        url = await address(process)
        assert process.stdout is not None
        async with asyncio.timeout(60):
            lines = [(await process.stdout.readline()).decode() for _ in range(3)]
        assert "apt install bubblewrap" in lines[1]
        assert lines[2].startswith(
            ("The demo goes on with isolation landlock:", "The demo goes on with isolation none:")
        )
        page = await browser.new_page()
        await page.goto(url)
        await expect(page.get_by_text("nothing stronger is possible here")).to_have_count(1, timeout=30_000)


async def test_a_port_that_is_taken_is_one_sentence(tmp_path: Path) -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, demo(tmp_path, "--port", str(port)) as process:
        assert process.stderr is not None
        error = (await process.stderr.read()).decode()
        assert await process.wait() == 1
        assert error.startswith(f"roomkey: The demo cannot listen on port {port}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_person_does_the_main_job_on_the_page(tmp_path: Path, scheme: str) -> None:
    """Writes, sees the answer grow, allows a tool, uploads a file, opens a thread, uses the picker."""
    async with demo(tmp_path) as process, chromium() as browser:
        url = await address(process)
        page = await browser.new_page(
            viewport={"width": 1280, "height": 800},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        page.set_default_timeout(30_000)
        expect.set_options(timeout=30_000)
        await page.goto(url)
        await page.get_by_role("navigation").get_by_role("link", name="#workshop").click()
        await says(page, "Hello, what is this room?")
        await expect(message(page, "the first thing I hear in this room")).to_be_visible()

        await says(page, "slow:3")
        growing = message(page, "word1")
        await expect(growing).to_contain_text("word3")
        await expect(growing).not_to_contain_text("word20")
        await expect(message(page, "word20")).to_be_visible()

        await says(page, 'tool:Bash:{"command": "echo kiwi > note && ls note"}')
        await page.get_by_role("button", name="Allow once").click()
        await expect(message(page, "tool said: note")).to_be_visible()

        await page.locator("input[type=file]").set_input_files(
            {"name": "plan.txt", "mimeType": "text/plain", "buffer": b"kiwi"}
        )
        await says(page, "Here is a file.")
        await expect(message(page, "I was shown: “kiwi”")).to_be_visible()

        await page.get_by_label("Message #workshop").fill("/stat")
        await page.keyboard.press("Enter")
        await page.keyboard.press("Enter")
        await expect(message(page, "Go on in a terminal")).to_be_visible()
        await page.screenshot(path=ARTEFACTS / f"demo-{scheme}.png")

        await page.get_by_role("button", name="Open thread").click()
        await page.get_by_label("Name").fill("aside")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="aside")).to_be_visible()
        await says(page, "And here?", place="aside")
        await expect(message(page, "the first thing I hear in this room")).to_be_visible()


def message(page: Page, text: str | re.Pattern[str]) -> Locator:
    return page.locator(".message:not(.own)").filter(has_text=text).last


async def says(page: Page, text: str, place: str = "#workshop") -> None:
    box = page.get_by_label(f"Message {place}")
    await box.fill(text)
    await box.press("Enter")
