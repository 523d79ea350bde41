"""Messages from the offline guild to the agent and back: places, order, files, and what goes wrong."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import discord
import pytest

from bot.access import Rules
from bot.demo.guild import OfflineGuild, Permission, Place
from bot.demo.guild.changes import ThreadMembersChanged
from sessions.keys import session_key
from tests.support import guilds
from tests.support.scripts import HANG
from tests.support.whole_bot import WholeBot, whole_bot


def lines(part: int) -> str:
    return "\n".join(f"line_{n} = {n}" for n in range(100 * part, 100 * part + 100))


SCRIPT = (
    HANG
    + """
[[turn]]
match = "code"
[[turn.step]]
text = '''
{blocks}
The end.'''
[[turn]]
match = "slow"
[[turn.step]]
text = "one two three four five six seven eight"
over_s = 3.0
[[turn]]
match = "everyone"
[[turn.step]]
text = "hello @everyone and <@1234567890>"
""".replace("{blocks}", "\n".join(f"```python\n{lines(part)}\n```" for part in range(3)))
)


@asynccontextmanager
async def offline_guild(**more: object) -> AsyncGenerator[OfflineGuild]:
    """A guild in which nothing is said twice at the end."""
    async with guilds.offline_guild(channels=["desk", "lounge", "lab"], **more) as guild:
        yield guild
        # Live messages are gone by now; short ones of a burst may have looked alike.
        assert [m for m in guild.ledger.duplicates() if m.id in guild.world.messages[m.channel_id]] == []


async def answers(bot: WholeBot, place: Place) -> list[str]:
    """Return what the bot says in a place when everything is said and live messages are gone."""
    assert await bot.outbox.flush(60)
    assert bot.client.user is not None
    return [m.content for m in place.messages() if m.author_id == str(bot.client.user.id)]


async def one_dropped(bot: WholeBot) -> None:
    """Wait until the outbox has given up a row."""
    async with asyncio.timeout(60):
        while not bot.outbox.dropped:
            await asyncio.sleep(0.01)


async def test_every_kind_of_place_is_a_room_of_its_own(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, listen=("desk", "lounge")) as bot:
        ann, desk, lab = guild.user("ann"), guild.channel("desk"), guild.channel("lab")
        places = {
            "default": [desk, guild.channel("lounge")],
            lab.id: [lab],
        }
        thread = await ann.opens_thread(desk, "idea")
        places[thread.id] = [thread]
        post = await ann.posts(guild.channel("ideas"), "A post", "first words")
        await post.next_from_bot(containing="first words")
        places[post.id] = [post]
        for rooms in places.values():
            for place in rooms:
                said = await ann.says(f"hello {place.name}", place)
                reply = await place.next_from_bot(after=said, containing=f"hello {place.name}")
                assert reply.reference is not None
                assert reply.reference.message_id == said.id
        records = {record.key for record in await bot.store.sessions()}
        assert records == set(places)


async def test_a_direct_message_is_answered_to_who_is_named(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        ann, ben = guild.user("ann"), guild.user("ben")
        async with whole_bot(guild, tmp_path, rules=Rules(users=frozenset({ann.id}))) as bot:
            said = await ann.says("psst", ann.dm(guild.bot))
            await ann.dm(guild.bot).next_from_bot(after=said, containing="psst")
            await ben.says("psst", ben.dm(guild.bot))
            await ann.says("again", ann.dm(guild.bot))
            await ann.dm(guild.bot).next_from_bot(containing="again")
            assert [record.key for record in await bot.store.sessions()] == [ann.dm(guild.bot).id]


async def test_two_hundred_messages_at_once_are_answered_in_their_order(tmp_path: Path) -> None:
    """The first has a slow attachment: whoever awaited it before taking a place would come last."""
    async with offline_guild() as guild, whole_bot(guild, tmp_path, queue_limit=500) as bot:
        ann, lab = guild.user("ann"), guild.channel("lab")
        guild.faults.rest("GET", r"/attachments/", delay_s=0.5)
        first = await ann.says("0", lab, files={"a.txt": b"x"})
        for n in range(1, 200):
            await ann.says(str(n), lab)
        # Not `containing`: the digits may stand in an id as well.
        await lab.next_from_bot(after=first, matching=lambda m: m.content.split()[-1:] == ["199"], timeout=60)
        assert await bot.outbox.flush(60)
        asked = {m.id: m.content for m in lab.messages() if m.author_id == ann.id}
        answered = [asked[str(m.reference.message_id)] for m in lab.messages() if m.reference]
        assert answered == [str(n) for n in range(200)]


async def test_a_message_that_the_gateway_repeats_is_answered_once(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path) as bot:
        ann, lab = guild.user("ann"), guild.channel("lab")
        guild.faults.event("MESSAGE_CREATE", times=1, copies=2)
        said = await ann.says("once", lab)
        await lab.next_from_bot(after=said, containing="once")
        said = await ann.says("end", lab)
        await lab.next_from_bot(after=said, containing="end")
        assert sum("once" in text for text in await answers(bot, lab)) == 1


async def test_an_answer_grows_in_place_and_ends_as_a_new_message(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SCRIPT):
        ann, lab = guild.user("ann"), guild.channel("lab")
        said = await ann.says("slow", lab)
        live = await lab.next_from_bot(after=said, containing="one")
        await lab.edited(live, containing="four")
        answer = await lab.next_from_bot(after=live, containing="seven eight", timeout=60)
        await lab.deleted(live)
        assert [m.id for m in lab.messages()] == [said.id, answer.id]
        patches = guild.ledger.requests("PATCH", r"/messages/")
        gaps = [later.at - sooner.at for sooner, later in pairwise(patches)]
        assert min(gaps, default=2) >= 1.0


async def test_a_long_answer_arrives_in_pieces_with_its_code_fenced(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SCRIPT) as bot:
        said = await guild.user("ann").says("code", guild.channel("lab"))
        await guild.channel("lab").next_from_bot(after=said, containing="The end.")
        parts = await answers(bot, guild.channel("lab"))
        assert len(parts) > 1
        assert all(part.startswith("```python\n") and part.count("```") % 2 == 0 for part in parts)
        assert all(len(part) <= 2000 for part in parts)


async def test_what_an_agent_writes_pings_nobody(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SCRIPT):
        said = await guild.user("ann").says("everyone", guild.channel("lab"))
        await guild.channel("lab").next_from_bot(after=said, containing="@everyone")
    assert guild.ledger.pings() == []


async def test_an_attachment_lies_in_the_inbox_and_the_prompt_names_it(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path) as bot:
        ann, lab = guild.user("ann"), guild.channel("lab")
        said = await ann.says("", lab, files={"notes.txt": b"hello"})
        await lab.next_from_bot(after=said, containing=f"inbox/{said.id}_1.txt")
        [record] = await bot.store.sessions()
        stored = record.workdir / "inbox" / f"{said.id}_1.txt"
        assert await asyncio.to_thread(stored.read_bytes) == b"hello"


async def test_a_message_for_somebody_else_is_not_answered(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path) as bot:
        ann, ben, lab = guild.user("ann"), guild.user("ben"), guild.channel("lab")
        hers = await ann.says("one", lab)
        await lab.next_from_bot(after=hers, containing="one")
        await ben.says("replying to ann", lab, reply_to=hers)
        await ben.says(f"<@{ann.id}> look", lab)
        last = await ben.says(f"<@{guild.bot.id}> <@{ann.id}> both of you", lab)
        await lab.next_from_bot(after=last, containing="both of you")
        assert len(await answers(bot, lab)) == 2


async def test_where_only_mentions_count_a_mention_or_a_reply_is_answered(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, reply_to="mention") as bot:
        ann, lab = guild.user("ann"), guild.channel("lab")
        silent = await ann.says("not for you", lab)
        called = await ann.says(f"<@{guild.bot.id}> for you", lab)
        answer = await lab.next_from_bot(after=called, containing="for you")
        replied = await ann.says("and this", lab, reply_to=answer)
        await lab.next_from_bot(after=replied, containing="and this")
        assert await bot.outbox.flush(60)
        ours = [m for m in lab.messages() if m.author_id == guild.bot.id]
        assert [m.reference.message_id for m in ours if m.reference] == [called.id, replied.id]
        fate = await bot.store.fate("discord", int(silent.id))
        assert fate is not None
        assert "does not mention me" in fate.reason


async def test_who_is_not_allowed_gets_silence(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        ann, ben, lab = guild.user("ann"), guild.user("ben"), guild.channel("lab")
        async with whole_bot(guild, tmp_path, rules=Rules(users=frozenset({ann.id}))) as bot:
            await ben.says("let me in", lab)
            said = await ann.says("hello", lab)
            await lab.next_from_bot(after=said, containing="hello")
            assert len(await answers(bot, lab)) == 1


async def test_a_thread_in_the_parent_makes_no_answer_there(tmp_path: Path) -> None:
    """A thread without a first message posts its name in the parent, as the user: a system message."""
    async with offline_guild() as guild, whole_bot(guild, tmp_path) as bot:
        ann, lab = guild.user("ann"), guild.channel("lab")
        await ann.opens_thread(lab, "just a name")
        said = await ann.says("hello", lab)
        await lab.next_from_bot(after=said, containing="hello")
        assert len(await answers(bot, lab)) == 1


async def test_a_full_queue_is_told(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SCRIPT, queue_limit=1) as bot:
        ann, lab = guild.user("ann"), guild.channel("lab")
        await lab_is_busy(guild)
        await ann.says("waits", lab)
        refused = await ann.says("too much", lab)
        told = await lab.next_from_bot(after=refused, containing="too many prompts waiting")
        assert told.reference is not None
        assert told.reference.message_id == refused.id
        (key,) = [record.key for record in await bot.store.sessions()]
        bot.manager.stop(key)
        await lab.next_from_bot(containing="Stopped.")


async def lab_is_busy(guild: OfflineGuild) -> None:
    said = await guild.user("ann").says("hang", guild.channel("lab"))
    await guild.channel("lab").next_from_bot(after=said, containing="half an answer")


async def test_a_channel_deleted_under_a_turn_ends_only_its_own(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SCRIPT) as bot:
        ann, desk, lab = guild.user("ann"), guild.channel("desk"), guild.channel("lab")
        await ann.says("slow", lab)
        await lab.typing()
        lab.delete()
        said = await ann.says("hello", desk)
        await desk.next_from_bot(after=said, containing="hello")
        await one_dropped(bot)


async def test_a_channel_where_the_bot_may_not_write_holds_up_no_other(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path) as bot:
        ann, desk, lab = guild.user("ann"), guild.channel("desk"), guild.channel("lab")
        lab.deny(guild.bot.id, Permission.SEND_MESSAGES)
        await ann.says("hello", lab)
        said = await ann.says("hello", desk)
        await desk.next_from_bot(after=said, containing="hello")
        await one_dropped(bot)


@pytest.mark.parametrize("fault", [{"status": 500}, {"abort": True}, {"abort": True, "stored": True}])
async def test_an_answer_is_shown_once_whatever_happens_on_the_way(
    tmp_path: Path, fault: dict[str, object]
) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path) as bot:
        ann, lab = guild.user("ann"), guild.channel("lab")
        guild.faults.rest("POST", r"/messages$", times=1, **fault)  # type: ignore[arg-type]
        said = await ann.says("hello", lab)
        await lab.next_from_bot(after=said, containing="hello", timeout=60)
        said = await ann.says("end", lab)
        await lab.next_from_bot(after=said, containing="end", timeout=60)
        assert len(await answers(bot, lab)) == 2


async def test_prompts_that_waited_for_a_restart_are_answered_after_it(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        ann, lab = guild.user("ann"), guild.channel("lab")
        async with whole_bot(guild, tmp_path, script=SCRIPT, grace_s=0) as bot:
            await lab_is_busy(guild)
            await ann.says("still waiting", lab)
            async with asyncio.timeout(60):
                while not (await bot.store.lane(session_key(lab.id))).waiting:
                    await asyncio.sleep(0.01)
        assert "Interrupted" in lab.transcript()
        async with whole_bot(guild, tmp_path):
            await lab.next_from_bot(containing="still waiting")


async def test_a_message_without_text_warns_of_the_missing_intent(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    blind = discord.Intents(guilds=True, guild_messages=True)
    async with offline_guild() as guild, whole_bot(guild, tmp_path, intents=blind):
        ann, lab = guild.user("ann"), guild.channel("lab")
        await ann.says("you cannot read this", lab)
        said = await ann.says(f"<@{guild.bot.id}> but this", lab)
        await lab.next_from_bot(after=said, containing="but this")
    assert caplog.text.count("is Message Content Intent switched on?") == 1


async def test_a_forwarded_message_is_quoted_with_its_files(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path) as bot:
        ann, desk, lab = guild.user("ann"), guild.channel("desk"), guild.channel("lab")
        said = await ann.says("first line\nsecond line", desk, files={"notes.txt": b"hello"})
        await desk.next_from_bot(after=said, containing="second line")
        await ann.forwards(said, lab)
        answer = await lab.next_from_bot(containing="Forwarded message:")
        assert "> first line\n> second line" in answer.content
        assert "inbox/" in answer.content
        assert len(await answers(bot, lab)) == 1


async def test_a_thread_that_was_archived_before_the_start_is_still_its_own_room(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        ann, desk = guild.user("ann"), guild.channel("desk")
        thread = await ann.opens_thread(desk, "old")
        await ann.archives(thread)
        async with whole_bot(guild, tmp_path) as bot:
            said = await ann.says("anybody here?", thread)
            await thread.next_from_bot(after=said, containing="anybody here?")
            assert [record.key for record in await bot.store.sessions()] == [thread.id]


async def test_a_new_thread_is_joined(tmp_path: Path) -> None:
    """Discord may be silent about threads that a bot has not joined."""
    async with offline_guild() as guild, whole_bot(guild, tmp_path):
        await guild.user("ann").opens_thread(guild.channel("lab"), "idea")
        await guild.wait_for(
            lambda change: isinstance(change, ThreadMembersChanged) and guild.bot.id in change.added,
            "the bot joins",
            timeout=60,
        )


async def test_nul_and_lone_surrogates_in_an_answer_are_shown_as_signs(tmp_path: Path) -> None:
    script = '[[turn]]\nmatch = "odd"\n[[turn.step]]\ntext = "a\\u0000b"\n'
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=script):
        said = await guild.user("ann").says("odd", guild.channel("lab"))
        await guild.channel("lab").next_from_bot(after=said, containing="a\ufffdb")
