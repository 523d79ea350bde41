"""What people do with a running turn's live message: stop it, and speak to it by replying."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bot import chat
from bot.demo.guild import OfflineGuild
from bot.demo.guild.actors import Person, Place
from bot.demo.guild.model import Message
from bot.stop_button import StopClick
from sessions.keys import session_key
from tests.support.whole_bot import WholeBot, whole_bot

SCRIPT = """
[[turn]]
match = "hear this"
[[turn.step]]
text = "You said: {prompt}"

[[turn]]
match = "work"
[[turn.step]]
text = "I begin."
[[turn.step]]
hang = true

[[turn]]
match = "listen"
[[turn.step]]
text = "I listen."
[[turn.step]]
tool = "Bash"
title = "ls"
ask = true

[[turn]]
[[turn.step]]
text = "You said: {prompt}"
"""


def guild() -> OfflineGuild:
    return OfflineGuild(channels=["desk", "lab"], users=["ann", "ben", "cid"])


async def live_of(place: Place, said: Message, text: str) -> Message:
    """Wait for the live message of what was said, with its button."""
    return await place.next_from_bot(
        after=said, matching=lambda one: text in one.content and bool(one.components), timeout=60
    )


async def told(person: Person, place: Place, text: str) -> None:
    """Wait until somebody alone was told something, as after a click."""

    async def is_there() -> bool:
        return any(text in one.content and one.visible_to == person.id for one in place.messages())

    await until(is_there)


@pytest.mark.timeout(120)
async def test_the_stop_button_is_for_who_asked_and_for_operators(tmp_path: Path) -> None:
    async with guild() as here, whole_bot(here, tmp_path, script=SCRIPT):
        ann, ben, cid, lab = here.user("ann"), here.user("ben"), here.user("cid"), here.channel("lab")
        said = await ben.says("work", lab)
        live = await live_of(lab, said, "I begin.")
        await cid.clicks(live, label="Stop")
        await told(cid, lab, "You may not do that: only ben, who asked for it")
        await ben.clicks(live, label="Stop")
        await told(ben, lab, "Stopping it. The session stays, and what waits goes on.")
        await lab.next_from_bot(after=said, containing="Stopped.", timeout=60)
        await lab.deleted(live, timeout=60)

        said = await ben.says("more work", lab)
        live = await live_of(lab, said, "I begin.")
        await ann.clicks(live, label="Stop")
        await told(ann, lab, "Stopping it.")
        await lab.next_from_bot(after=said, containing="Stopped.", timeout=60)


@pytest.mark.timeout(120)
async def test_the_button_of_a_turn_that_a_restart_ended_says_so_and_ends_no_other(tmp_path: Path) -> None:
    async with guild() as here:
        ben, lab = here.user("ben"), here.channel("lab")
        async with whole_bot(here, tmp_path, script=SCRIPT, grace_s=0.0) as bot:
            said = await ben.says("work", lab)
            await live_of(lab, said, "I begin.")
            before = (await bot.manager.queue(session_key(lab.id))).running
            assert before is not None
        async with whole_bot(here, tmp_path, script=SCRIPT) as bot:
            said = await ben.says("more work", lab)
            running = await live_of(lab, said, "I begin.")
            # The message under the old button is gone by now, but what it says may still be on its way.
            place = chat.Place(platform="discord", channel_id=lab.id, guild_id=here.world.guild_id)
            who = chat.Person(id=ben.id, name="ben")
            clicked = await bot.desk.interactions.click(StopClick(before.id), who, place)
            assert clicked.message.text.startswith("That turn is over already.")
            assert clicked.private
            assert (await bot.manager.queue(session_key(lab.id))).running is not None
            await ben.clicks(running, label="Stop")
            await lab.next_from_bot(after=said, containing="Stopped.", timeout=60)


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await holds():
            await asyncio.sleep(0.02)


async def taken_along(bot: WholeBot, place: Place, text: str) -> None:
    """Wait until the running turn has taken what was said, and nothing else."""
    running = (await bot.manager.queue(session_key(place.id))).running
    assert running is not None

    async def is_taken() -> bool:
        return [turn.prompt.text for turn in await bot.store.merged(running.id)] == [text]

    await until(is_taken)


async def allow(person: Person, place: Place) -> None:
    """Let the tool run that the turn waits for."""
    card = await place.next_from_bot(
        matching=lambda one: "needs your permission" in one.content and bool(one.components), timeout=60
    )
    await person.clicks(card, label="Allow once")


@pytest.mark.timeout(120)
async def test_a_reply_to_the_live_message_speaks_to_the_running_turn(tmp_path: Path) -> None:
    async with guild() as here, whole_bot(here, tmp_path, script=SCRIPT) as bot:
        ben, lab = here.user("ben"), here.channel("lab")
        said = await ben.says("listen", lab)
        live = await live_of(lab, said, "I listen.")
        waits = await ben.says("this waits", lab)
        await ben.says("hear this", lab, reply_to=live)
        await taken_along(bot, lab, "hear this")
        await allow(ben, lab)
        answer = await lab.next_from_bot(
            matching=lambda one: one.content.startswith("I listen.") and not one.components, timeout=60
        )
        assert answer.reference is not None
        assert answer.reference.message_id == said.id
        assert "hear this" in answer.content
        assert "this waits" not in answer.content
        assert "I listen" not in answer.content.partition("You said")[2]  # what it replies to is not quoted
        other = await lab.next_from_bot(after=waits, containing="this waits", timeout=60)
        assert "hear this" not in other.content


@pytest.mark.timeout(120)
async def test_such_a_reply_ends_no_turn_where_messages_do(tmp_path: Path) -> None:
    settings = {"when_busy": "interrupt"}
    async with guild() as here, whole_bot(here, tmp_path, script=SCRIPT, rooms=settings) as bot:
        ben, lab = here.user("ben"), here.channel("lab")
        said = await ben.says("listen", lab)
        live = await live_of(lab, said, "I listen.")
        await ben.says("hear this", lab, reply_to=live)
        await taken_along(bot, lab, "hear this")
        await allow(ben, lab)
        answer = await lab.next_from_bot(
            matching=lambda one: "hear this" in one.content and not one.components, timeout=60
        )
        assert answer.content.startswith("I listen.")


@pytest.mark.timeout(120)
async def test_a_reply_to_another_message_waits_as_ever(tmp_path: Path) -> None:
    async with guild() as here, whole_bot(here, tmp_path, script=SCRIPT) as bot:
        ben, lab = here.user("ben"), here.channel("lab")
        said = await ben.says("listen", lab)
        await live_of(lab, said, "I listen.")
        await ben.says("hear this", lab, reply_to=said)

        async def waits() -> bool:
            queue = await bot.manager.queue(session_key(lab.id))
            return [turn.prompt.text for turn in queue.waiting] == ["hear this"]

        await until(waits)
        await allow(ben, lab)
        answer = await lab.next_from_bot(
            matching=lambda one: one.content.startswith("I listen.") and not one.components, timeout=60
        )
        assert "hear this" not in answer.content
        await lab.next_from_bot(containing="You said", timeout=60)
