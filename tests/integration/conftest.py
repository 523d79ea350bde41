"""What more than one module asks for: every line logged, a well installation, a browser, a page."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from bot.demo.guild import OfflineGuild, RateLimits
from bot.demo.guild.page_api import page_routes
from tests.support.browser import chromium
from tests.support.discord_client import connected
from tests.support.doctor_desk import well_desk
from tests.support.page_bot import PageBot
from tests.support.page_room import ABOUT, Room
from tests.support.setup_desk import SetupDesk


@pytest.fixture
def every_line_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Let lines be made that most runs leave out: a bad one breaks what it tells of."""
    caplog.set_level("INFO", logger="bot")


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[SetupDesk]:
    """A home in which all is well, and a systemd that only takes notes."""
    async with well_desk(tmp_path) as made:
        monkeypatch.setenv("PATH", made.environment()["PATH"])
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncGenerator[Browser]:
    async with chromium() as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def room(browser: Browser) -> AsyncGenerator[Room]:
    async with OfflineGuild(
        channels=["desk", "lab"],
        forum=["ideas"],
        users=["ann", "ben"],
        rate_limits=RateLimits.off(),
        routes=page_routes(ABOUT),
    ) as guild:
        bot = PageBot(guild)
        async with connected(guild, bot):
            opened = Room(guild, bot, browser)
            yield opened
            await opened.close()
    assert opened.faults == []
    assert guild.ledger.unknown_routes == []
