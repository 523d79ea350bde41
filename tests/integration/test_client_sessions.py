"""Sessions on the offline guild: each command and button, its autocomplete and its refusals."""

from pathlib import Path
from typing import Any

import pytest

from bot.demo.guild import OfflineGuild, Place
from bot.demo.guild.model import Message
from sessions.keys import session_key
from tests.support.guilds import offline_guild
from tests.support.scripts import HANG, RECALL
from tests.support.whole_bot import WholeBot, whole_bot

WAIT_S = 60
SCRIPT = RECALL + HANG


async def talks(guild: OfflineGuild, place: Place, text: str, answer: str = "") -> Message:
    said = await guild.user("ann").says(text, place)
    await place.next_from_bot(after=said, containing=answer or text, timeout=WAIT_S)
    return said


async def runs(guild: OfflineGuild, place: Place, line: str, said: str, **options: Any) -> None:
    """Let ann use a command and wait until the room says what came of it."""
    before = place.messages()[-1] if place.messages() else None
    await guild.user("ann").runs(line, place, **options)
    await place.next_from_bot(after=before, containing=said, timeout=WAIT_S)


async def recalled(guild: OfflineGuild, place: Place) -> str:
    said = await guild.user("ann").says("recall", place)
    return (await place.next_from_bot(after=said, containing="Said before", timeout=WAIT_S)).content


async def offered(guild: OfflineGuild, place: Place, line: str, focused: str, words: str) -> str:
    """Type until the bot, which answers from memory, knows of these words; return the value behind them."""
    while True:
        for choice in await guild.user("ann").suggestions(line, place, focused=focused, timeout=WAIT_S):
            if words in choice.name:
                return str(choice.value)


async def sessions(guild: OfflineGuild, place: Place) -> Message:
    answer = await guild.user("ann").runs("/sessions", place)
    assert answer.message is not None
    return answer.message


async def ref_of(bot: WholeBot, place: Place, words: str) -> str:
    """Return what stands behind a session in the menu."""
    found = await bot.manager.past.sessions(session_key(place.id))
    return next(one.ref for one in found if words in one.title)


async def test_a_named_session_is_left_and_gone_back_to_by_its_first_words(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SCRIPT):
        lab = guild.channel("lab")
        await talks(guild, lab, "the word is plum")
        await runs(guild, lab, "/new", "This session is called **parsers**", name="parsers")
        await talks(guild, lab, "the fruit is fig")
        listed = (await sessions(guild, lab)).content
        assert listed.index("**parsers**") < listed.index("the word is plum")
        name = await offered(guild, lab, "/resume", "session", "plum")
        await runs(guild, lab, "/resume", "Back in the session", session=name)
        again = await recalled(guild, lab)
        assert "plum" in again
        assert "fig" not in again


async def test_a_session_is_picked_resumed_exported_and_deleted_by_its_buttons(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SCRIPT) as bot:
        ann, lab = guild.user("ann"), guild.channel("lab")
        await talks(guild, lab, "the word is plum")
        await runs(guild, lab, "/new", "Started fresh")
        await talks(guild, lab, "the fruit is fig")
        view = await sessions(guild, lab)
        await ann.selects(view, await ref_of(bot, lab, "plum"))
        await ann.next_private(lab, containing="Id: `", timeout=WAIT_S)
        await ann.clicks(view, label="Export")
        exported = await ann.next_private(lab, after=view, containing="as a file", timeout=WAIT_S)
        assert [one.name for one in exported.attachments] == ["session.md"]
        before = lab.messages()[-1]
        await ann.clicks(view, label="Resume here")
        await lab.next_from_bot(after=before, containing="Back in the session", timeout=WAIT_S)
        assert "plum" in await recalled(guild, lab)
        view = await sessions(guild, lab)
        await ann.selects(view, await ref_of(bot, lab, "fig"))
        await ann.next_private(lab, after=exported, containing="Id: `", timeout=WAIT_S)
        await ann.clicks(view, label="Delete…")
        await ann.next_private(lab, after=exported, containing="for good?", timeout=WAIT_S)
        await ann.clicks(view, label="Delete for good")
        await ann.next_private(lab, after=exported, containing="Deleted **", timeout=WAIT_S)
        assert [one.title for one in await bot.manager.past.sessions(session_key(lab.id))] == [
            "the word is plum"
        ]


async def test_a_fork_is_a_thread_that_knows_the_past(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SCRIPT):
        lab = guild.channel("lab")
        await talks(guild, lab, "the word is plum")
        await runs(guild, lab, "/fork", "Forked into <#", name="another way")
        thread = await lab.next_thread(timeout=WAIT_S)
        await thread.next_from_bot(containing="I know what was said", timeout=WAIT_S)
        await talks(guild, lab, "the fruit is fig")
        there = await recalled(guild, thread)
        assert "plum" in there
        assert "fig" not in there
        await talks(guild, thread, "the bird is owl")
        assert "owl" not in await recalled(guild, lab)
        refused = await guild.user("ann").runs("/fork", thread)
        assert "inside a thread" in refused.content


async def test_a_listen_channel_can_be_forked(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SCRIPT):
        desk = guild.channel("desk")
        await talks(guild, desk, "the word is plum")
        await runs(guild, desk, "/fork", "Forked into <#")
        thread = await desk.next_thread(timeout=WAIT_S)
        assert "plum" in await recalled(guild, thread)


async def test_a_room_goes_back_to_before_a_message_by_its_words(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SCRIPT):
        lab = guild.channel("lab")
        await talks(guild, lab, "the word is plum")
        await talks(guild, lab, "the fruit is fig")
        value = await offered(guild, lab, "/rewind", "message", "fig")
        await runs(guild, lab, "/rewind", "Back to before “the fruit is fig”", message=value)
        again = await recalled(guild, lab)
        assert "plum" in again
        assert "fig" not in again


async def test_a_link_to_a_message_rewinds_to_before_it(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SCRIPT):
        lab = guild.channel("lab")
        await talks(guild, lab, "the word is plum")
        said = await talks(guild, lab, "the fruit is fig")
        link = f"https://discord.com/channels/{guild.world.guild_id}/{lab.id}/{said.id}"
        await runs(guild, lab, "/rewind", "Back to before", message=link)
        assert "fig" not in await recalled(guild, lab)


async def test_a_side_question_is_for_one_person_and_what_runs_goes_on(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SCRIPT, grace_s=0.1) as bot:
        ann, lab = guild.user("ann"), guild.channel("lab")
        await talks(guild, lab, "the word is plum")
        said = await ann.says("hang", lab)
        await lab.next_from_bot(after=said, containing="half an answer", timeout=WAIT_S)
        answer = await ann.runs("/btw", lab, question="recall", timeout=WAIT_S)
        assert "the word is plum" in answer.content
        assert "nobody else sees this" in answer.content
        assert answer.message is not None
        assert answer.message.visible_to == ann.id
        assert (await bot.manager.queue(session_key(lab.id))).running is not None


async def test_compact_and_context_say_what_came_of_them(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SCRIPT):
        ann, lab = guild.user("ann"), guild.channel("lab")
        await runs(guild, lab, "/compact", "nothing to compact")
        await talks(guild, lab, "the word is plum")
        await runs(guild, lab, "/compact", "Compacted", hint="the word")
        assert "a summary of 1 prompts" in await recalled(guild, lab)
        assert "Nothing is known" in (await ann.runs("/context", lab)).content


@pytest.mark.parametrize("line", ["/new", "/resume", "/rewind", "/compact"])
async def test_who_may_not_change_the_session_is_told_who_may(tmp_path: Path, line: str) -> None:
    options: dict[str, Any] = {"/resume": {"session": "x"}, "/rewind": {"message": "5"}}.get(line, {})
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SCRIPT):
        answer = await guild.user("ben").runs(line, guild.channel("lab"), **options)
        assert "takes an operator" in answer.content


async def test_a_session_of_another_room_is_not_there(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SCRIPT) as bot:
        lab, desk = guild.channel("lab"), guild.channel("desk")
        await talks(guild, desk, "the word is plum")
        await talks(guild, lab, "hello")
        record = await bot.store.session(session_key("default"))
        assert record is not None
        await runs(
            guild, lab, "/resume", "There is no such session of this room", session=record.agent_session_id
        )
