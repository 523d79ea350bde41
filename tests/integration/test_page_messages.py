"""The page in a real browser: messages are written, read, changed, and carry files."""

import re

import pytest
from playwright.async_api import FilePayload, expect

from tests.support.page_room import PIXEL, Room, message_of, says

pytestmark = pytest.mark.asyncio(loop_scope="module")


CARRY = """(target, [kind, name, carrier, file]) => {
    const carried = new DataTransfer();
    carried.items.add(new File(["carried"], file));
    target.dispatchEvent(new window[kind](name, { [carrier]: carried, bubbles: true, cancelable: true }));
}"""
"""Drops or pastes a file."""


async def test_a_person_writes_and_sees_the_answer_grow_in_place(room: Room) -> None:
    page = await room.opens("ann")
    await says(page, "grow")
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
    await expect(message_of(page, "line 39")).to_be_in_viewport()
    await page.locator(f"#m{said[3].id}").scroll_into_view_if_needed()
    await expect(message_of(page, "line 39")).not_to_be_in_viewport()
    before = await page.locator("#frame").evaluate("frame => frame.scrollTop")
    await robot.edits(said[-1], "grown\n\n" * 30)
    await robot.says("a new one", room.desk)

    newest = page.get_by_role("button", name="Newest messages")
    await expect(newest).to_be_visible()
    assert await page.locator("#frame").evaluate("frame => frame.scrollTop") == before
    await newest.click()
    await expect(message_of(page, "a new one")).to_be_in_viewport()
    await robot.says("and one more", room.desk)
    await expect(message_of(page, "and one more")).to_be_in_viewport()


async def test_own_messages_are_edited_answered_and_deleted(room: Room) -> None:
    ann, desk = room.guild.user("ann"), room.desk
    robot = room.guild.bot
    said = await ann.says(f"good mornin <@{robot.id}>", desk)
    await desk.next_from_bot(after=said)
    page = await room.opens("ann")
    await expect(message_of(page, "good mornin @robot")).to_be_visible()
    await page.keyboard.press("ArrowUp")
    field = page.get_by_label("Change the message")
    await expect(field).to_have_value("good mornin @robot")
    await field.fill("good morning @robot")
    await field.press("Enter")
    await expect(message_of(page, "good morning @robot")).to_contain_text("edited")
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

    await message_of(page, "you said good mornin").hover()
    await page.get_by_role("toolbar").get_by_role("button", name="Reply").click()
    await says(page, "well said")
    answer = page.locator(".message").filter(has_text="you said well said").last
    await expect(answer).to_be_visible()
    await expect(page.locator(".points").filter(has_text="robot").last).to_be_visible()

    await page.locator(f"#m{said.id}").hover()
    await page.get_by_role("toolbar").get_by_role("button", name="Delete").click()
    await page.get_by_role("button", name="Delete? Press again to delete").click()
    await expect(page.locator(f"#m{said.id}")).to_have_count(0)


async def test_what_is_refused_is_told_and_nothing_typed_is_lost(room: Room) -> None:
    page = await room.opens("ann")
    await says(page, "x" * 4001)
    await expect(page.get_by_role("alert")).to_have_text("Content: Must be between 0 and 4000 in length.")
    await expect(page.get_by_label("Message #desk")).to_have_value("x" * 4001)
    await says(page, "shorter")
    await expect(message_of(page, "you said shorter")).to_be_visible()
    await expect(page.get_by_role("alert")).to_be_hidden()


async def test_others_are_seen_typing_and_new_messages_elsewhere_are_marked(room: Room) -> None:
    ann, ben = await room.opens("ann"), await room.opens("ben")
    await ben.keyboard.type("I think")
    await expect(ann.locator("#typing")).to_have_text("ben is typing")
    await ben.keyboard.press("Enter")
    await expect(message_of(ann, "you said I think")).to_be_visible()
    await expect(ann.locator("#typing")).to_be_empty()
    lab = ann.get_by_role("navigation").get_by_role("link", name="#lab")
    await room.guild.user("ben").says("over here", room.guild.channel("lab"))
    await expect(lab).to_have_accessible_name("#lab new messages")
    await lab.click()
    await expect(lab).to_have_accessible_name("#lab")


async def test_files_are_added_shown_and_sent(room: Room) -> None:
    page = await room.opens("ann")
    notes = FilePayload(name="notes.txt", mimeType="text/plain", buffer=b"buy milk")
    other = FilePayload(name="not this.txt", mimeType="text/plain", buffer=b"")
    await page.locator("#chosen-files").set_input_files([notes, other])
    await page.get_by_role("button", name="Leave out not this.txt").click()
    await expect(page.get_by_role("list", name="Files to send")).to_contain_text("8 B")
    await says(page, "please read")
    await expect(message_of(page, "notes.txt: buy milk")).to_be_visible()
    await expect(page.get_by_role("link", name="notes.txt")).to_have_attribute("download", "notes.txt")

    await page.locator("main").evaluate(CARRY, ["DragEvent", "drop", "dataTransfer", "dropped.txt"])
    await page.locator("#text").evaluate(CARRY, ["ClipboardEvent", "paste", "clipboardData", "pasted.txt"])
    await page.get_by_label("Message #desk").press("Enter")
    await expect(message_of(page, "dropped.txt: carried pasted.txt: carried")).to_be_visible()

    await room.guild.bot.says("", room.desk, files={"dot.png": PIXEL})
    picture = page.get_by_role("img", name="dot.png")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1


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
