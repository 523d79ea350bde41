"""The page of the offline guild in browser windows, with a bot that answers, and what people do there."""

from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from bot.demo.guild import OfflineGuild
from bot.demo.guild.page_api import PageAbout
from tests.support.page_bot import PageBot

ABOUT = PageAbout(
    facts={"Isolation": "none", "Model": "offline"},
    hints=("Say `grow` in #desk and watch the answer.", "Type `/` for the commands."),
)
REFUSED = "Failed to load resource"
"""How the browser's console speaks of an act that was refused; the page tells the person."""


PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cf"
    "500f0003860180345ad3d40000000049454e44ae426082"
)


class Room:
    """A guild with its page and bot; `opens` gives somebody a browser window on it."""

    def __init__(self, guild: OfflineGuild, bot: PageBot, browser: Browser) -> None:
        self.guild = guild
        self.bot = bot
        self.desk = guild.channel("desk")
        self.faults: list[str] = []
        self._browser = browser
        self._contexts: list[BrowserContext] = []

    async def opens(self, name: str, *, width: int = 1280, dark: bool = False, still: bool = False) -> Page:
        context = await self._browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce" if still else "no-preference",
        )
        self._contexts.append(context)
        context.set_default_timeout(30_000)
        expect.set_options(timeout=30_000)
        page = await context.new_page()
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", self._hear)
        await page.goto(f"{self.guild.url}/?as={name}")
        await expect(page.get_by_role("heading", name="#desk")).to_be_visible()
        return page

    async def close(self) -> None:
        for context in self._contexts:
            await context.close()

    def _hear(self, message: object) -> None:
        kind, text = getattr(message, "type", ""), getattr(message, "text", "")
        if kind in ("error", "warning") and not text.startswith(REFUSED):
            self.faults.append(text)


def message_of(page: Page, text: str) -> Locator:
    return page.locator(".message").filter(has_text=text).last


async def says(page: Page, text: str) -> None:
    box = page.get_by_label("Message #desk")
    await box.fill(text)
    await box.press("Enter")
