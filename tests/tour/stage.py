"""Where the tour plays: a guild with its page, the offline model, the installed bot, and one browser"
" window."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from playwright.async_api import Browser, Locator, Page, expect
from playwright.async_api import Error as BrowserError

from bot.demo.guild import OfflineGuild, RateLimits
from bot.demo.guild.page_api import page_routes
from bot.demo.guild.permissions import Permission
from bot.demo.guild.places import Place
from bot.demo.model import OfflineModel
from tests.support.running_bot import World
from tests.tour import png

WIDTH, HEIGHT = 700, 1500
"""A window in which the list of places is hidden, and in which a whole scene fits."""

MOST_PX = 640
"""The end of a longer conversation is what is shown."""

MOST_BYTES = 58_000
"""A picture that is larger gets fewer colours."""

WAIT_S = 60.0
_MARGIN_PX = 12
_SCALE = 1.5
_STOP_MS = 10_000
_UNFOCUS = "document.activeElement?.closest('#log') && document.activeElement.blur()"
_KEEPS = Permission.MANAGE_CHANNELS | Permission.MANAGE_THREADS | Permission.MANAGE_MESSAGES
_BOXES = """cut => {
  const shown = [...document.querySelectorAll("dialog[open]")];
  const said = [...document.querySelectorAll("#log .message, #log .post")];
  const from = said.findIndex(one => one.dataset.id === cut) + 1;
  const open = [...document.querySelectorAll("#rows:not([hidden]), #command:not([hidden]), .popup")];
  const all = shown.length ? shown : [...said.slice(from), ...open];
  if (!shown.length && open.some(one => one.id)) all.push(document.getElementById("foot"));
  return all.map(one => one.getBoundingClientRect()).map(box => [box.top, box.bottom]);
}"""
"""The boxes of what a picture shows: an open dialogue, or what was said and what stands open beside it."""


class Stage:
    """One window on one room. What goes wrong is an AssertionError that says what was seen."""

    def __init__(self, world: World, page: Page) -> None:
        self.world = world
        self.guild = world.guild
        self.page = page
        self.place: Place = world.guild.channel("lobby")
        self.picture: bytes | None = None
        self._cut = ""

    async def enter(self, place: Place) -> None:
        """Show a place."""
        self.place = place
        self._cut = ""
        await self.page.evaluate("id => { location.hash = '#/' + id }", place.id)
        await expect(self.page.locator("#place")).to_have_text(
            ("" if place.channel.thread else "#") + place.name, timeout=WAIT_S * 1000
        )

    def message(self, text: str, *, of_app: bool = False) -> Locator:
        """The newest message that holds a text, or the newest of the bot."""
        return self.page.locator(".message.app" if of_app else ".message").filter(has_text=text).last

    async def rest(self) -> None:
        """End what still runs in this room and close what stands open: the next scene needs the agent."""
        await self.page.keyboard.press("Escape")
        await self.page.evaluate("document.querySelector('dialog')?.remove()")
        stop = self.page.locator("#log").get_by_role("button", name="Stop", exact=True)
        # The turn may end by itself meanwhile, and take the button with it.
        with suppress(BrowserError, AssertionError):
            if await stop.count():
                await stop.last.click(timeout=_STOP_MS)
                await expect(stop).to_have_count(0, timeout=_STOP_MS)

    async def cut(self) -> None:
        """Leave out of the picture what was said so far."""
        said = self.page.locator("#log .message")
        self._cut = await said.last.get_attribute("data-id") or "" if await said.count() else ""

    async def shoot(self) -> None:
        """Take the picture."""
        page = self.page
        await page.evaluate("document.fonts.ready")
        # Neither the pointer nor the bar that it brings belongs into a picture.
        await page.mouse.move(0, 0)
        await page.evaluate("document.querySelector('.tools')?.remove(); " + _UNFOCUS)
        boxes: list[list[float]] = await page.evaluate(_BOXES, self._cut)
        assert boxes, f"there is nothing to see in {self.place.name}"
        top = max(min(box[0] for box in boxes) - _MARGIN_PX, 0)
        bottom = min(max(box[1] for box in boxes) + _MARGIN_PX, HEIGHT)
        top = max(top, bottom - MOST_PX)
        clip = {"x": 0.0, "y": top, "width": float(WIDTH), "height": bottom - top}
        shot = await page.screenshot(
            clip={"x": clip["x"], "y": clip["y"], "width": clip["width"], "height": clip["height"]},
            animations="disabled",
        )
        for colours in (256, 48, 20):
            self.picture = await asyncio.to_thread(png.smaller, shot, colours)
            if len(self.picture) < MOST_BYTES:
                break


@asynccontextmanager
async def stage(
    browser: Browser, root: Path, rooms: list[str], settings: Mapping[str, str]
) -> AsyncGenerator[Stage]:
    """Open a guild with these rooms, start the bot, and look at it as ann."""
    async with (
        OfflineGuild(
            name="Roomkey House",
            channels=["lobby", "front-desk", *rooms],
            forum=["ideas"],
            users=["ann", "ben"],
            bots=["roomkey"],
            rate_limits=RateLimits.off(),
            routes=page_routes(),
        ) as guild,
        OfflineModel() as model,
    ):
        guild.add_role("keepers", ["ann"], _KEEPS)
        world = World(guild, model, root / "roomkey", settings=dict(settings), has_footer=True)
        page = await browser.new_page(
            viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=_SCALE, reduced_motion="reduce"
        )
        page.set_default_timeout(WAIT_S * 1000)
        try:
            await world.start()
            await page.goto(f"{guild.url}/?as=ann")
            await expect(page.locator("#place")).not_to_be_empty(timeout=WAIT_S * 1000)
            yield Stage(world, page)
        finally:
            await page.close()
            if world.bot is not None and world.bot.returncode is None:
                await world.stop()
