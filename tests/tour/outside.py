"""Steps that leave the room or the page: other people and places, the bot away, files, time."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import expect

from bot.demo.guild.permissions import Permission
from sessions.keys import session_key
from sessions.paths import Paths
from tests.tour.stage import WAIT_S, Stage
from tests.tour.steps import OnMessage, Runs

_MS = WAIT_S * 1000


@dataclass(frozen=True, slots=True)
class LooksAs:
    """Somebody else sits down at the page."""

    who: str

    async def play(self, stage: Stage) -> None:
        """Show the same place to them."""
        await stage.look_as(self.who)


@dataclass(frozen=True, slots=True)
class Speaks:
    """Send a voice message; for the tour its sound is the words themselves, below a line of bytes."""

    words: str

    async def play(self, stage: Stage) -> None:
        """Let ann speak."""
        await stage.guild.user("ann").speaks(b"OggS\0\n" + self.words.encode(), stage.place)


@dataclass(frozen=True, slots=True)
class Forwards:
    """Somebody forwards a message from another channel into this one."""

    who: str
    text: str

    async def play(self, stage: Stage) -> None:
        """Let them write it in the lobby, then forward it."""
        who = stage.guild.user(self.who)
        said = await who.says(self.text, stage.guild.channel("lobby"))
        await who.forwards(said, stage.place)


@dataclass(frozen=True, slots=True)
class Sticks:
    """Somebody sends a sticker."""

    who: str
    name: str

    async def play(self, stage: Stage) -> None:
        """Let them send it."""
        await stage.guild.user(self.who).sticks(self.name, stage.place)


@dataclass(frozen=True, slots=True)
class Polls:
    """Somebody opens a poll."""

    who: str
    question: str
    answers: tuple[str, ...]

    async def play(self, stage: Stage) -> None:
        """Let them open it."""
        await stage.guild.user(self.who).polls(self.question, self.answers, stage.place)


@dataclass(frozen=True, slots=True)
class MayNot:
    """The bot lacks a permission in this channel."""

    permission: Permission

    async def play(self, stage: Stage) -> None:
        """Take it away."""
        stage.place.deny(stage.guild.bot.id, self.permission)


@dataclass(frozen=True, slots=True)
class Kills:
    """The bot goes away, as if the power were cut."""

    async def play(self, stage: Stage) -> None:
        """Kill it."""
        await stage.world.kill()


@dataclass(frozen=True, slots=True)
class Starts:
    """The bot comes back."""

    async def play(self, stage: Stage) -> None:
        """Start it and wait until it hears the guild."""
        await stage.world.start()


@dataclass(frozen=True, slots=True)
class Waits:
    """Let time pass, for what depends on how old something is."""

    seconds: float

    async def play(self, stage: Stage) -> None:
        """Wait."""
        await asyncio.sleep(self.seconds)


@dataclass(frozen=True, slots=True)
class HasFile:
    """A file lies in the room's working directory; it may be run."""

    name: str
    text: str

    async def play(self, stage: Stage) -> None:
        """Write it."""
        workdir = Paths(stage.world.data_dir).room(session_key(stage.place.id)).workdir
        await asyncio.to_thread(_write, workdir / self.name, self.text)


@dataclass(frozen=True, slots=True)
class Posts:
    """Open a post in the forum, and go there."""

    title: str
    text: str

    async def play(self, stage: Stage) -> None:
        """Fill the form of a new post in."""
        page, forum = stage.page, stage.guild.channel("ideas")
        await page.evaluate("id => { location.hash = '#/' + id }", forum.id)
        await page.get_by_role("button", name="New post").click()
        dialogue = page.get_by_role("dialog")
        await dialogue.get_by_label("Title").fill(self.title)
        await dialogue.get_by_label("Message").fill(self.text)
        await dialogue.get_by_role("button", name="Post").click()
        await expect(page.locator("#place")).to_have_text(self.title, timeout=_MS)
        stage.place = stage.guild.channel(self.title)


@dataclass(frozen=True, slots=True)
class WritesDirectly:
    """Open the direct message with the bot."""

    async def play(self, stage: Stage) -> None:
        """Choose it in the list of places."""
        await stage.page.locator("#toggle-places").click()
        await stage.page.locator("#places").get_by_text("@roomkey", exact=True).click()
        await expect(stage.page.locator("#place")).to_have_text("@roomkey", timeout=_MS)
        stage.place = stage.guild.user("ann").dm(stage.guild.bot)


@dataclass(frozen=True, slots=True)
class Returns:
    """Go from the thread in view back to the channel around it."""

    async def play(self, stage: Stage) -> None:
        """Follow the link above its name."""
        await stage.page.locator("#within a").click()
        await expect(stage.page.locator("#within a")).to_have_count(0, timeout=_MS)
        found = await stage.page.evaluate("location.hash.slice(2)")
        stage.place = stage.guild.place(str(found))


@dataclass(frozen=True, slots=True)
class DeletesPlace:
    """Delete the thread in view, and go back to the channel around it."""

    async def play(self, stage: Stage) -> None:
        """Choose it in the menu of the place, and be sure."""
        page = stage.page
        parent = await page.locator("#within a").get_attribute("href") or ""
        await page.locator("#change-place").click()
        await page.get_by_role("menuitem", name="Delete thread").click()
        await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        await expect(page.get_by_role("dialog")).to_have_count(0, timeout=_MS)
        stage.place = stage.guild.place(parent.removeprefix("#/"))
        await page.evaluate("to => { location.hash = to }", parent)
        await expect(page.locator("#place")).to_have_text(f"#{stage.place.name}", timeout=_MS)


@dataclass(frozen=True, slots=True)
class OpensMenu:
    """Open the newest menu that shows a text; nothing is chosen."""

    menu: str

    async def play(self, stage: Stage) -> None:
        """Press it."""
        menu = stage.page.locator("details.menu").filter(has_text=self.menu).last
        await menu.locator("summary").click()


@dataclass(frozen=True, slots=True)
class AsksWhy:
    """Run /why with the link of the newest message that holds a text."""

    text: str

    async def play(self, stage: Stage) -> None:
        """Take the link from the message."""
        said = stage.page.locator(".message:not(.app)").filter(has_text=self.text).last
        found = await said.get_attribute("data-id")
        link = f"https://discord.com/channels/{stage.guild.world.guild_id}/{stage.place.id}/{found}"
        await Runs("why", {"message": link}).play(stage)


@dataclass(frozen=True, slots=True)
class BeginsAt:
    """Let the picture begin with the newest message of the bot that holds a text, however long that is."""

    text: str

    async def play(self, stage: Stage) -> None:
        """Remember it."""
        await stage.begin_at(self.text)


@dataclass(frozen=True, slots=True)
class Edits:
    """Change the newest own message that holds a text."""

    old: str
    new: str

    async def play(self, stage: Stage) -> None:
        """Use the message's menu."""
        await OnMessage(self.old, "Edit", mine=True).play(stage)
        field = stage.page.get_by_label("Change the message")
        await field.fill(self.new)
        await field.press("Enter")
        await expect(field).to_have_count(0, timeout=_MS)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o700)
