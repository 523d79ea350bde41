"""What a person does and sees in a scene: each step is a value that plays itself on the stage."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from playwright.async_api import FilePayload, expect

from tests.tour.stage import WAIT_S, Stage

_MS = WAIT_S * 1000
_TYPING_MS = 300
"""As people type: suggestions are asked for again at each letter."""


class Step(Protocol):
    """Something that is done or seen."""

    async def play(self, stage: Stage) -> None:
        """Do it, or wait until it is seen; raises AssertionError or playwright's Error otherwise."""
        ...


@dataclass(frozen=True, slots=True)
class Says:
    """Write a message; `files` by name."""

    text: str
    files: Mapping[str, bytes] = field(default_factory=dict[str, bytes])

    async def play(self, stage: Stage) -> None:
        """Fill the message box in and press Enter."""
        if self.files:
            payloads = [
                FilePayload(name=name, mimeType="application/octet-stream", buffer=content)
                for name, content in self.files.items()
            ]
            await stage.page.locator("#chosen-files").set_input_files(payloads)
        box = stage.page.locator("#text")
        await box.fill(self.text)
        await box.press("Enter")
        await expect(box).to_have_value("")


@dataclass(frozen=True, slots=True)
class Other:
    """Somebody else writes a message."""

    who: str
    text: str

    async def play(self, stage: Stage) -> None:
        """Let them write it."""
        await stage.guild.user(self.who).says(self.text, stage.place)


@dataclass(frozen=True, slots=True)
class Replies:
    """Reply to the newest message that holds a text."""

    to: str
    text: str

    async def play(self, stage: Stage) -> None:
        """Begin the reply from the message's menu."""
        await OnMessage(self.to, "Reply").play(stage)
        await Says(self.text).play(stage)


@dataclass(frozen=True, slots=True)
class Sees:
    """Wait until a message of the bot holds a text, or the page does (`anywhere`)."""

    text: str | re.Pattern[str]
    anywhere: bool = False

    async def play(self, stage: Stage) -> None:
        """Wait for it."""
        found = (
            stage.page.get_by_text(self.text).last if self.anywhere else stage.message(self.text, of_app=True)
        )
        await expect(found).to_be_visible(timeout=_MS)


@dataclass(frozen=True, slots=True)
class SeesFile:
    """Wait until a message carries a file or a picture of this name."""

    name: str

    async def play(self, stage: Stage) -> None:
        """Wait for it; a picture has to be loaded."""
        picture = stage.page.locator(f'.files img[alt="{self.name}"]')
        link = stage.page.locator(".files a.file").filter(has_text=self.name)
        await expect(picture.or_(link).last).to_be_visible(timeout=_MS)
        if await picture.count():
            await picture.last.evaluate("image => image.decode()")


@dataclass(frozen=True, slots=True)
class Gone:
    """Wait until nothing on the page shows a text any more."""

    text: str

    async def play(self, stage: Stage) -> None:
        """Wait for it."""
        await expect(stage.page.locator("#log").get_by_text(self.text)).to_have_count(0, timeout=_MS)


@dataclass(frozen=True, slots=True)
class Clicks:
    """Press the newest button of this name; `begins` if more follows on it."""

    name: str
    begins: bool = False

    async def play(self, stage: Stage) -> None:
        """Press it."""
        buttons = stage.page.locator("#log").get_by_role("button", name=self.name, exact=not self.begins)
        await expect(buttons.last).to_be_enabled(timeout=_MS)
        await buttons.last.click()


@dataclass(frozen=True, slots=True)
class Picks:
    """Choose from the newest menu that shows a text; several are confirmed."""

    menu: str
    options: tuple[str, ...]

    async def play(self, stage: Stage) -> None:
        """Open the menu and choose."""
        menu = stage.page.locator("details.menu").filter(has_text=self.menu).last
        await menu.locator("summary").click()
        for option in self.options:
            await menu.locator(".options").get_by_text(option, exact=True).click()
        ready = menu.get_by_role("button", name="Choose", exact=True)
        if await menu.get_by_role("checkbox").count():
            await ready.click()


@dataclass(frozen=True, slots=True)
class Fills:
    """Fill the open dialogue in, by labels; `submits` it unless the picture is of the dialogue."""

    fields: Mapping[str, str]
    submits: bool = True

    async def play(self, stage: Stage) -> None:
        """Fill in every field."""
        dialogue = stage.page.get_by_role("dialog")
        await expect(dialogue).to_be_visible(timeout=_MS)
        for label, text in self.fields.items():
            await dialogue.get_by_label(label).fill(text)
        if self.submits:
            await dialogue.get_by_role("button", name="Submit").click()
            await expect(dialogue).to_have_count(0, timeout=_MS)


@dataclass(frozen=True, slots=True)
class Types:
    """Type into the field that has the focus and wait for a suggestion; nothing is sent."""

    text: str
    suggested: str

    async def play(self, stage: Stage) -> None:
        """Type."""
        await stage.page.keyboard.type(self.text, delay=_TYPING_MS)
        await expect(stage.page.get_by_role("option").filter(has_text=self.suggested).first).to_be_visible(
            timeout=_MS
        )


@dataclass(frozen=True, slots=True)
class Begins:
    """Begin a slash command: its options stand as fields."""

    line: str

    async def play(self, stage: Stage) -> None:
        """Type the slash and the name, and choose the command."""
        page = stage.page
        await page.locator("#text").fill("")
        await page.locator("#text").press_sequentially(f"/{self.line}")
        await page.locator("#rows .title").get_by_text(f"/{self.line}", exact=True).click()
        await expect(page.locator("#command")).to_be_visible(timeout=_MS)


@dataclass(frozen=True, slots=True)
class Runs:
    """Run a slash command with options; for `picks` the suggestion that holds the text is taken."""

    line: str
    options: Mapping[str, str] = field(default_factory=dict[str, str])
    picks: Mapping[str, str] = field(default_factory=dict[str, str])

    async def play(self, stage: Stage) -> None:
        """Fill the command in and run it."""
        await Begins(self.line).play(stage)
        command = stage.page.locator("#command")
        for name, value in self.options.items():
            await command.get_by_role("combobox", name=name).fill(value)
        for name, value in self.picks.items():
            await command.get_by_role("combobox", name=name).press_sequentially(value, delay=_TYPING_MS)
            suggested = stage.page.get_by_role("option").filter(has_text=value).first
            await expect(suggested).to_be_visible(timeout=_MS)
            await suggested.click()
        await command.get_by_role("button", name="Run").click()
        await expect(command).to_be_hidden(timeout=_MS)


@dataclass(frozen=True, slots=True)
class OnMessage:
    """Right click the newest message (`mine`: of a person) that holds a text; choose `item`, if there is"
    " one."""

    text: str
    item: str = ""
    mine: bool = False

    async def play(self, stage: Stage) -> None:
        """Open the menu."""
        message = stage.message(self.text)
        if self.mine:
            message = stage.page.locator(".message:not(.app)").filter(has_text=self.text).last
        await expect(message).to_be_visible(timeout=_MS)
        await message.locator(".body").first.click(button="right", position={"x": 200, "y": 8})
        menu = stage.page.get_by_role("menu")
        await expect(menu).to_be_visible(timeout=_MS)
        if self.item:
            await menu.get_by_role("menuitem", name=self.item).click()


@dataclass(frozen=True, slots=True)
class OpensThread:
    """Open a thread on the newest message that holds a text, and go there."""

    text: str
    name: str

    async def play(self, stage: Stage) -> None:
        """Ask for its name and go in."""
        await OnMessage(self.text, "Open thread").play(stage)
        dialogue = stage.page.get_by_role("dialog")
        await dialogue.get_by_label("Name").fill(self.name)
        await dialogue.get_by_role("button", name="Open thread").click()
        await expect(stage.page.locator("#place")).to_have_text(self.name, timeout=_MS)
        stage.place = stage.guild.channel(self.name)


@dataclass(frozen=True, slots=True)
class EntersThread:
    """Go into the thread that was opened last."""

    async def play(self, stage: Stage) -> None:
        """Follow the newest link to it."""
        card = stage.page.locator('#log a[href^="#/"]').last
        await expect(card).to_be_visible(timeout=_MS)
        await card.click()
        await expect(stage.page.locator("#within a")).to_be_visible(timeout=_MS)
        found = await stage.page.evaluate("location.hash.slice(2)")
        stage.place = stage.guild.place(str(found))


@dataclass(frozen=True, slots=True)
class Restarts:
    """Kill the bot and start it again."""

    async def play(self, stage: Stage) -> None:
        """Kill it as a power cut would."""
        await stage.world.kill()
        await stage.world.start()


@dataclass(frozen=True, slots=True)
class Cut:
    """Leave out of the picture what was said so far."""

    async def play(self, stage: Stage) -> None:
        """Remember where it begins."""
        await stage.cut()


@dataclass(frozen=True, slots=True)
class Picture:
    """Take the picture now; the scene goes on."""

    async def play(self, stage: Stage) -> None:
        """Take it."""
        await stage.shoot()
