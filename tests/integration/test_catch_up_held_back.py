"""What people do while a gap is looked into is held back: messages, edits, deletions, commands."""

import asyncio
from pathlib import Path

import pytest

from bot.chat_discord.held import KEPT
from sessions.keys import session_key
from sessions.store.values import TurnState
from tests.support.gaps import answered, heard, took_part, waiting
from tests.support.guilds import offline_guild
from tests.support.scripts import HANG
from tests.support.whole_bot import whole_bot


async def test_a_message_that_comes_during_the_look_waits_for_what_was_said_before_it(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        lab, desk = guild.channel("lab"), guild.channel("desk")
        await took_part(guild, tmp_path, lab, desk)
        await guild.user("ann").says("missed", lab)
        # Longer than an answer elsewhere takes on a machine that is busy.
        guild.faults.rest("GET", rf"/channels/{lab.id}/messages$", delay_s=4.0)
        async with whole_bot(guild, tmp_path) as bot:
            await guild.user("ann").says("live", lab)
            await guild.user("ann").says("elsewhere", desk)
            await desk.next_from_bot(containing="elsewhere")
            assert "live" not in [m.content for m in lab.messages() if m.author_id == guild.bot.id]
            await lab.next_from_bot(containing="live")
            assert await answered(bot, lab) == ["hello", "missed", "live"]


async def test_what_is_edited_and_deleted_during_the_look_is_so_when_it_runs(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        lab, ann = guild.channel("lab"), guild.user("ann")
        await took_part(guild, tmp_path, lab)
        await ann.says("missed", lab)
        guild.faults.rest("GET", rf"/channels/{lab.id}/messages$", delay_s=1.0)
        async with whole_bot(guild, tmp_path, script=HANG) as bot:
            await ann.says("hang", lab)
            gone = await ann.says("to be deleted", lab)
            changed = await ann.says("to be edited", lab)
            await bot.client.wait_for("message", check=lambda message: message.id == int(changed.id))
            await ann.deletes(gone)
            await ann.edits(changed, "edited")
            await lab.next_from_bot(containing="Dropped what ann had waiting here.")
            await lab.reacted(changed, "✏️")


async def test_a_command_comes_behind_what_is_held_back_in_its_channel(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        lab, ann = guild.channel("lab"), guild.user("ann")
        await took_part(guild, tmp_path, lab)
        await ann.says("hang", lab)
        guild.faults.rest("GET", rf"/channels/{lab.id}/messages$", delay_s=1.0)
        async with whole_bot(guild, tmp_path, script=HANG, grace_s=0.1):
            answer = await ann.runs("/reset", lab)
            assert "when the turn before this has ended" in answer.content


async def test_a_question_about_a_message_comes_behind_what_is_held_back(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        lab, ann = guild.channel("lab"), guild.user("ann")
        async with whole_bot(guild, tmp_path):
            said = await heard(guild, lab)
            form = await ann.uses("Ask about this", said, timeout=60)
        await ann.says("missed", lab)
        guild.faults.rest("GET", rf"/channels/{lab.id}/messages$", delay_s=1.0)
        async with whole_bot(guild, tmp_path) as bot:
            await ann.says("live", lab)
            await ann.submits(form.modal, {"question": "about what?"}, timeout=60)
            await lab.next_from_bot(containing="Quoted, because", timeout=60)
            assert await bot.outbox.flush(60)
            order = [m.content for m in lab.messages() if m.author_id == guild.bot.id]
            at = [
                next(i for i, text in enumerate(order) if word in text)
                for word in ("missed", "live", "Quoted")
            ]
            assert at == sorted(at)


async def test_a_button_that_starts_a_turn_comes_behind_what_is_held_back(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        lab, ann = guild.channel("lab"), guild.user("ann")
        async with whole_bot(guild, tmp_path, script=HANG, grace_s=0.1) as bot:
            await heard(guild, lab)
            await ann.runs("/new", lab)
            await lab.next_from_bot(containing="Started fresh", timeout=60)
            shown = await ann.runs("/sessions", lab)
            assert shown.message is not None
            [former] = [
                one for one in await bot.manager.past.sessions(session_key(lab.id)) if one.state == "former"
            ]
            await ann.selects(shown.message, former.ref)
            await ann.next_private(lab, containing="Id: `", timeout=60)
        await ann.says("hang", lab)
        guild.faults.rest("GET", rf"/channels/{lab.id}/messages$", delay_s=1.0)
        async with whole_bot(guild, tmp_path, script=HANG, grace_s=0.1):
            await ann.clicks(shown.message, label="Resume here", timeout=60)
            told = await ann.next_private(lab, containing="This room goes on with", timeout=60)
            assert "when what is before this has ended" in told.content


async def test_a_command_does_not_wait_for_ever_for_what_is_held_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.chat_discord.in_order._HELD_S", 0.1)
    async with offline_guild() as guild:
        lab, ann = guild.channel("lab"), guild.user("ann")
        await took_part(guild, tmp_path, lab)
        await ann.says("missed", lab)
        guild.faults.rest("GET", rf"/channels/{lab.id}/messages$", delay_s=12.0)
        async with whole_bot(guild, tmp_path):
            answer = await ann.runs("/status", lab, timeout=60)
            assert f"`{lab.id}`" in answer.content
            assert "missed" not in [m.content for m in lab.messages() if m.author_id == guild.bot.id]
            await lab.next_from_bot(containing="missed")


async def test_what_is_held_back_of_a_place_that_is_gone_does_not_run(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        lab, attic, ann = guild.channel("lab"), guild.channel("attic"), guild.user("ann")
        await took_part(guild, tmp_path, lab, attic)
        await ann.says("missed", lab)
        guild.faults.rest("GET", rf"/channels/{lab.id}/messages$", delay_s=1.0)
        async with whole_bot(guild, tmp_path, script=HANG) as bot:
            said = [await ann.says(text, lab) for text in ("hang", "behind it")]
            await bot.client.wait_for("message", check=lambda message: message.id == int(said[1].id))
            lab.delete()
            await bot.client.wait_for("guild_channel_delete")
            async with asyncio.timeout(60):
                while not (fate := await bot.store.fate("discord", int(said[1].id))) or fate.ended is None:
                    await asyncio.sleep(0.01)
            assert fate.turn is not None
            assert fate.turn.state is TurnState.CANCELLED
            await heard(guild, attic, "elsewhere")
            assert (await bot.manager.status(session_key(lab.id))).state == "idle"


async def test_more_than_can_be_held_back_is_found_in_the_channel(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        lab, ann = guild.channel("lab"), guild.user("ann")
        await took_part(guild, tmp_path, lab)
        await ann.says("hang", lab)
        guild.faults.rest("GET", rf"/channels/{lab.id}/messages$", delay_s=2)
        async with whole_bot(guild, tmp_path, script=HANG, grace_s=0, queue_limit=500) as bot:
            texts = [f"number {n}." for n in range(KEPT + 30)]
            for text in texts:
                await ann.says(text, lab)
            await waiting(bot, lab, len(texts))
            queued = await bot.store.queued(session_key(lab.id))
            assert [turn.prompt.text for turn in queued] == texts


async def test_edits_and_deletions_that_could_not_be_held_back_are_found_in_the_channel(
    tmp_path: Path,
) -> None:
    async with offline_guild() as guild:
        lab, ann = guild.channel("lab"), guild.user("ann")
        await took_part(guild, tmp_path, lab)
        await ann.says("hang", lab)
        guild.faults.rest("GET", rf"/channels/{lab.id}/messages$", delay_s=2)
        async with whole_bot(guild, tmp_path, script=HANG, grace_s=0, queue_limit=500) as bot:
            said = [await ann.says(f"number {n}.", lab) for n in range(KEPT)]
            await ann.deletes(said[0])
            await ann.edits(said[1], "edited")
            await lab.next_from_bot(containing="Dropped what ann had waiting here.")
            await lab.reacted(said[1], "✏️")
            queued = await bot.store.queued(session_key(lab.id))
            assert [turn.prompt.text for turn in queued][:2] == ["edited", "number 2."]
