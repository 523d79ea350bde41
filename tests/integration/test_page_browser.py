"""The page in a real browser, with a real discord.py bot: what a person does, and how it looks."""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import suppress

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, FilePayload, Locator, Page, expect
from playwright.async_api import TimeoutError as TooLate

from bot.demo.guild import OfflineGuild, RateLimits
from bot.demo.guild.model import Message
from bot.demo.guild.page_api import PageAbout, page_routes
from bot.demo.guild.permissions import Permission
from tests.support.browser import ARTEFACTS, chromium
from tests.support.discord_client import connected
from tests.support.page_bot import PageBot

pytestmark = pytest.mark.asyncio(loop_scope="module")

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
CARRY = """(target, [kind, name, carrier, file]) => {
    const carried = new DataTransfer();
    carried.items.add(new File(["carried"], file));
    target.dispatchEvent(new window[kind](name, { [carrier]: carried, bubbles: true, cancelable: true }));
}"""
"""Drops or pastes a file."""


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


def _message(page: Page, text: str) -> Locator:
    return page.locator(".message").filter(has_text=text).last


async def _says(page: Page, text: str) -> None:
    box = page.get_by_label("Message #desk")
    await box.fill(text)
    await box.press("Enter")


async def test_a_person_writes_and_sees_the_answer_grow_in_place(room: Room) -> None:
    page = await room.opens("ann")
    await _says(page, "grow")
    answer = page.locator(".message").filter(has_text="app").last
    heading = answer.locator("h2")
    await expect(heading).to_have_text("What I found")
    await heading.evaluate("element => element.kept = true")
    room.bot.go_on.set()

    await expect(answer.locator(".body > small")).to_have_text("42 s, 7 tools")
    await expect(answer.locator("pre[data-language=py] code")).to_have_text(re.compile("def add"))
    await expect(answer.locator("a.mention")).to_have_text("#desk")
    await expect(answer.locator(".edited")).to_have_text("edited")
    await expect(page.locator(".message")).to_have_count(2)
    assert await heading.evaluate("element => element.kept"), "what stood there was drawn anew"
    await expect(page.locator("#heard")).to_have_text(re.compile("robot: ## What I found"))


async def test_who_reads_above_is_not_moved_by_what_grows_below(room: Room) -> None:
    robot = room.guild.bot
    said = [await robot.says(f"line {count}\n\nand another", room.desk) for count in range(40)]
    page = await room.opens("ann")
    await expect(_message(page, "line 39")).to_be_in_viewport()
    await page.locator(f"#m{said[3].id}").scroll_into_view_if_needed()
    await expect(_message(page, "line 39")).not_to_be_in_viewport()
    before = await page.locator("#frame").evaluate("frame => frame.scrollTop")
    await robot.edits(said[-1], "grown\n\n" * 30)
    await robot.says("a new one", room.desk)

    newest = page.get_by_role("button", name="Newest messages")
    await expect(newest).to_be_visible()
    assert await page.locator("#frame").evaluate("frame => frame.scrollTop") == before
    await newest.click()
    await expect(_message(page, "a new one")).to_be_in_viewport()
    await robot.says("and one more", room.desk)
    await expect(_message(page, "and one more")).to_be_in_viewport()


async def test_a_command_is_run_by_keyboard_alone(room: Room) -> None:
    page = await room.opens("ann")
    await expect(page.get_by_label("Message #desk")).to_be_focused()
    await page.keyboard.type("/")
    offered = [re.compile("/status"), re.compile("/resume"), re.compile("/why")]
    await expect(page.get_by_role("option")).to_have_text(offered)
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("combobox", name="session")).to_be_focused()
    await page.keyboard.type("green")
    await expect(page.get_by_role("option")).to_have_text(["the green one"])
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await page.keyboard.type("seven")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_have_text("“turns” takes a whole number.")
    await page.keyboard.press("Control+A")
    await page.keyboard.type("7")
    await page.keyboard.press("Enter")

    answer = _message(page, "resumed green, 7 turns")
    await expect(answer).to_contain_text("ann used /resume")
    await expect(answer).to_contain_text("only you can see this")
    await expect(page.get_by_label("Message #desk")).to_be_focused()


async def test_run_is_pressed_though_the_hint_below_it_is_long(room: Room) -> None:
    """The hint of an option takes two lines in a narrow window, that of the command one."""
    page = await room.opens("ann", width=420)
    await page.get_by_label("Message #desk").fill("/status")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("combobox", name="verbose")).to_be_focused()
    await page.get_by_role("button", name="Run").click()
    await expect(_message(page, "idle, verbose: False")).to_be_visible()


async def _copies_link(page: Page, said: Message) -> Locator:
    """Press the button of that message; what is said meanwhile may push it away from under the mouse."""
    message = page.locator(f"#m{said.id}")
    button = message.get_by_role("button", name="Copy link")
    async with asyncio.timeout(60):
        while True:
            await message.hover()
            with suppress(TooLate):
                await button.click(timeout=1000)
                return button


async def test_the_link_of_a_message_is_copied_into_the_text_of_a_command(room: Room) -> None:
    page = await room.opens("ann")
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    said = await room.guild.user("ben").says("what about this?", room.desk)
    copied = await _copies_link(page, said)
    await expect(copied).to_have_text("Copied")

    await page.get_by_label("Message #desk").fill("/why")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("combobox", name="message")).to_be_focused()
    await page.keyboard.press("Control+V")
    await page.keyboard.press("Enter")
    await expect(_message(page, f"looked for {room.guild.world.link(said)}")).to_be_visible()


async def test_a_link_that_the_browser_does_not_copy_is_shown(room: Room) -> None:
    page = await room.opens("ann")
    await page.evaluate("() => Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    said = await room.guild.user("ben").says("what about this?", room.desk)
    await _copies_link(page, said)
    await expect(page.get_by_role("alert")).to_have_text(room.guild.world.link(said))


async def test_a_command_is_left_by_escape_and_unknown_ones_are_text(room: Room) -> None:
    page = await room.opens("ann")
    await page.keyboard.type("/sta")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("combobox", name="verbose")).to_be_focused()
    await page.keyboard.press("Escape")
    await page.keyboard.press("Escape")
    await _says(page, "/etc/hosts")
    await expect(_message(page, "you said /etc/hosts")).to_be_visible()
    assert not room.guild.world.interactions


async def test_an_ephemeral_answer_is_seen_by_one_alone(room: Room) -> None:
    ann, ben = await room.opens("ann"), await room.opens("ben")
    await ann.keyboard.type("/status")
    await ann.keyboard.press("Enter")
    await ann.keyboard.press("Tab")
    await ann.get_by_role("button", name="Run").click()
    await expect(_message(ann, "idle, verbose: False")).to_be_visible()
    await _says(ann, "can you see it?")
    await expect(_message(ben, "you said can you see it?")).to_be_visible()
    await expect(ben.get_by_text("idle, verbose")).to_have_count(0)

    await ann.get_by_role("radio", name="ben").check()
    await expect(ann.get_by_text("idle, verbose")).to_have_count(0)
    assert ann.url.endswith("?as=ben")
    await _says(ann, "it is ben now")
    await expect(_message(ben, "you said it is ben now")).to_be_visible()
    assert room.desk.messages()[-2].author_id == room.guild.user("ben").id


async def test_buttons_menus_and_dialogues_work(room: Room) -> None:
    page = await room.opens("ann")
    await _says(page, "ask")
    await page.get_by_text("Pick a fruit").click()
    await page.get_by_role("button", name="Apple green and sour").click()
    await expect(_message(page, "Apple it is")).to_contain_text("only you can see this")

    await page.get_by_role("button", name="Deny").click()
    await page.get_by_role("dialog").get_by_label("Reason").fill("too slow")
    await page.keyboard.press("Enter")
    await expect(_message(page, "denied: too slow")).to_be_visible()
    await expect(page.get_by_role("dialog")).to_have_count(0)

    await page.get_by_role("button", name="Deny").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.get_by_role("button", name="Allow once").click()
    await expect(page.get_by_text("allowed by ann")).to_be_visible()
    await expect(page.get_by_role("button", name="Allow once")).to_have_count(0)
    assert room.guild.world.modals == {}


async def test_several_options_of_a_menu_are_chosen_by_keyboard(room: Room) -> None:
    page = await room.opens("ann")
    await _says(page, "ask")
    menu = page.get_by_text("Pick colours")
    await menu.focus()
    await page.keyboard.press("Enter")
    ready = page.get_by_role("button", name="Choose", exact=True)
    await expect(ready).to_be_disabled()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Space")
    await page.get_by_role("checkbox", name="blue").press("Space")
    await ready.press("Enter")
    await expect(_message(page, "red and blue")).to_contain_text("only you can see this")


async def test_a_command_is_used_on_a_message_by_right_click_and_by_keyboard(room: Room) -> None:
    said = await room.guild.user("ben").says("what about this?", room.desk)
    page = await room.opens("ann")
    await page.locator(f"#m{said.id} .body").click(button="right")
    await page.get_by_role("menuitem", name="Ask about this").click()
    await page.get_by_role("dialog").get_by_label("Question").fill("Is it true?")
    await page.keyboard.press("Enter")
    answer = _message(page, "Is it true? (what about this?)")
    await expect(answer).to_be_visible()
    await expect(page.get_by_role("menu")).to_have_count(0)

    await page.locator(f"#m{said.id}").focus()
    await page.keyboard.press("ContextMenu")
    await expect(page.get_by_role("menuitem").first).to_be_focused()
    await page.keyboard.press("End")
    await expect(page.get_by_role("menuitem", name="Ask about this")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator(f"#m{said.id}")).to_be_focused()
    await page.locator(f"#m{said.id}").get_by_role("button", name="More").press("Enter")
    await page.get_by_role("menuitem", name="Reply").press("Enter")
    await _says(page, "well")
    await expect(_message(page, "you said well")).to_be_visible()


async def test_places_are_renamed_closed_and_deleted(room: Room) -> None:
    granted = Permission.MANAGE_CHANNELS | Permission.MANAGE_THREADS
    room.guild.add_role("keepers", ["ann"], granted)
    thread = await room.guild.user("ben").opens_thread(room.desk, "old name")
    page = await room.opens("ann")
    await page.get_by_role("link", name="old name").first.click()
    await page.get_by_role("button", name="Change this place").click()
    await page.get_by_role("menuitem", name="Rename thread").click()
    await page.get_by_role("dialog").get_by_label("Name").fill("New name")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="New name")).to_be_visible()
    await page.get_by_role("button", name="Change this place").click()
    await page.get_by_role("menuitem", name="Close thread").click()
    listed = page.get_by_role("navigation").get_by_role("link", name="New name")
    await expect(listed).to_contain_text("archived")
    assert thread.channel.name == "New name"

    await page.get_by_role("navigation").get_by_role("link", name="#lab").click()
    await page.get_by_role("button", name="Change this place").click()
    await page.get_by_role("menuitem", name="Delete channel").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(page.get_by_role("heading", name="#desk")).to_be_visible()
    await expect(page.get_by_role("link", name="#lab")).to_have_count(0)

    await page.get_by_role("radio", name="ben").check()
    await expect(page.get_by_role("button", name="Change this place")).to_be_hidden()


async def test_a_text_file_is_read_in_place_and_a_spoiler_opens_once(room: Room) -> None:
    files = {"answer.md": b"# The whole answer", "SPOILER_dot.png": PIXEL}
    await room.guild.bot.says("It is long: ||very||", room.desk, files=files)
    page = await room.opens("ann")
    await page.get_by_role("button", name="Read answer.md").click()
    await expect(page.get_by_text("# The whole answer")).to_be_visible()
    await page.get_by_role("button", name="Read answer.md").click()
    await expect(page.get_by_text("# The whole answer")).to_be_hidden()
    covered = page.locator(".spoiler:not(.open)")
    await expect(covered).to_have_count(2)
    await covered.last.click()
    await covered.first.press("Enter")
    await expect(covered).to_have_count(0)
    assert len(page.context.pages) == 1, "the picture under the spoiler was opened"


async def test_threads_are_opened_from_the_head_and_from_a_message(room: Room) -> None:
    said = await room.guild.user("ben").says("an idea worth its own place", room.desk)
    page = await room.opens("ann")
    await page.get_by_role("button", name="Open thread").click()
    await page.get_by_label("Name").fill("a quiet corner")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="a quiet corner")).to_be_visible()
    box = page.get_by_label("Message a quiet corner")
    await box.fill("hello in here")
    await box.press("Enter")
    await expect(_message(page, "you said hello in here")).to_be_visible()

    await page.get_by_role("navigation").get_by_role("link", name="#desk").click()
    await expect(_message(page, "ann opened the thread a quiet corner")).to_be_visible()
    await page.locator(f"#m{said.id}").hover()
    await page.get_by_role("toolbar").get_by_role("button", name="Open thread").click()
    await expect(page.get_by_label("Name")).to_have_value("an idea worth its own place")
    await page.keyboard.press("Enter")
    await expect(page.locator("#within")).to_contain_text("#desk")
    await expect(page.locator(".starter")).to_contain_text("an idea worth its own place")
    assert room.guild.channel("an idea worth its own place").id == said.id


async def test_a_post_is_opened_in_the_forum(room: Room) -> None:
    page = await room.opens("ann")
    await page.get_by_role("link", name="ideas").click()
    await page.get_by_role("button", name="New post").click()
    await page.get_by_label("Title").fill("A better picker")
    await page.get_by_role("dialog").get_by_label("Message").fill("It should fold.")
    await page.get_by_role("dialog").get_by_role("button", name="Post").click()
    await expect(_message(page, "you said It should fold.")).to_be_visible()
    await page.locator("#within").get_by_role("link", name="ideas").click()
    await expect(page.locator(".post")).to_contain_text("by ann · 1 answer")


async def test_direct_messages_reach_the_bot(room: Room) -> None:
    page = await room.opens("ann")
    await page.get_by_role("link", name="@robot").click()
    box = page.get_by_label("Message @robot")
    await box.fill("between us")
    await box.press("Enter")
    await expect(_message(page, "you said between us")).to_be_visible()


async def test_files_are_added_shown_and_sent(room: Room) -> None:
    page = await room.opens("ann")
    notes = FilePayload(name="notes.txt", mimeType="text/plain", buffer=b"buy milk")
    other = FilePayload(name="not this.txt", mimeType="text/plain", buffer=b"")
    await page.locator("#chosen-files").set_input_files([notes, other])
    await page.get_by_role("button", name="Leave out not this.txt").click()
    await expect(page.get_by_role("list", name="Files to send")).to_contain_text("8 B")
    await _says(page, "please read")
    await expect(_message(page, "notes.txt: buy milk")).to_be_visible()
    await expect(page.get_by_role("link", name="notes.txt")).to_have_attribute("download", "notes.txt")

    await page.locator("main").evaluate(CARRY, ["DragEvent", "drop", "dataTransfer", "dropped.txt"])
    await page.locator("#text").evaluate(CARRY, ["ClipboardEvent", "paste", "clipboardData", "pasted.txt"])
    await page.get_by_label("Message #desk").press("Enter")
    await expect(_message(page, "dropped.txt: carried pasted.txt: carried")).to_be_visible()

    await room.guild.bot.says("", room.desk, files={"dot.png": PIXEL})
    picture = page.get_by_role("img", name="dot.png")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1


async def test_own_messages_are_edited_answered_and_deleted(room: Room) -> None:
    ann, desk = room.guild.user("ann"), room.desk
    robot = room.guild.bot
    said = await ann.says(f"good mornin <@{robot.id}>", desk)
    await desk.next_from_bot(after=said)
    page = await room.opens("ann")
    await expect(_message(page, "good mornin @robot")).to_be_visible()
    await page.keyboard.press("ArrowUp")
    field = page.get_by_label("Change the message")
    await expect(field).to_have_value("good mornin @robot")
    await field.fill("good morning @robot")
    await field.press("Enter")
    await expect(_message(page, "good morning @robot")).to_contain_text("edited")
    now = room.guild.world.find_message(said)
    assert now is not None
    assert now.content == f"good morning <@{robot.id}>"

    await page.locator("#frame").press("ArrowUp")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="React")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="👍 1")).to_have_attribute("aria-pressed", "true")
    await page.get_by_role("button", name="👍 1").click()
    await expect(page.get_by_role("button", name="👍 1")).to_have_count(0)

    await _message(page, "you said good mornin").hover()
    await page.get_by_role("toolbar").get_by_role("button", name="Reply").click()
    await _says(page, "well said")
    answer = page.locator(".message").filter(has_text="you said well said").last
    await expect(answer).to_be_visible()
    await expect(page.locator(".points").filter(has_text="robot").last).to_be_visible()

    await page.locator(f"#m{said.id}").hover()
    await page.get_by_role("toolbar").get_by_role("button", name="Delete").click()
    await page.get_by_role("button", name="Delete? Press again to delete").click()
    await expect(page.locator(f"#m{said.id}")).to_have_count(0)


async def test_what_is_refused_is_told_and_nothing_typed_is_lost(room: Room) -> None:
    page = await room.opens("ann")
    await _says(page, "x" * 4001)
    await expect(page.get_by_role("alert")).to_have_text("Content: Must be between 0 and 4000 in length.")
    await expect(page.get_by_label("Message #desk")).to_have_value("x" * 4001)
    await _says(page, "shorter")
    await expect(_message(page, "you said shorter")).to_be_visible()
    await expect(page.get_by_role("alert")).to_be_hidden()


async def test_others_are_seen_typing_and_new_messages_elsewhere_are_marked(room: Room) -> None:
    ann, ben = await room.opens("ann"), await room.opens("ben")
    await ben.keyboard.type("I think")
    await expect(ann.locator("#typing")).to_have_text("ben is typing")
    await ben.keyboard.press("Enter")
    await expect(_message(ann, "you said I think")).to_be_visible()
    await expect(ann.locator("#typing")).to_be_empty()
    lab = ann.get_by_role("navigation").get_by_role("link", name="#lab")
    await room.guild.user("ben").says("over here", room.guild.channel("lab"))
    await expect(lab).to_have_accessible_name("#lab new messages")
    await lab.click()
    await expect(lab).to_have_accessible_name("#lab")


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
    await expect(_message(page, "idle, verbose")).to_be_in_viewport()
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
