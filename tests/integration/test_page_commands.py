"""The page in a real browser: commands, private answers, buttons, menus and dialogues."""

import asyncio
import re
from contextlib import suppress

import pytest
from playwright.async_api import Locator, Page, expect
from playwright.async_api import TimeoutError as TooLate

from bot.demo.guild.model import Message
from tests.support.page_room import Room, message_of, says

pytestmark = pytest.mark.asyncio(loop_scope="module")


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

    answer = message_of(page, "resumed green, 7 turns")
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
    await expect(message_of(page, "idle, verbose: False")).to_be_visible()


async def test_a_command_is_left_by_escape_and_unknown_ones_are_text(room: Room) -> None:
    page = await room.opens("ann")
    await page.keyboard.type("/sta")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("combobox", name="verbose")).to_be_focused()
    await page.keyboard.press("Escape")
    await page.keyboard.press("Escape")
    await says(page, "/etc/hosts")
    await expect(message_of(page, "you said /etc/hosts")).to_be_visible()
    assert not room.guild.world.interactions


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
    found = message_of(page, "looked for").get_by_role("link", name="#desk › message")
    await expect(found).to_have_attribute("href", f"#/{room.desk.id}/{said.id}")
    await found.click()
    await expect(page.locator(f"#m{said.id}")).to_be_focused()


async def test_a_link_that_the_browser_does_not_copy_is_shown(room: Room) -> None:
    page = await room.opens("ann")
    await page.evaluate("() => Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    said = await room.guild.user("ben").says("what about this?", room.desk)
    await _copies_link(page, said)
    await expect(page.get_by_role("alert")).to_have_text(room.guild.world.link(said))


async def test_an_ephemeral_answer_is_seen_by_one_alone(room: Room) -> None:
    ann, ben = await room.opens("ann"), await room.opens("ben")
    await ann.keyboard.type("/status")
    await ann.keyboard.press("Enter")
    await ann.keyboard.press("Tab")
    await ann.get_by_role("button", name="Run").click()
    await expect(message_of(ann, "idle, verbose: False")).to_be_visible()
    await says(ann, "can you see it?")
    await expect(message_of(ben, "you said can you see it?")).to_be_visible()
    await expect(ben.get_by_text("idle, verbose")).to_have_count(0)

    await ann.get_by_role("radio", name="ben").check()
    await expect(ann.get_by_text("idle, verbose")).to_have_count(0)
    assert ann.url.endswith("?as=ben")
    await says(ann, "it is ben now")
    await expect(message_of(ben, "you said it is ben now")).to_be_visible()
    assert room.desk.messages()[-2].author_id == room.guild.user("ben").id


async def test_buttons_menus_and_dialogues_work(room: Room) -> None:
    page = await room.opens("ann")
    await says(page, "ask")
    await page.get_by_text("Pick a fruit").click()
    await page.get_by_role("button", name="Apple green and sour").click()
    await expect(message_of(page, "Apple it is")).to_contain_text("only you can see this")

    await page.get_by_role("button", name="Deny").click()
    await page.get_by_role("dialog").get_by_label("Reason").fill("too slow")
    await page.keyboard.press("Enter")
    await expect(message_of(page, "denied: too slow")).to_be_visible()
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
    await says(page, "ask")
    menu = page.get_by_text("Pick colours")
    await menu.focus()
    await page.keyboard.press("Enter")
    ready = page.get_by_role("button", name="Choose", exact=True)
    await expect(ready).to_be_disabled()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Space")
    await page.get_by_role("checkbox", name="blue").press("Space")
    await ready.press("Enter")
    await expect(message_of(page, "red and blue")).to_contain_text("only you can see this")


async def test_a_command_is_used_on_a_message_by_right_click_and_by_keyboard(room: Room) -> None:
    said = await room.guild.user("ben").says("what about this?", room.desk)
    page = await room.opens("ann")
    await page.locator(f"#m{said.id} .body").click(button="right")
    await page.get_by_role("menuitem", name="Ask about this").click()
    await page.get_by_role("dialog").get_by_label("Question").fill("Is it true?")
    await page.keyboard.press("Enter")
    answer = message_of(page, "Is it true? (what about this?)")
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
    await says(page, "well")
    await expect(message_of(page, "you said well")).to_be_visible()
