"""What was said in a gap, of the gateway or of the whole bot, is answered once, in order."""

from pathlib import Path

import pytest

from bot.access import Rules
from bot.chat import Incoming
from bot.chat import Person as ChatPerson
from bot.chat import Place as ChatPlace
from sessions.store.values import TurnState
from tests.support.gaps import answered, decided, heard, loses_its_session, took_part, waiting
from tests.support.guilds import offline_guild
from tests.support.scripts import HANG
from tests.support.whole_bot import whole_bot

GAP = 100
"""How many messages are said while nobody hears them."""


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
        await took_part(guild, tmp_path, lab)
        texts = [f"number {n}." for n in range(GAP)]
        for text in texts:
            await guild.user("ann").says(text, lab)
        async with whole_bot(guild, tmp_path, queue_limit=2 * GAP) as bot:
            await lab.next_from_bot(containing=texts[-1], timeout=60)
            assert await answered(bot, lab) == ["hello", *texts]
            told = [m.content for m in lab.messages() if "Answering" in m.content]
            assert [line.split(" from")[0] for line in told] == [f"-# Answering {GAP} messages"]


@pytest.mark.fault(
    "F11", "INVALID_SESSION(false) during the catch-up", "nothing lost, nothing doubled, in order"
)
async def test_a_second_session_during_the_look_loses_and_doubles_nothing(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        lab, ann = guild.channel("lab"), guild.user("ann")
        await took_part(guild, tmp_path, lab)
        await ann.says("missed", lab)
        guild.faults.rest("GET", rf"/channels/{lab.id}/messages$", delay_s=6.5)  # longer than it is away
        async with whole_bot(guild, tmp_path) as bot:
            await ann.says("live", lab)
            await loses_its_session(guild)
            await ann.says("missed again", lab)
            await lab.next_from_bot(containing="missed again", timeout=60)
            assert await answered(bot, lab) == ["hello", "missed", "live", "missed again"]


@pytest.mark.fault("F11", "close 4000", "RESUME, and no channel is read")
async def test_a_resumed_session_needs_no_look(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path) as bot:
        lab = guild.channel("lab")
        await heard(guild, lab)
        await guild.gateway.close(4000)
        await heard(guild, lab, "in the gap")
        assert await answered(bot, lab) == ["hello", "in the gap"]
        assert guild.ledger.requests("GET", r"/messages$") == []


async def test_a_channel_whose_last_message_was_deleted_is_looked_into_once(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        lab, ann = guild.channel("lab"), guild.user("ann")
        await took_part(guild, tmp_path, lab)
        await ann.deletes(await ann.says("never mind", lab))
        for looks in (1, 1):
            async with whole_bot(guild, tmp_path):
                await heard(guild, guild.channel("desk"))
            assert len(guild.ledger.requests("GET", rf"/channels/{lab.id}/messages$")) == looks


async def test_what_waited_and_was_deleted_in_the_gap_does_not_run(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        lab, ann = guild.channel("lab"), guild.user("ann")
        async with whole_bot(guild, tmp_path, script=HANG, grace_s=0) as bot:
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


async def test_what_waits_in_a_channel_that_is_gone_does_not_run(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        lab, ann = guild.channel("lab"), guild.user("ann")
        async with whole_bot(guild, tmp_path, script=HANG, grace_s=0) as bot:
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


async def test_roles_count_also_for_what_was_missed(tmp_path: Path) -> None:
    """A message that is read does not say which roles its author has."""
    async with offline_guild(roles={"staff": ["ann"]}) as guild:
        lab, ann, ben = guild.channel("lab"), guild.user("ann"), guild.user("ben")
        (role,) = [one.id for one in guild.world.roles.values() if one.name == "staff"]
        rules = Rules(roles=frozenset({role}))
        await took_part(guild, tmp_path, lab, rules=rules)
        refused = await ben.says("let me in", lab)
        await ann.says("from the staff", lab)
        async with whole_bot(guild, tmp_path, rules=rules) as bot:
            await lab.next_from_bot(containing="from the staff")
            assert await answered(bot, lab) == ["hello", "from the staff"]
            assert "neither the user nor a role" in await decided(bot, refused)


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
        assert await bot.outbox.flush(60)
        assert sum("once" in m.content for m in lab.messages()) == 1
