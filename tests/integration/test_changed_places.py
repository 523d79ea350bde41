"""Places that people move, rename, archive, unarchive and unlock: each keeps its session."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.demo.guild import OfflineGuild, Place, threads
from sessions.keys import session_key
from sessions.tombstones import tombstones
from tests.support.guilds import offline_guild
from tests.support.scripts import RECALL
from tests.support.whole_bot import whole_bot

pytestmark = pytest.mark.timeout(180)


async def remembers(guild: OfflineGuild, place: Place, word: str) -> None:
    """Wait until the session of a place says that a word was said in it."""
    said = await guild.user("ann").says("recall", place)
    await place.next_from_bot(after=said, containing=word, timeout=60)


async def opened(guild: OfflineGuild, kind: str) -> Place:
    """Return a place of that kind."""
    ann, lab = guild.user("ann"), guild.channel("lab")
    match kind:
        case "channel":
            return lab
        case "thread":
            return await ann.opens_thread(lab, "idea")
        case _:
            return await ann.posts(guild.channel("ideas"), "A post", "first words")


def moved(_guild: OfflineGuild, place: Place) -> None:
    place.move()


def renamed(_guild: OfflineGuild, place: Place) -> None:
    place.rename(f"{place.name} more")


def archived(_guild: OfflineGuild, place: Place) -> None:
    place.archive()


def unarchived(guild: OfflineGuild, place: Place) -> None:
    place.archive()
    threads.change(guild.world, place.channel, archived=False)


def unlocked(guild: OfflineGuild, place: Place) -> None:
    place.archive(locked=True)
    threads.change(guild.world, place.channel, archived=False, locked=False)


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("channel", moved),
        ("channel", renamed),
        ("thread", renamed),
        ("thread", archived),
        ("thread", unarchived),
        ("thread", unlocked),
        ("post", renamed),
        ("post", archived),
    ],
)
async def test_a_place_that_is_changed_keeps_its_session_now_and_after_a_restart(
    tmp_path: Path, kind: str, change: Callable[[OfflineGuild, Place], None]
) -> None:
    async with offline_guild() as guild:
        place = await opened(guild, kind)
        async with whole_bot(guild, tmp_path, script=RECALL) as bot:
            said = await guild.user("ann").says("the word is plum", place)
            await place.next_from_bot(after=said, containing="plum", timeout=60)
            before = await bot.store.session(session_key(place.id))
            assert before is not None
            change(guild, place)
            await remembers(guild, place, "plum")
        change(guild, place)  # while nobody hears of it
        async with whole_bot(guild, tmp_path, script=RECALL) as bot:
            await remembers(guild, place, "plum")
            after = await bot.store.session(session_key(place.id))
            assert after is not None
            assert after.agent_session_id == before.agent_session_id
            assert await tombstones(bot.store) == []


async def test_threads_of_a_channel_that_is_moved_keep_their_sessions_and_its_settings(
    tmp_path: Path,
) -> None:
    async with offline_guild() as guild:
        lab = guild.channel("lab")
        async with whole_bot(guild, tmp_path, script=RECALL):
            thread = await opened(guild, "thread")
            said = await guild.user("ann").says("the word is fig", thread)
            await thread.next_from_bot(after=said, containing="fig", timeout=60)
            await guild.user("ann").runs("/display", lab, display="off")
            lab.move()
            await remembers(guild, thread, "fig")
            shown = await guild.user("ann").runs("/status", thread)
            assert "display off" in shown.content
