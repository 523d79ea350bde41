"""With the rights that the invite link asks for the bot does everything, and it uses no other."""

import asyncio
from pathlib import Path

from bot.chat_discord.permissions import LEAST, NEEDS
from bot.demo.guild import OfflineGuild, Permission
from sessions.keys import session_key
from sessions.paths import Paths
from tests.support.pictures import png
from tests.support.running_bot import World, world

PEOPLE = Permission.CREATE_PUBLIC_THREADS | Permission.USE_APPLICATION_COMMANDS | Permission.ATTACH_FILES
DONE = "✅"
SCRIPT = """
[[turn]]
match = "plot it"
step = [{ tool = "send_file", input = { path = "plot.png" } }, { text = "there" }]
"""


def invite(guild: OfflineGuild) -> None:
    """Give the bot what the invite link asks for and everybody nothing; people have a role of their own."""
    guild.add_role("people", ["ann"], Permission(LEAST) | PEOPLE)
    [own] = guild.world.members[guild.bot.id].role_ids
    guild.world.put_role("robot", LEAST, role_id=own)
    guild.world.put_role("@everyone", 0, role_id=guild.world.guild_id)


async def life(here: World) -> None:
    """Let the bot do what it does, in every kind of place."""
    guild, ann = here.guild, here.guild.user("ann")
    lobby, workshop = guild.channel("lobby"), guild.channel("workshop")
    await here.start()
    first = await ann.says("the first words", workshop)
    await workshop.next_from_bot(after=first, containing="the first words", timeout=60)
    await here.stop()
    missed = await ann.says("said while it was away", workshop)
    await here.start()
    await workshop.next_from_bot(after=missed, containing="said while", timeout=60)
    thread = await ann.opens_thread(workshop, "aside")
    post = await ann.posts(guild.channel("ideas"), "an idea", "the first words")
    for place in (lobby, thread, post):
        said = await ann.says("hello there", place)
        await place.next_from_bot(after=said, containing="hello there", timeout=60)
        await place.shows(said, DONE, timeout=60)
    with_file = await ann.says("a file", lobby, files={"a.txt": b"words"})
    await lobby.next_from_bot(after=with_file, containing="a file", timeout=60)
    made = Paths(here.data_dir).room(session_key(workshop.id)).workdir / "plot.png"
    await asyncio.to_thread(made.write_bytes, png())
    wanted = await ann.says("plot it", workshop)
    await workshop.next_from_bot(after=wanted, matching=lambda m: bool(m.attachments), timeout=60)
    library = guild.channel("library")  # in which each message opens a thread
    asked = await ann.says("in a thread", library)
    await library.shows(asked, DONE, timeout=60)
    await guild.place(asked.id).next_from_bot(containing="in a thread", timeout=60)
    await ann.runs("/status", lobby)
    await here.stop()


async def test_what_the_invite_link_asks_for_is_enough_and_all_of_it_is_used(tmp_path: Path) -> None:
    script = tmp_path / "script.toml"
    await asyncio.to_thread(script.write_text, SCRIPT)
    settings = {
        "ROOMKEY_AGENT__VENDOR": "scripted",
        "ROOMKEY_AGENT__SCRIPT": str(script),
        "ROOMKEY_ISOLATION": "none",
    }
    async with world(tmp_path, settings=settings) as here:
        here.settings[f"ROOMKEY_CHANNEL__{here.guild.channel('library').id}__AUTO_THREAD"] = "true"
        invite(here.guild)
        await life(here)
        refused = [entry for entry in here.guild.ledger.entries if entry.code in (50001, 50013, 160002)]
        assert refused == []
        used = int(here.guild.world.required[here.guild.bot.id])
        assert {need.label for need in NEEDS if need.bit & used} == {need.label for need in NEEDS}
        assert used == LEAST
