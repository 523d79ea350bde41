"""The page in a real browser: threads, posts, direct messages, and places that change."""

import pytest
from playwright.async_api import expect

from bot.demo.guild.permissions import Permission
from tests.support.page_room import Room, message_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


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
    await expect(message_of(page, "you said hello in here")).to_be_visible()

    await page.get_by_role("navigation").get_by_role("link", name="#desk").click()
    await expect(message_of(page, "ann opened the thread a quiet corner")).to_be_visible()
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
    await expect(message_of(page, "you said It should fold.")).to_be_visible()
    await page.locator("#within").get_by_role("link", name="ideas").click()
    await expect(page.locator(".post")).to_contain_text("by ann · 1 answer")


async def test_direct_messages_reach_the_bot(room: Room) -> None:
    page = await room.opens("ann")
    await page.get_by_role("link", name="@robot").click()
    box = page.get_by_label("Message @robot")
    await box.fill("between us")
    await box.press("Enter")
    await expect(message_of(page, "you said between us")).to_be_visible()


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
