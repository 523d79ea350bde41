"""Where the tour plays: a guild with its page, the offline model, the installed bot, and a window."""

import asyncio
import re
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

MOST_PX = 660
"""Of a longer conversation the end is shown, from the beginning of a message on if one begins there."""

MOST_BYTES = 58_000
"""A picture that is larger gets fewer colours."""

WAIT_S = 60.0
_MARGIN_PX = 12
_SCALE = 1.5
_STOP_MS = 10_000
_TRIES = 5
_UNFOCUS = "document.activeElement?.closest('#log') && document.activeElement.blur()"
_KEEPS = Permission.MANAGE_CHANNELS | Permission.MANAGE_THREADS | Permission.MANAGE_MESSAGES
_FADES_PX = 44
_BOXES = """cut => {
  const shown = [...document.querySelectorAll("dialog[open]")];
  const said = [...document.querySelectorAll("#log .message, #log .post")];
  const from = said.findIndex(one => one.dataset.id === cut) + 1;
  document.querySelector("#log").style.visibility = from === said.length ? "hidden" : "";
  document.querySelector("#typing").style.visibility = "hidden";
  const open = [...document.querySelectorAll("#rows:not([hidden]), #command:not([hidden]), .popup")];
  const all = shown.length ? shown : [...said.slice(from), ...open];
  if (!shown.length && open.some(one => one.id)) all.push(document.getElementById("foot"));
  return all.map(one => one.getBoundingClientRect()).map(box => [box.top, box.bottom]);
}"""
"""The boxes of what a picture shows: an open dialogue, or what was said and what stands open beside it."""

_FADE = """edges => {
  for (const [side, at, height] of edges) {
    const veil = document.createElement("div");
    veil.className = "veil";
    const to = side === "top" ? "bottom" : "top";
    veil.style.cssText = `position:fixed;left:0;right:0;top:${at}px;height:${height}px;z-index:99;` +
      `pointer-events:none;background:linear-gradient(to ${to}, var(--paper), transparent)`;
    document.body.append(veil);
  }
}"""
"""What is cut in the middle of a message fades out, so that nobody takes it for the whole."""

_UNFADE_VEILS = "document.querySelectorAll('.veil').forEach(one => one.remove())"
_UNFADE = """() => {
  document.querySelectorAll(".veil").forEach(one => one.remove());
  for (const id of ["log", "typing"]) document.getElementById(id).style.visibility = "";
}"""


class Stage:
    """One window on one room. What goes wrong is an AssertionError that says what was seen."""

    def __init__(self, world: World, page: Page) -> None:
        self.world = world
        self.guild = world.guild
        self.page = page
        self.place: Place = world.guild.channel("lobby")
        self.picture: bytes | None = None
        self._cut = ""
        self._begins = ""
        self._viewer = "ann"

    async def enter(self, place: Place) -> None:
        """Show a place to ann."""
        if self._viewer != "ann":
            await self.look_as("ann")
        self.place = place
        self._cut = self._begins = ""
        await self.page.evaluate("id => { location.hash = '#/' + id }", place.id)
        await expect(self.page.locator("#place")).to_have_text(
            ("" if place.channel.thread else "#") + place.name, timeout=WAIT_S * 1000
        )

    async def look_as(self, who: str) -> None:
        """Show the place in view to somebody else."""
        self._viewer = who
        await self.page.goto(f"{self.guild.url}/?as={who}#/{self.place.id}")
        await expect(self.page.locator(f'#people input[value="{who}"]')).to_be_checked(timeout=WAIT_S * 1000)

    async def begin_at(self, text: str) -> None:
        """Let the picture begin with a message of the bot."""
        self._begins = await self.message(text, of_app=True).get_attribute("data-id") or ""

    def message(self, text: str | re.Pattern[str], *, of_app: bool = False) -> Locator:
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
        shot = b""
        for _ in range(_TRIES):
            boxes: list[list[float]] = await page.evaluate(_BOXES, self._cut)
            assert boxes, f"there is nothing to see in {self.place.name}"
            shot = await self._shot(boxes)
            # What grew meanwhile has moved the rest: then this is the picture of half a message.
            if await page.evaluate(_BOXES, self._cut) == boxes:
                break
        await page.evaluate(_UNFADE)
        for colours in (256, 48, 20):
            self.picture = await asyncio.to_thread(png.smaller, shot, colours)
            if len(self.picture) < MOST_BYTES:
                break

    async def _shot(self, boxes: list[list[float]]) -> bytes:
        """Return the part of the window in which these boxes are; faded where it is cut."""
        top, bottom = await self._edges(boxes)
        begins_whole = any(0 <= box[0] - top <= 2 * _MARGIN_PX for box in boxes)
        edges = [("top", top, _FADES_PX)] * (not begins_whole)
        edges += [("bottom", bottom - _FADES_PX, _FADES_PX)] * (max(box[1] for box in boxes) > bottom)
        await self.page.evaluate(_UNFADE_VEILS)
        await self.page.evaluate(_FADE, edges)
        return await self.page.screenshot(
            clip={"x": 0.0, "y": top, "width": float(WIDTH), "height": bottom - top}, animations="disabled"
        )

    async def _edges(self, boxes: list[list[float]]) -> tuple[float, float]:
        """Return where the picture begins and ends, in pixels from above."""
        first = max(min(box[0] for box in boxes) - _MARGIN_PX, 0)
        last = min(max(box[1] for box in boxes) + _MARGIN_PX, HEIGHT)
        if self._begins:
            begins = self.page.locator(f'[data-id="{self._begins}"]')
            await begins.evaluate("one => one.scrollIntoView({block: 'start'})")
            top = await begins.evaluate("one => one.getBoundingClientRect().top") - _MARGIN_PX
            return top, min(top + MOST_PX, HEIGHT)
        if last - first <= MOST_PX:
            return first, last
        begun = [box[0] - _MARGIN_PX for box in boxes if MOST_PX * 0.7 < last - box[0] < MOST_PX]
        return min(begun, default=last - MOST_PX), last


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
