"""The page in a real browser, wide and narrow, light and dark: nothing sticks out of it."""

import pytest
from playwright.async_api import expect

from tests.support.browser import ARTEFACTS
from tests.support.page_room import Room, message_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("width", [1280, 420])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_looks_right(room: Room, scheme: str, width: int) -> None:
    ann, ben, desk = room.guild.user("ann"), room.guild.user("ben"), room.desk
    room.bot.go_on.set()
    said = await ann.says("grow", desk, files={"adder.py": b"x" * 3000})
    grown = await desk.next_from_bot(after=said, containing="42 s")
    await ben.says("**Good**, and ~~bad~~ __fine__: ||a secret|| `code`", desk, reply_to=grown)
    await ann.opens_thread(desk, "the adder", on=said)
    await ann.posts(room.guild.channel("ideas"), "A better picker", "It should fold.")
    asked = await ann.says("ask", desk)
    await desk.next_from_bot(after=asked, containing="May I")
    await ann.runs("/status", desk)
    page = await room.opens("ann", width=width, dark=scheme == "dark", still=True)
    await expect(message_of(page, "idle, verbose")).to_be_in_viewport()
    await page.screenshot(path=ARTEFACTS / f"page-{scheme}-{width}.png")

    wide = "() => document.documentElement.scrollWidth <= innerWidth"
    assert await page.evaluate(wide), "the page is wider than its window"
    await page.locator(".message h2").scroll_into_view_if_needed()
    await page.get_by_label("Message #desk").fill("/")
    await page.get_by_label("Message #desk").press("End")
    await page.screenshot(path=ARTEFACTS / f"page-{scheme}-{width}-above.png")
    if width < 760:
        await expect(page.get_by_role("navigation")).to_be_hidden()
        await page.get_by_role("button", name="Channels").click()
        await expect(page.get_by_role("navigation")).to_be_visible()
        await page.screenshot(path=ARTEFACTS / f"page-{scheme}-{width}-places.png")
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("navigation")).to_be_hidden()
