"""Edits and deletions of messages: what waits follows them, what runs does not, and people are told."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bot.access import Rules
from bot.demo.guild import OfflineGuild, Person, Place, RateLimits
from bot.demo.guild.messages import delete_many, put
from bot.demo.guild.model import Message
from sessions.keys import session_key
from sessions.store.values import TurnState
from tests.support.guilds import offline_guild
from tests.support.scripts import HANG
from tests.support.whole_bot import WholeBot, whole_bot


@asynccontextmanager
async def busy_lab(
    tmp_path: Path, **more: object
) -> AsyncGenerator[tuple[OfflineGuild, WholeBot, Place, Message]]:
    """A bot that works on ann's message in #lab until it is stopped."""
    async with offline_guild() as guild:
        ann, lab = guild.user("ann"), guild.channel("lab")
        rules = Rules(users=frozenset({ann.id})) if more.pop("ann_alone", False) else None
        async with whole_bot(guild, tmp_path, script=HANG, rules=rules) as bot:
            said = await ann.says("hang", lab)
            await lab.next_from_bot(after=said, containing="half an answer")
            yield guild, bot, lab, said
            await goes_on(bot, lab)


async def goes_on(bot: WholeBot, lab: Place) -> None:
    """End the turn that hangs, so that what waits runs."""
    bot.manager.stop(session_key(lab.id))


async def waits(bot: WholeBot, person: Person, text: str, place: Place) -> Message:
    """Say something and return it as soon as it waits in its room."""
    said = await person.says(text, place)
    async with asyncio.timeout(60):
        while await state(bot, said) is not TurnState.QUEUED:
            await asyncio.sleep(0.01)
    return said


async def state(bot: WholeBot, message: Message) -> TurnState | None:
    fate = await bot.store.fate("discord", int(message.id))
    return None if fate is None or fate.turn is None else fate.turn.state


async def everything_is_heard(guild: OfflineGuild, bot: WholeBot) -> None:
    """Return when all that happened so far has reached the bot: events come in order."""
    last = await guild.user("ann").says("heard?", guild.channel("desk"))
    await guild.channel("desk").next_from_bot(after=last, containing="heard?")


@pytest.mark.fault("F26", "a waiting message is edited", "the new words run, marked")
async def test_what_waits_runs_with_the_words_its_message_has_by_then(tmp_path: Path) -> None:
    async with busy_lab(tmp_path) as (guild, bot, lab, _):
        ann = guild.user("ann")
        said = await waits(bot, ann, "old words", lab)
        await ann.edits(said, "new words")
        await lab.reacted(said, "✏️")
        await goes_on(bot, lab)
        answer = await lab.next_from_bot(containing="new words")
        assert answer.reference is not None
        assert answer.reference.message_id == said.id
        assert "old words" not in lab.transcript()


@pytest.mark.fault("F26", "a waiting message is deleted", "dropped, and said")
async def test_a_message_that_is_deleted_while_it_waits_is_dropped(tmp_path: Path) -> None:
    async with busy_lab(tmp_path) as (guild, bot, lab, _):
        ann = guild.user("ann")
        said = await waits(bot, ann, "never mind this", lab)
        await waits(bot, ann, "but this", lab)
        await ann.deletes(said)
        await lab.next_from_bot(containing="-# Dropped what ann had waiting here.")
        await goes_on(bot, lab)
        await lab.next_from_bot(containing="but this")
        assert await state(bot, said) is TurnState.CANCELLED


async def test_many_messages_that_are_deleted_at_once_are_dropped_in_one_word(tmp_path: Path) -> None:
    async with busy_lab(tmp_path) as (guild, bot, lab, _):
        said = [await waits(bot, guild.user("ann"), f"number {n}", lab) for n in range(3)]
        delete_many(guild.world, guild.world.owner_id, lab.id, [one.id for one in said])
        await lab.next_from_bot(containing="-# Dropped 3 messages that were waiting here.")


@pytest.mark.fault("F26", "a running message is edited", "noted only")
async def test_an_edit_of_what_runs_is_answered_with_how_to_stop_it(tmp_path: Path) -> None:
    async with busy_lab(tmp_path) as (guild, _, lab, running):
        await guild.user("ann").edits(running, "something else")
        told = await lab.next_from_bot(containing="with the words it had before")
        assert told.reference is not None
        assert told.reference.message_id == running.id


async def test_a_deletion_of_what_runs_changes_nothing(tmp_path: Path) -> None:
    async with busy_lab(tmp_path) as (guild, bot, lab, running):
        await guild.user("ann").deletes(running)
        await everything_is_heard(guild, bot)
        assert await state(bot, running) is TurnState.RUNNING
        assert "Dropped" not in lab.transcript()


@pytest.mark.fault("F26", "an update of embeds alone", "nothing changes")
async def test_a_preview_that_discord_adds_changes_nothing(tmp_path: Path) -> None:
    async with busy_lab(tmp_path) as (guild, bot, lab, running):
        said = await waits(bot, guild.user("ann"), "https://example.org", lab)
        for message in (running, said):
            now = guild.world.find_message(message)
            assert now is not None
            put(guild.world, replace(now, embeds=({"title": "Example"},)))
        await everything_is_heard(guild, bot)
        assert lab.reactions(said) == ()
        assert "it had before" not in lab.transcript()


async def test_edits_and_deletions_of_what_was_never_accepted_get_no_word(tmp_path: Path) -> None:
    async with busy_lab(tmp_path, ann_alone=True) as (guild, bot, lab, _):
        ben = guild.user("ben")
        stranger, gone = await ben.says("let me in", lab), await ben.says("please", lab)
        await ben.edits(stranger, "let me in now")
        await ben.deletes(gone)
        await everything_is_heard(guild, bot)
        assert lab.reactions(stranger) == ()
        assert "Dropped" not in lab.transcript()


@pytest.mark.fault("F26", "an edit by somebody who lost the right", "nothing changes")
async def test_who_is_not_allowed_any_more_cannot_change_what_waits(tmp_path: Path) -> None:
    async with OfflineGuild(
        channels=["desk", "lab"],
        users=["ann", "ben"],
        roles={"staff": ["ann", "ben"]},
        rate_limits=RateLimits.off(),
    ) as guild:
        ann, ben, lab = guild.user("ann"), guild.user("ben"), guild.channel("lab")
        (role,) = [one.id for one in guild.world.roles.values() if one.name == "staff"]
        async with whole_bot(guild, tmp_path, script=HANG, rules=Rules(roles=frozenset({role}))) as bot:
            await lab.next_from_bot(after=await ann.says("hang", lab), containing="half an answer")
            said = await waits(bot, ben, "old words", lab)
            guild.world.give_roles(ben.id, ())
            await ben.edits(said, "new words")
            await everything_is_heard(guild, bot)
            await goes_on(bot, lab)
            await lab.next_from_bot(after=said, containing="old words")


async def test_what_is_addressed_to_somebody_else_by_an_edit_is_dropped(tmp_path: Path) -> None:
    async with busy_lab(tmp_path) as (guild, bot, lab, _):
        ann, ben = guild.user("ann"), guild.user("ben")
        said = await waits(bot, ann, "deploy it", lab)
        await ann.edits(said, f"<@{ben.id}> deploy it?")
        await lab.next_from_bot(containing="Dropped what ann had waiting here.")
        assert await state(bot, said) is TurnState.CANCELLED


async def test_the_files_of_an_edited_message_stay_with_it(tmp_path: Path) -> None:
    async with busy_lab(tmp_path) as (guild, bot, lab, _):
        ann = guild.user("ann")
        said = await ann.says("look at this", lab, files={"notes.txt": b"hello"})
        async with asyncio.timeout(60):
            while await state(bot, said) is not TurnState.QUEUED:
                await asyncio.sleep(0.01)
        await ann.edits(said, "look closer")
        await lab.reacted(said, "✏️")
        await goes_on(bot, lab)
        answer = await lab.next_from_bot(containing="look closer")
        assert f"inbox/{said.id}_1.txt" in answer.content
