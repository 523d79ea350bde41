"""The installed bot after a gap: what people said while it did not hear them is answered once, in order."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from bot.demo.guild.actors import Place
from tests.support.running_bot import World, world

pytestmark = pytest.mark.timeout(240)  # real processes on a machine that may be busy

COUNT = 20
SCRIPTED = {"ROOMKEY_AGENT__VENDOR": "scripted", "ROOMKEY_DISCORD__CATCH_UP_LIMIT": "1000"}


async def say(here: World, place: Place, texts: Sequence[str]) -> None:
    for text in texts:
        await here.guild.user("ann").says(text, place)


async def answered(here: World, places: Mapping[str, Place]) -> dict[str, list[str]]:
    """Stop the bot and return what it answered in each place, in the order of the answers."""
    assert await here.stop() == 0
    found: dict[str, list[str]] = {}
    for name, place in places.items():
        said = {message.id: message.content for message in place.messages()}
        answers = [m.reference.message_id for m in place.messages() if m.reference]
        found[name] = [said[one] for one in answers if one in said]
    return found


async def test_a_bot_that_was_stopped_answers_what_was_said_meanwhile(tmp_path: Path) -> None:
    async with world(tmp_path, settings=SCRIPTED) as here:
        shop, ann = here.guild.channel("workshop"), here.guild.user("ann")
        places = {"shop": shop, "dm": ann.dm(here.guild.bot), "new": here.guild.channel("library")}
        here.settings["ROOMKEY_DISCORD__ALLOWED_USERS"] = f'["{ann.id}"]'
        await here.start()
        for name in ("shop", "dm"):
            await here.ask("hello", places[name], "hello")
        assert await here.stop() == 0
        texts = [f"number {n}." for n in range(COUNT)]
        for place in places.values():
            await say(here, place, texts)
        await here.start()
        for place in places.values():
            await place.next_from_bot(containing=texts[-1], timeout=60)
        told = await answered(here, places)
        assert told == {"shop": ["hello", *texts], "dm": ["hello", *texts], "new": texts}


async def test_a_bot_whose_session_the_gateway_forgot_answers_what_was_said_meanwhile(tmp_path: Path) -> None:
    async with world(tmp_path, settings=SCRIPTED) as here:
        shop = here.guild.channel("workshop")
        await here.start()
        await here.ask("hello", shop, "hello")
        await here.guild.gateway.invalidate()
        texts = [f"number {n}." for n in range(COUNT)]
        await say(here, shop, texts)
        await shop.next_from_bot(containing=texts[-1], timeout=60)
        assert await answered(here, {"shop": shop}) == {"shop": ["hello", *texts]}


async def test_what_was_edited_and_deleted_after_a_crash_runs_as_it_is_now(tmp_path: Path) -> None:
    script = tmp_path / "script.toml"
    hang = '[[turn]]\nmatch = "hang"\n[[turn.step]]\ntext = "half an answer"\n[[turn.step]]\nhang = true\n'
    await asyncio.to_thread(script.write_text, hang)
    async with world(tmp_path, settings=SCRIPTED) as here:
        shop, ann = here.guild.channel("workshop"), here.guild.user("ann")
        here.settings["ROOMKEY_AGENT__SCRIPT"] = str(script)
        await here.start()
        await ann.says("hang", shop)
        await shop.next_from_bot(containing="half an answer", timeout=60)
        gone, changed, last = [await ann.says(text, shop) for text in ("gone", "first", "last")]
        await shop.reacted(last, "⏳", timeout=60)
        await here.kill()
        await ann.deletes(gone)
        await ann.edits(changed, "second")
        await here.start()
        await shop.next_from_bot(containing="Dropped what ann had waiting here.", timeout=60)
        await shop.next_from_bot(after=last, containing="last", timeout=60)
        assert (await answered(here, {"shop": shop}))["shop"][-2:] == ["second", "last"]


@pytest.mark.parametrize("point", ["accept.after_commit:2", "catch_up.after"])
async def test_a_catch_up_that_is_cut_short_is_done_again_and_nothing_is_lost_or_doubled(
    tmp_path: Path, point: str
) -> None:
    """The new places have no cursor of their own: that of all must not run away from them."""
    async with world(tmp_path, settings=SCRIPTED) as here:
        shop, library = here.guild.channel("workshop"), here.guild.channel("library")
        await here.start()
        await here.ask("hello", shop, "hello")
        assert await here.stop() == 0
        await say(here, library, ["one", "two"])
        new = await here.guild.user("ann").opens_thread(shop, "idea")
        await say(here, new, ["three", "four"])
        here.guild.clock.advance(90)
        await say(here, shop, ["five", "six"])
        here.guild.faults.rest("GET", rf"/channels/{library.id}/messages$", delay_s=1)
        here.settings["ROOMKEY_CRASH_AT"] = point
        await here.start()
        assert here.bot is not None
        await here.bot.wait()
        del here.settings["ROOMKEY_CRASH_AT"]
        await here.start()
        places = {"library": library, "new": new, "shop": shop}
        for place, last in zip(places.values(), ("two", "four", "six"), strict=True):
            await place.next_from_bot(containing=last, timeout=60)
        told = await answered(here, places)
        assert told == {"library": ["one", "two"], "new": ["three", "four"], "shop": ["hello", "five", "six"]}
