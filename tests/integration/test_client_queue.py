"""/queue, /why and the cards of interrupted turns on the offline guild: each button, also after a restart."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bot.access import Rules
from bot.demo.guild import OfflineGuild, Person, Place
from bot.demo.guild.model import Message
from bot.interruptions import cut_buttons
from bot.queue_view import queue_view
from sessions.keys import session_key
from tests.support.desk_rooms import ANN
from tests.support.guilds import offline_guild
from tests.support.said_buttons import buttons_of
from tests.support.whole_bot import WholeBot, whole_bot

SCRIPT = """
[[turn]]
match = "hang"
[[turn.step]]
text = "half an answer"
[[turn.step]]
tool = "Bash"
title = "make"
[[turn.step]]
hang = true
"""


@asynccontextmanager
async def busy_lab(guild: OfflineGuild, data_dir: Path, *waiting: str) -> AsyncGenerator[WholeBot]:
    """Run the bot with a turn of ann's that hangs in the lab, and prompts of hers that wait behind it."""
    ann, lab = guild.user("ann"), guild.channel("lab")
    async with whole_bot(guild, data_dir, script=SCRIPT, grace_s=0.1) as bot:
        said = await ann.says("hang", lab)
        await lab.next_from_bot(after=said, containing="half an answer")
        for text in waiting:
            await says(bot, ann, text, lab)
        yield bot


async def says(bot: WholeBot, person: Person, text: str, place: Place) -> Message:
    """Say something where it has to wait; return once it does."""
    said = await person.says(text, place)
    async with asyncio.timeout(60):
        while text not in await queue_of(bot, place):
            pass  # each look at the store gives way to the bot
    return said


async def queue_of(bot: WholeBot, place: Place) -> list[str]:
    return [turn.prompt.text for turn in (await bot.manager.queue(session_key(place.id))).waiting]


async def asks_for_queue(person: Person, place: Place) -> Message:
    return (await person.runs("/queue", place)).message


async def press(person: Person, place: Place, view: Message, label: str, shows: str) -> Message:
    """Click a button of a private queue; return the message once it shows a text."""
    before = next(message for message in place.messages() if message.id == view.id)
    await person.clicks(before, label=label)
    return await place.edited(before, containing=shows)


def labels(message: Message) -> list[list[str]]:
    return [[button["label"] for button in row["components"]] for row in message.components]


async def test_the_queue_is_shown_to_who_asks_alone(tmp_path: Path) -> None:
    async with offline_guild() as guild, busy_lab(guild, tmp_path, "then test", "then ship"):
        ann, ben, lab = guild.user("ann"), guild.user("ben"), guild.channel("lab")
        view = await asks_for_queue(ann, lab)
        assert view.visible_to == ann.id
        for words in ("running · 2 waiting", "**ann**: hang", "**ann**: then test", "**ann**: then ship"):
            assert words in view.content
        assert labels(view) == [
            ["Remove 1"],
            ["Remove 2", "Move 2 up", "Run 2 next"],
            ["Clear", "Pause", "Refresh"],
        ]
        assert not ben.private_messages(lab)


async def test_each_button_changes_the_queue_and_the_same_message(tmp_path: Path) -> None:
    texts = [f"number {at}" for at in range(1, 7)]
    async with offline_guild() as guild, busy_lab(guild, tmp_path, *texts) as bot:
        ann, lab = guild.user("ann"), guild.channel("lab")
        view = await asks_for_queue(ann, lab)
        view = await press(ann, lab, view, "More", "5 to 6 of 6")
        view = await press(ann, lab, view, "Run 6 next", "Moved.")
        assert await queue_of(bot, lab) == ["number 6", *texts[:5]]
        view = await press(ann, lab, view, "Back", "1 to 4 of 6")
        view = await press(ann, lab, view, "Move 2 up", "Moved.")
        assert await queue_of(bot, lab) == ["number 1", "number 6", *texts[1:5]]
        view = await press(ann, lab, view, "Remove 1", "Removed.")
        assert await queue_of(bot, lab) == ["number 6", *texts[1:5]]
        await says(bot, ann, "one more", lab)
        view = await press(ann, lab, view, "Refresh", "6 waiting")
        view = await press(ann, lab, view, "Clear", "Remove all 6 that wait here?")
        view = await press(ann, lab, view, "Keep them", "6 waiting")
        view = await press(ann, lab, view, "Clear", "Remove all 6 that wait here?")
        view = await press(ann, lab, view, "Remove all 6", "nothing waits")
        assert await queue_of(bot, lab) == []
        assert ann.private_messages(lab) == [view]


async def test_pausing_holds_the_room_and_everybody_is_told(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SCRIPT) as bot:
        ann, ben, lab = guild.user("ann"), guild.user("ben"), guild.channel("lab")
        view = await asks_for_queue(ann, lab)
        view = await press(ann, lab, view, "Pause", "**paused**")
        line = await lab.next_from_bot(containing="-# Paused by ann.")
        said = await says(bot, ben, "hello", lab)
        view = await press(ann, lab, view, "Refresh", "1 waiting")
        assert await queue_of(bot, lab) == ["hello"]
        assert "**paused**" in (await ben.runs("/status", lab)).content
        await press(ann, lab, view, "Resume", "Queue of this room")
        await lab.next_from_bot(after=line, containing="-# Resumed by ann.")
        await lab.next_from_bot(after=said, containing="hello")


async def test_the_buttons_of_a_queue_outlive_a_restart(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        ann, lab = guild.user("ann"), guild.channel("lab")
        async with busy_lab(guild, tmp_path, "first", "second"):
            view = await asks_for_queue(ann, lab)
            view = await press(ann, lab, view, "Pause", "**paused**")
        async with whole_bot(guild, tmp_path, script=SCRIPT) as bot:
            view = await press(ann, lab, view, "Move 2 up", "Moved.")
            assert await queue_of(bot, lab) == ["second", "first"]
            view = await press(ann, lab, view, "Remove 2", "Removed.")
            said = await says(bot, ann, "third", lab)
            await press(ann, lab, view, "Resume", "Queue of this room")
            await lab.next_from_bot(after=said, containing="third")
            assert not any(
                message.content == "first" for message in lab.messages() if message.author_id != ann.id
            )


async def test_a_queue_obeys_only_who_may_when_it_is_clicked(tmp_path: Path) -> None:
    """Who saw the queue yesterday may be nobody today."""
    async with offline_guild() as guild:
        ann, ben, lab = guild.user("ann"), guild.user("ben"), guild.channel("lab")
        async with busy_lab(guild, tmp_path, "first"):
            view = await press(ann, lab, await asks_for_queue(ann, lab), "Pause", "**paused**")
        async with whole_bot(guild, tmp_path, script=SCRIPT, rules=Rules(users=frozenset({ben.id}))) as bot:
            for label in ("Remove 1", "Clear", "Resume", "Refresh"):
                await ann.clicks(view, label=label)
                refused = await ann.next_private(lab, after=view, containing="You may not do that here")
                lab.remove(refused)
            assert await queue_of(bot, lab) == ["first"]
            assert view in lab.messages()


async def test_a_turn_of_another_room_is_out_of_reach(tmp_path: Path) -> None:
    async with offline_guild() as guild, busy_lab(guild, tmp_path, "first", "second") as bot:
        ann, lab, desk = guild.user("ann"), guild.channel("lab"), guild.channel("desk")
        queue = await bot.manager.queue(session_key(lab.id))
        buttons = list(buttons_of(queue_view(queue, replace(ANN, channel_id=lab.id)))[:4])
        assert queue.running is not None
        buttons.append(cut_buttons(queue.running.id)[2])
        astray = await bot.client.port.send(desk.id, "astray", rows=[tuple(buttons)])
        message = next(one for one in desk.messages() if one.id == astray)
        for button in buttons:
            await ann.clicks(message, label=button.label)
            refused = await ann.next_private(
                desk, after=message, containing="decided already, or its turn is over"
            )
            desk.remove(refused)
        assert await queue_of(bot, lab) == ["first", "second"]
        assert message in desk.messages()


async def test_what_is_over_cannot_be_moved_any_more(tmp_path: Path) -> None:
    async with offline_guild() as guild, busy_lab(guild, tmp_path, "first", "second"):
        ann, lab = guild.user("ann"), guild.channel("lab")
        old, new = await asks_for_queue(ann, lab), await asks_for_queue(ann, lab)
        await press(ann, lab, new, "Remove 2", "Removed.")
        await press(ann, lab, old, "Run 2 next", "That one does not wait any more.")


async def test_why_tells_the_story_of_a_message_in_its_own_place(tmp_path: Path) -> None:
    async with offline_guild() as guild, busy_lab(guild, tmp_path, "then test") as bot:
        ann, lab, desk = guild.user("ann"), guild.channel("lab"), guild.channel("desk")
        hanging, waiting = [message for message in lab.messages() if message.author_id == ann.id]
        for message, words in (
            (hanging, "It is being answered, for"),
            (waiting, "It waits; one is before it"),
        ):
            link = f"https://discord.com/channels/{guild.world.guild_id}/{lab.id}/{message.id}"
            for named in (link, message.id):
                answer = await ann.runs("/why", lab, message=named)
                assert words in answer.content
                assert answer.message.visible_to == ann.id
                assert (
                    "I know of no such message here" in (await ann.runs("/why", desk, message=named)).content
                )
        await ann.runs("/stop", lab)
        await lab.next_from_bot(after=waiting, containing="then test")
        await bot.outbox.flush(60)
        assert "It was stopped" in (await ann.runs("/why", lab, message=hanging.id)).content
        assert "It was answered" in (await ann.runs("/why", lab, message=waiting.id)).content
        for unknown in ("1", "9" * 20):
            assert "no such message here" in (await ann.runs("/why", lab, message=unknown)).content
        assert "names no message" in (await ann.runs("/why", lab, message="the plum")).content


async def test_why_says_why_a_message_was_not_for_the_bot(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        ann, ben, lab = guild.user("ann"), guild.user("ben"), guild.channel("lab")
        rules = Rules(users=frozenset({ann.id}))
        async with whole_bot(guild, tmp_path, rules=rules, reply_to="mention"):
            unheard, denied = await ann.says("hello", lab), await ben.says(f"<@{guild.bot.id}> hello", lab)
            said = await ann.says(f"<@{guild.bot.id}> hello", lab)
            await lab.next_from_bot(after=said, containing="hello")
            for message, words in ((unheard, "does not mention me"), (denied, "is allowed")):
                assert words in (await ann.runs("/why", lab, message=message.id)).content
            assert "You may not do that here" in (await ben.runs("/why", lab, message=unheard.id)).content


async def interrupted(guild: OfflineGuild, data_dir: Path) -> Message:
    """Let a restart cut a turn of ann's in the lab; return its card."""
    async with busy_lab(guild, data_dir):
        pass
    [card] = [message for message in guild.channel("lab").messages() if message.components]
    assert labels(card) == [["Continue", "Retry", "Drop"]]
    return card


@pytest.mark.parametrize(
    ("label", "line", "story"),
    [
        ("Continue", "-# Continued by ann.", "half an answer"),
        ("Retry", "-# Started over by ann.", "half an answer"),
        ("Drop", "-# Dropped by ann.", ""),
    ],
)
async def test_a_card_decides_what_becomes_of_an_interrupted_turn(
    tmp_path: Path, label: str, line: str, story: str
) -> None:
    async with offline_guild() as guild:
        card = await interrupted(guild, tmp_path)
        ann, lab = guild.user("ann"), guild.channel("lab")
        async with whole_bot(guild, tmp_path, script=SCRIPT, grace_s=0.1) as bot:
            await ann.clicks(card, label=label)
            edited = await lab.edited(card, containing=line)
            assert edited.content == line
            assert not edited.components
            if story:
                await lab.next_from_bot(after=card, containing=story)
            else:
                status = await bot.manager.status(session_key(lab.id))
                assert (status.state, status.waiting) == ("idle", 0)


async def test_a_card_is_decided_once_and_by_nobody_who_may_not(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        card = await interrupted(guild, tmp_path)
        ann, ben, lab = guild.user("ann"), guild.user("ben"), guild.channel("lab")
        rules = Rules(users=frozenset({ann.id}))
        async with whole_bot(guild, tmp_path, script=SCRIPT, rules=rules):
            await ben.clicks(card, label="Continue")
            await ben.next_private(lab, after=card, containing="You may not do that here")
            # A card that could not be changed when it was decided still has its buttons.
            guild.faults.rest("PATCH", rf"/messages/{card.id}$", times=1, code=50013, status=403)
            await ann.clicks(card, label="Drop")
            await ann.clicks(card, label="Continue")
            await ann.next_private(lab, after=card, containing="decided already, or its turn is over")
