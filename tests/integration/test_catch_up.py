"""What was said in a gap, of the gateway or of the whole bot, is answered once, in order, or listed."""

import asyncio
import logging
import sqlite3
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bot.access import Rules
from bot.backlog import TOO_MANY, TOO_OLD
from bot.chat import Incoming
from bot.chat import Person as ChatPerson
from bot.chat import Place as ChatPlace
from bot.chat_discord.held import KEPT
from bot.demo.guild import GuildClock, OfflineGuild, Permission, Place, RateLimits
from bot.demo.guild.model import Message
from sessions.clock import SystemClock
from sessions.keys import session_key
from sessions.store.values import TurnState
from tests.support.whole_bot import WholeBot, whole_bot

GAP = 100
"""How many messages are said while nobody hears them."""

BUSY = """
[[turn]]
match = "hang"
[[turn.step]]
text = "half an answer"
[[turn.step]]
hang = true
"""


@asynccontextmanager
async def offline_guild(**more: Any) -> AsyncGenerator[OfflineGuild]:
    """A guild whose ledger must show no fault of ours at the end."""
    options: dict[str, Any] = {
        "channels": ["desk", "lab", "attic"],
        "users": ["ann", "ben"],
        "rate_limits": RateLimits.off(),
        **more,
    }
    async with OfflineGuild(**options) as guild:
        yield guild
        assert guild.ledger.unknown_routes == []
        assert guild.ledger.mention_violations() == []


async def answered(bot: WholeBot, place: Place) -> list[str]:
    """Return what was answered in a place, in the order of the answers."""
    assert await bot.outbox.flush(10)
    said = {message.id: message.content for message in place.messages()}
    return [said[m.reference.message_id] for m in place.messages() if m.reference and m.reference.message_id]


async def heard(guild: OfflineGuild, place: Place, text: str = "hello") -> Message:
    """Say something, wait for its answer, and return it: from then on the bot takes part in the place."""
    said = await guild.user("ann").says(text, place)
    # The live message holds these words as well, and replies to nothing.
    return await place.next_from_bot(
        after=said, matching=lambda m: text in m.content and m.reference is not None, timeout=60
    )


async def decided(bot: WholeBot, message: Message) -> str:
    """Return why a message is not answered, as soon as that is known; "" if it is."""
    async with asyncio.timeout(60):
        while (fate := await bot.store.fate("discord", int(message.id))) is None:
            await asyncio.sleep(0.01)
    return fate.reason


async def loses_its_session(guild: OfflineGuild) -> None:
    """Let the gateway forget the bot; it comes back as a new one after discord.py's five seconds."""
    await guild.gateway.invalidate()


@pytest.mark.fault(
    "F11", "INVALID_SESSION(false), 100 messages in the gap", "each is answered once, in order"
)
@pytest.mark.timeout(240)
async def test_what_is_said_between_two_sessions_of_the_gateway_is_answered_once_in_order(
    tmp_path: Path,
) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, queue_limit=2 * GAP) as bot:
        lab = guild.channel("lab")
        await heard(guild, lab)
        await loses_its_session(guild)
        texts = [f"number {n}." for n in range(GAP)]
        for text in texts:
            await guild.user("ann").says(text, lab)
        await lab.next_from_bot(containing=texts[-1], timeout=60)
        assert await answered(bot, lab) == ["hello", *texts]


@pytest.mark.fault("F11", "a restart, 100 messages in the gap", "each is answered once, in order")
@pytest.mark.timeout(240)
async def test_what_is_said_while_the_bot_does_not_run_is_answered_once_in_order(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        lab = guild.channel("lab")
        async with whole_bot(guild, tmp_path):
            await heard(guild, lab)
        texts = [f"number {n}." for n in range(GAP)]
        for text in texts:
            await guild.user("ann").says(text, lab)
        async with whole_bot(guild, tmp_path, queue_limit=2 * GAP) as bot:
            await lab.next_from_bot(containing=texts[-1], timeout=60)
            assert await answered(bot, lab) == ["hello", *texts]
            told = [m.content for m in lab.messages() if "Answering" in m.content]
            assert [line.split(" from")[0] for line in told] == [f"-# Answering {GAP} messages"]


async def test_a_message_that_comes_during_the_look_waits_for_what_was_said_before_it(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        lab, desk = guild.channel("lab"), guild.channel("desk")
        async with whole_bot(guild, tmp_path):
            await heard(guild, lab)
            await heard(guild, desk)
        await guild.user("ann").says("missed", lab)
        guild.faults.rest("GET", rf"/channels/{lab.id}/messages$", delay_s=1.0)
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
        async with whole_bot(guild, tmp_path):
            await heard(guild, lab)
        await ann.says("missed", lab)
        guild.faults.rest("GET", rf"/channels/{lab.id}/messages$", delay_s=1.0)
        async with whole_bot(guild, tmp_path, script=BUSY) as bot:
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
        async with whole_bot(guild, tmp_path):
            await heard(guild, lab)
        await ann.says("hang", lab)
        guild.faults.rest("GET", rf"/channels/{lab.id}/messages$", delay_s=1.0)
        async with whole_bot(guild, tmp_path, script=BUSY, grace_s=0.1):
            answer = await ann.runs("/reset", lab)
            assert "when the turn before this has ended" in answer.content


async def test_a_command_does_not_wait_for_ever_for_what_is_held_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.chat_discord.slash._HELD_S", 0.1)
    async with offline_guild() as guild:
        lab, ann = guild.channel("lab"), guild.user("ann")
        async with whole_bot(guild, tmp_path):
            await heard(guild, lab)
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
        async with whole_bot(guild, tmp_path):
            await heard(guild, lab)
            await heard(guild, attic)
        await ann.says("missed", lab)
        guild.faults.rest("GET", rf"/channels/{lab.id}/messages$", delay_s=1.0)
        async with whole_bot(guild, tmp_path, script=BUSY) as bot:
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


async def test_what_is_too_old_is_listed_and_not_answered(tmp_path: Path) -> None:
    clock = GuildClock(lambda: time.time() - 7200)
    async with offline_guild(clock=clock) as guild:
        lab, ann = guild.channel("lab"), guild.user("ann")
        async with whole_bot(guild, tmp_path):
            await heard(guild, lab)
        old = [await ann.says(f"old {n}", lab) for n in range(2)]
        clock.advance(7000)
        await ann.says("young", lab)
        clock.advance(200)
        async with whole_bot(guild, tmp_path) as bot:
            await lab.next_from_bot(containing="young")
            assert await answered(bot, lab) == ["hello", "young"]
            (told,) = [m.content for m in lab.messages() if "I was away" in m.content]
            assert all(guild.world.link(one) in told for one in old)
            assert "Answering 1 message from the last 4 min." in told
            assert [await decided(bot, one) for one in old] == [TOO_OLD, TOO_OLD]
        async with whole_bot(guild, tmp_path) as bot:
            await heard(guild, lab, "again")
            assert "I was away" not in "".join(m.content for m in lab.messages()[-3:])


async def test_more_than_the_limit_is_listed(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        lab, ann = guild.channel("lab"), guild.user("ann")
        async with whole_bot(guild, tmp_path):
            await heard(guild, lab)
        said = [await ann.says(f"number {n}.", lab) for n in range(12)]
        async with whole_bot(guild, tmp_path, catch_up_limit=2) as bot:
            await lab.next_from_bot(containing="number 1.")
            assert await decided(bot, said[-1]) == TOO_MANY
            assert await answered(bot, lab) == ["hello", "number 0.", "number 1."]
            (told,) = [m.content for m in lab.messages() if "I was away" in m.content]
            assert "do not answer 10 messages" in told
            assert "and 4 before these" in told


async def test_what_finds_no_place_in_its_room_is_told_once_and_remembered(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        lab, ann = guild.channel("lab"), guild.user("ann")
        async with whole_bot(guild, tmp_path):
            await heard(guild, lab)
        said = [await ann.says(text, lab) for text in ("hang", *(f"number {n}." for n in range(30)))]
        async with whole_bot(guild, tmp_path, script=BUSY, grace_s=0, queue_limit=3) as bot:
            assert await decided(bot, said[-1]) == "too much was waiting in its room"
            await lab.next_from_bot(containing="what is sent now is not taken")
            assert await bot.outbox.flush(5)
            assert lab.transcript().count("what is sent now is not taken") == 1


async def test_all_that_is_too_old_is_counted_beyond_one_page(tmp_path: Path) -> None:
    clock = GuildClock(lambda: time.time() - 7200)
    async with offline_guild(clock=clock) as guild:
        lab, ann = guild.channel("lab"), guild.user("ann")
        async with whole_bot(guild, tmp_path):
            await heard(guild, lab)
        for n in range(130):
            await ann.says(f"old {n}", lab)
        clock.advance(7200)
        async with whole_bot(guild, tmp_path):
            await lab.next_from_bot(containing="do not answer 130 messages")


async def test_what_waits_in_a_channel_that_is_gone_does_not_run(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        lab, ann = guild.channel("lab"), guild.user("ann")
        async with whole_bot(guild, tmp_path, script=BUSY, grace_s=0) as bot:
            await ann.says("hang", lab)
            await lab.next_from_bot(containing="half an answer")
            gone = await ann.says("waits", lab)
            await waiting(bot, lab, 1)
        guild.world.delete_channel(lab.id)
        async with whole_bot(guild, tmp_path) as bot:
            fate = await bot.store.fate("discord", int(gone.id))
            assert fate is not None
            assert fate.turn is not None
            assert fate.turn.state is TurnState.CANCELLED


async def test_a_bug_while_a_channel_is_read_is_told_there_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with offline_guild() as guild:
        lab, ann = guild.channel("lab"), guild.user("ann")
        async with whole_bot(guild, tmp_path):
            await heard(guild, lab)
        await ann.says("missed", lab)
        guild.faults.rest("GET", rf"/channels/{lab.id}/messages$", status=200)  # with what is no list
        async with whole_bot(guild, tmp_path) as bot:
            await lab.next_from_bot(containing="Something in Roomkey broke while it read")
            await heard(guild, lab, "again")
            assert await bot.outbox.flush(5)
            assert lab.transcript().count("Something in Roomkey broke") == 1
        assert "catching up broke" in caplog.text


async def test_what_waited_and_was_deleted_in_the_gap_does_not_run(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        lab, ann = guild.channel("lab"), guild.user("ann")
        async with whole_bot(guild, tmp_path, script=BUSY, grace_s=0) as bot:
            await ann.says("hang", lab)
            await lab.next_from_bot(containing="half an answer")
            gone, changed, same = [await ann.says(text, lab) for text in ("gone", "first", "same")]
            await waiting(bot, lab, 3)
        await ann.deletes(gone)
        await ann.edits(changed, "second")
        async with whole_bot(guild, tmp_path) as bot:
            await lab.next_from_bot(containing="Dropped what ann had waiting here.")
            await lab.reacted(changed, "✏️")
            await lab.next_from_bot(containing="second")
            await lab.next_from_bot(containing="same")
            assert (await answered(bot, lab))[-2:] == ["second", "same"]
            assert "✏️" not in lab.reactions(same)


async def waiting(bot: WholeBot, place: Place, count: int) -> None:
    async with asyncio.timeout(60):
        while (await bot.store.lane(session_key(place.id))).waiting < count:
            await asyncio.sleep(0.01)


async def test_direct_messages_are_caught_up_with(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        ann = guild.user("ann")
        dm = ann.dm(guild.bot)
        rules = Rules(users=frozenset({ann.id}))
        async with whole_bot(guild, tmp_path, rules=rules):
            await heard(guild, dm)
        await ann.says("psst", dm)
        async with whole_bot(guild, tmp_path, rules=rules) as bot:
            await dm.next_from_bot(containing="psst")
            assert await answered(bot, dm) == ["hello", "psst"]


async def test_a_thread_that_was_archived_again_is_caught_up_with(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        lab, ann = guild.channel("lab"), guild.user("ann")
        thread = await ann.opens_thread(lab, "idea")
        async with whole_bot(guild, tmp_path):
            await heard(guild, thread)
        await ann.says("one more thing", thread)
        await ann.archives(thread)
        async with whole_bot(guild, tmp_path):
            await thread.next_from_bot(containing="one more thing")


async def test_where_the_bot_never_took_part_it_answers_what_was_said_in_the_gap(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        lab, attic, ann = guild.channel("lab"), guild.channel("attic"), guild.user("ann")
        await ann.says("before there was a bot", attic)
        async with whole_bot(guild, tmp_path):
            await heard(guild, lab)
        new = await ann.opens_thread(lab, "new")
        await ann.says("in the attic", attic)
        await ann.says("in a new thread", new)
        async with whole_bot(guild, tmp_path) as bot:
            await attic.next_from_bot(containing="in the attic")
            await new.next_from_bot(containing="in a new thread")
            assert "in the attic" in await answered(bot, attic)


async def test_a_guild_that_is_listed_late_is_caught_up_with(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        lab, attic, ann = guild.channel("lab"), guild.channel("attic"), guild.user("ann")
        async with whole_bot(guild, tmp_path):
            await heard(guild, lab)
        await ann.says("in the attic", attic)
        guild.faults.event("GUILD_CREATE", delay_s=1)
        async with whole_bot(guild, tmp_path):
            await attic.next_from_bot(containing="in the attic")


async def test_a_bot_that_has_heard_nothing_yet_answers_nothing_from_before(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        lab = guild.channel("lab")
        await guild.user("ann").says("long before", lab)
        async with whole_bot(guild, tmp_path) as bot:
            await heard(guild, lab)
            assert await answered(bot, lab) == ["hello"]


async def test_roles_count_also_for_what_was_missed(tmp_path: Path) -> None:
    """A message that is read does not say which roles its author has."""
    async with offline_guild(roles={"staff": ["ann"]}) as guild:
        lab, ann, ben = guild.channel("lab"), guild.user("ann"), guild.user("ben")
        (role,) = [one.id for one in guild.world.roles.values() if one.name == "staff"]
        rules = Rules(roles=frozenset({role}))
        async with whole_bot(guild, tmp_path, rules=rules):
            await heard(guild, lab)
        refused = await ben.says("let me in", lab)
        await ann.says("from the staff", lab)
        async with whole_bot(guild, tmp_path, rules=rules) as bot:
            await lab.next_from_bot(containing="from the staff")
            assert await answered(bot, lab) == ["hello", "from the staff"]
            assert "neither the user nor a role" in await decided(bot, refused)


async def test_a_channel_that_cannot_be_read_any_more_holds_nothing_up(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        lab, attic, ann = guild.channel("lab"), guild.channel("attic"), guild.user("ann")
        async with whole_bot(guild, tmp_path):
            await heard(guild, lab)
            await heard(guild, attic)
        await ann.says("missed", lab)
        attic.deny(guild.bot.id, Permission.VIEW_CHANNEL)
        async with whole_bot(guild, tmp_path):
            await lab.next_from_bot(containing="missed")
            attic.allow(guild.bot.id, Permission.VIEW_CHANNEL)
            await heard(guild, attic, "back again")


@pytest.mark.parametrize("fault", [{"status": 503}, {"abort": True}], ids=["503", "cut"])
async def test_a_look_that_fails_is_repeated_and_what_comes_meanwhile_keeps_its_place(
    tmp_path: Path, fault: Mapping[str, Any]
) -> None:
    async with offline_guild() as guild:
        lab, ann = guild.channel("lab"), guild.user("ann")
        async with whole_bot(guild, tmp_path):
            await heard(guild, lab)
        await ann.says("missed", lab)
        guild.faults.rest("GET", rf"/channels/{lab.id}/messages$", **fault)
        async with whole_bot(guild, tmp_path) as bot:
            await ann.says("live", lab)
            await lab.next_from_bot(containing="live", timeout=60)
            assert await answered(bot, lab) == ["hello", "missed", "live"]


@pytest.mark.timeout(240)
async def test_a_store_that_refuses_moves_no_cursor_and_is_asked_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "bot")
    async with offline_guild() as guild:
        lab, ann = guild.channel("lab"), guild.user("ann")
        async with whole_bot(guild, tmp_path):
            await heard(guild, lab)
        for text in ("one", "two"):
            await ann.says(text, lab)
        guild.faults.rest("GET", rf"/channels/{lab.id}/messages$", delay_s=1)
        async with whole_bot(guild, tmp_path) as bot:
            async with asyncio.timeout(60):
                while not guild.ledger.requests("GET", rf"/channels/{lab.id}/messages$"):
                    await asyncio.sleep(0.01)
                with closing(sqlite3.connect(tmp_path / "roomkey.sqlite3")) as other:
                    other.execute("BEGIN IMMEDIATE")
                    while "a channel is caught up with later" not in caplog.text:
                        await asyncio.sleep(0.01)
            await lab.next_from_bot(containing="two", timeout=60)
            assert await answered(bot, lab) == ["hello", "one", "two"]


@pytest.mark.fault(
    "F11", "INVALID_SESSION(false) during the catch-up", "nothing lost, nothing doubled, in order"
)
async def test_a_second_session_during_the_look_loses_and_doubles_nothing(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        lab, ann = guild.channel("lab"), guild.user("ann")
        async with whole_bot(guild, tmp_path):
            await heard(guild, lab)
        await ann.says("missed", lab)
        guild.faults.rest("GET", rf"/channels/{lab.id}/messages$", delay_s=6.5)  # longer than it is away
        async with whole_bot(guild, tmp_path) as bot:
            await ann.says("live", lab)
            await loses_its_session(guild)
            await ann.says("missed again", lab)
            await lab.next_from_bot(containing="missed again", timeout=60)
            assert await answered(bot, lab) == ["hello", "missed", "live", "missed again"]


async def test_a_channel_whose_last_message_was_deleted_is_looked_into_once(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        lab, ann = guild.channel("lab"), guild.user("ann")
        async with whole_bot(guild, tmp_path):
            await heard(guild, lab)
        await ann.deletes(await ann.says("never mind", lab))
        for looks in (1, 1):
            async with whole_bot(guild, tmp_path):
                await heard(guild, guild.channel("desk"))
            assert len(guild.ledger.requests("GET", rf"/channels/{lab.id}/messages$")) == looks


async def test_more_than_can_be_held_back_is_found_in_the_channel(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        lab, ann = guild.channel("lab"), guild.user("ann")
        async with whole_bot(guild, tmp_path):
            await heard(guild, lab)
        await ann.says("hang", lab)
        guild.faults.rest("GET", rf"/channels/{lab.id}/messages$", delay_s=2)
        async with whole_bot(guild, tmp_path, script=BUSY, grace_s=0, queue_limit=500) as bot:
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
        async with whole_bot(guild, tmp_path):
            await heard(guild, lab)
        await ann.says("hang", lab)
        guild.faults.rest("GET", rf"/channels/{lab.id}/messages$", delay_s=2)
        async with whole_bot(guild, tmp_path, script=BUSY, grace_s=0, queue_limit=500) as bot:
            said = [await ann.says(f"number {n}.", lab) for n in range(KEPT)]
            await ann.deletes(said[0])
            await ann.edits(said[1], "edited")
            await lab.next_from_bot(containing="Dropped what ann had waiting here.")
            await lab.reacted(said[1], "✏️")
            queued = await bot.store.queued(session_key(lab.id))
            assert [turn.prompt.text for turn in queued][:2] == ["edited", "number 2."]


@pytest.mark.fault("F11", "close 4000", "RESUME, and no channel is read")
async def test_a_resumed_session_needs_no_look(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path) as bot:
        lab = guild.channel("lab")
        await heard(guild, lab)
        await guild.gateway.close(4000)
        await heard(guild, lab, "in the gap")
        assert await answered(bot, lab) == ["hello", "in the gap"]
        assert guild.ledger.requests("GET", r"/messages$") == []


class Watch:
    """The machine's clock, but sleeps of minutes end when a test says so."""

    def __init__(self) -> None:
        self.rings = asyncio.Event()
        self._real = SystemClock()

    def utc(self) -> datetime:
        return self._real.utc()

    def monotonic_s(self) -> float:
        return self._real.monotonic_s()

    async def sleep(self, delay_s: float) -> None:
        if delay_s < 60:
            await self._real.sleep(delay_s)
        else:
            await self.rings.wait()
            self.rings.clear()


@pytest.mark.fault("F11", "no events though REST shows messages", "noticed, connected anew, answered once")
async def test_a_connection_that_tells_nothing_is_noticed_and_made_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock, watch = GuildClock(lambda: time.time() - 600), Watch()
    async with offline_guild(clock=clock) as guild:
        lab, ann = guild.channel("lab"), guild.user("ann")
        async with whole_bot(guild, tmp_path, catch_up_clock=watch) as bot:
            await heard(guild, lab)
            guild.gateway.deafen()
            await ann.says("anybody there?", lab)
            watch.rings.set()
            await lab.next_from_bot(containing="anybody there?", timeout=60)
            clock.advance(600)
            await heard(guild, lab, "good to hear you")
            assert await answered(bot, lab) == ["hello", "anybody there?", "good to hear you"]
    assert caplog.text.count("the gateway does not tell what is said") == 1


async def test_what_a_look_has_listed_is_not_answered_when_the_gateway_tells_of_it_after_all(
    tmp_path: Path,
) -> None:
    clock, watch = GuildClock(lambda: time.time() - 600), Watch()
    async with (
        offline_guild(clock=clock) as guild,
        whole_bot(guild, tmp_path, catch_up_clock=watch, catch_up_limit=1) as bot,
    ):
        lab, ann = guild.channel("lab"), guild.user("ann")
        await heard(guild, lab)
        guild.gateway.deafen()
        for text in ("taken", "listed"):
            await ann.says(text, lab)
        guild.faults.rest("GET", "/gateway$", delay_s=2)  # so that the look is over by then
        watch.rings.set()
        await lab.next_from_bot(containing="do not answer 1 message", timeout=60)
        clock.advance(600)
        await heard(guild, lab, "good to hear you")
        assert await answered(bot, lab) == ["hello", "taken", "good to hear you"]


@asynccontextmanager
async def taking_nothing(data_dir: Path) -> AsyncGenerator[None]:
    """Let the store take nothing, as with a full disk; it says so after some seconds."""
    with closing(sqlite3.connect(data_dir / "roomkey.sqlite3")) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@pytest.mark.timeout(240)
async def test_a_store_that_takes_nothing_is_not_taken_for_a_deaf_gateway(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "bot")
    clock, watch = GuildClock(lambda: time.time() - 600), Watch()
    async with (
        offline_guild(clock=clock) as guild,
        whole_bot(guild, tmp_path, catch_up_clock=watch) as bot,
    ):
        lab = guild.channel("lab")
        await heard(guild, lab)
        async with taking_nothing(tmp_path):
            await guild.user("ann").says("while it is full", lab)
            watch.rings.set()
            async with asyncio.timeout(60):
                while "whether the gateway tells everything is not known" not in caplog.text:
                    await asyncio.sleep(0.01)
        assert "connecting anew" not in caplog.text
        await heard(guild, lab, "again")
        assert "again" in await answered(bot, lab)  # what was not stored may be told before it or behind it


@pytest.mark.timeout(240)
async def test_channels_that_are_not_behind_are_open_though_the_store_takes_nothing(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        lab = guild.channel("lab")
        async with whole_bot(guild, tmp_path) as bot:
            await heard(guild, lab)
            assert await bot.outbox.flush(5)
            async with asyncio.timeout(60):
                while (await bot.store.cursors("discord"))[lab.id] < int(lab.messages()[-1].id):
                    await asyncio.sleep(0.01)
            async with taking_nothing(tmp_path):
                await loses_its_session(guild)
                await asyncio.sleep(6)  # until there is a new one
                said = await guild.user("ann").says("while it is full", lab)
                await lab.next_from_bot(after=said, containing="cannot reach its own storage", timeout=60)
            await heard(guild, lab, "again")
            assert (await answered(bot, lab))[-1] == "again"


@pytest.mark.fault("F12", "10,000 repeats of one message", "one turn")
async def test_ten_thousand_repeats_of_a_message_are_one_turn(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path) as bot:
        lab = guild.channel("lab")
        place = ChatPlace(platform="discord", channel_id=lab.id, guild_id=guild.world.guild_id)
        person = ChatPerson(id=guild.user("ann").id, name="ann")
        message = Incoming(place=place, person=person, message_id=int(lab.id) + 1, text="once")
        taken = [bot.desk.take(message) for _ in range(10_000)]
        accepted = [await one for one in taken]
        assert [one.new for one in accepted if one is not None].count(True) == 1
        await lab.next_from_bot(containing="once")
        assert await bot.outbox.flush(5)
        assert sum("once" in m.content for m in lab.messages()) == 1
