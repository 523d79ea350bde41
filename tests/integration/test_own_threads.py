"""Channels in which every message opens a thread: once, also across crashes; named; said if it cannot."""

import asyncio
from pathlib import Path

import pytest

from bot.demo.guild import OfflineGuild, Permission, Place
from bot.demo.guild.limits import ACTIVE_THREADS
from bot.demo.guild.model import Message
from bot.demo.guild.opening import alone
from bot.own_threads import OwnThreads
from bot.titles import UNTITLED
from sessions.clock import SystemClock
from sessions.keys import session_key
from sessions.paths import Paths
from sessions.store import open_store
from sessions.store.said import Asker
from sessions.store.values import ChatAddress, Inbound, Prompt, TurnState
from tests.support.guilds import offline_guild
from tests.support.ports import FakePort
from tests.support.scripts import HANG, RECALL
from tests.support.whole_bot import WholeBot, whole_bot

pytestmark = pytest.mark.usefixtures("every_line_is_logged")
THREADS = {"auto_thread": True}
DONE = "✅"
BUSY = HANG + RECALL


def said_by_bot(guild: OfflineGuild, place: Place) -> list[str]:
    """Return what the bot says in a place."""
    return [m.content for m in place.messages() if m.author_id == guild.bot.id]


async def opened(guild: OfflineGuild, said: Message) -> Place:
    """Wait for the thread on a message, and return it."""
    await guild.stage.until(lambda: guild.world.channels.get(said.id), "a thread", timeout=60)
    return guild.place(said.id)


async def ended(bot: WholeBot, message_id: str) -> TurnState:
    """Return how a message's turn has ended, as soon as it has."""
    async with asyncio.timeout(60):
        while not (fate := await bot.store.fate("discord", int(message_id))) or fate.ended is None:
            await asyncio.sleep(0.01)
    assert fate.turn is not None
    return fate.turn.state


async def test_each_message_is_answered_in_a_thread_of_its_own_with_a_session_of_its_own(
    tmp_path: Path,
) -> None:
    async with (
        offline_guild() as guild,
        whole_bot(guild, tmp_path, script=BUSY, rooms=THREADS, with_receipts=True) as bot,
    ):
        ann, lab = guild.user("ann"), guild.channel("lab")
        first = await ann.says("**Mend** the login page, <@99>", lab)
        second = await ann.says("Write the notes", lab)
        for said, name in ((first, "Mend the login page"), (second, "Write the notes")):
            await lab.shows(said, DONE, timeout=60)
            thread = guild.place(said.id)
            assert thread.name == name
            await thread.next_from_bot(containing=said.content[-5:], timeout=60)
        assert said_by_bot(guild, lab) == []
        again = await ann.says("recall", guild.place(first.id))
        answer = await guild.place(first.id).next_from_bot(after=again, containing="login", timeout=60)
        assert "notes" not in answer.content
        assert {record.key for record in await bot.store.sessions()} == {first.id, second.id}
        assert len(lab.threads()) == 2


async def test_threads_posts_and_direct_messages_open_no_threads(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, rooms=THREADS) as bot:
        ann, lab = guild.user("ann"), guild.channel("lab")
        thread = await ann.opens_thread(lab, "aside")
        post = await ann.posts(guild.channel("ideas"), "A post", "first words")
        await post.next_from_bot(containing="first words", timeout=60)
        said = await ann.says("hello", thread)
        await thread.next_from_bot(after=said, containing="hello", timeout=60)
        assert {record.key for record in await bot.store.sessions()} == {thread.id, post.id}
        assert post.name == "A post"


def waiting(lab: Place, message_id: str, guild: OfflineGuild) -> Inbound:
    """What is stored of a message that opens a thread, when the bot is killed right after."""
    return Inbound(
        source="discord",
        msg_id=int(message_id),
        key=session_key(message_id),
        address=ChatAddress(platform="discord", channel_id=lab.id, message_id=message_id),
        prompt=Prompt(
            text="carry on",
            author_id=guild.user("ann").id,
            author_name="ann",
            asker=Asker(guild_id=guild.world.guild_id),
        ),
        cursor=lab.id,
    )


@pytest.mark.parametrize("is_open", [False, True], ids=["before the thread", "after the thread"])
async def test_a_crash_between_accepting_and_opening_neither_loses_nor_doubles(
    tmp_path: Path, is_open: bool
) -> None:
    async with offline_guild() as guild:
        ann, lab = guild.user("ann"), guild.channel("lab")
        said = await ann.says("carry on", lab)
        store = await open_store(Paths(tmp_path).root, SystemClock())
        await store.accept(waiting(lab, said.id, guild))
        await store.close()
        if is_open:
            await guild.bot.opens_thread(lab, "carry on", on=said)
        async with whole_bot(guild, tmp_path, rooms=THREADS) as bot:
            thread = await opened(guild, said)
            await thread.next_from_bot(containing="carry on", timeout=60)
            assert await ended(bot, said.id) is TurnState.DONE
            assert await bot.outbox.flush(60)
            answers = [text for text in said_by_bot(guild, guild.place(said.id)) if "carry on" in text]
            assert len(answers) == 1
            assert [thread.id for thread in lab.threads()] == [said.id]
            assert said_by_bot(guild, lab) == []


async def test_what_was_missed_opens_its_threads_too(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        ann, lab = guild.user("ann"), guild.channel("lab")
        async with whole_bot(guild, tmp_path, rooms=THREADS):
            first = await ann.says("hello", lab)
            await opened(guild, first)
        missed = await ann.says("missed", lab)
        async with whole_bot(guild, tmp_path, rooms=THREADS) as bot:
            assert await ended(bot, missed.id) is TurnState.DONE
            await (await opened(guild, missed)).next_from_bot(containing="missed", timeout=60)


async def test_a_message_that_is_deleted_while_it_waits_opens_no_thread(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        ann, lab = guild.user("ann"), guild.channel("lab")
        async with whole_bot(guild, tmp_path, script=BUSY, rooms=THREADS, max_running=1) as bot:
            first = await ann.says("hang", lab)
            await opened(guild, first)
            second = await ann.says("never mind", lab)
            await bot.client.wait_for("message", check=lambda message: message.id == int(second.id))
            await ann.deletes(second)
            await lab.next_from_bot(containing="Dropped what ann had waiting here.", timeout=60)
            assert await ended(bot, second.id) is TurnState.CANCELLED
            assert [thread.id for thread in lab.threads()] == [first.id]


async def test_a_message_deleted_while_its_turn_runs_is_answered_in_its_thread(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        ann, lab = guild.user("ann"), guild.channel("lab")
        async with whole_bot(guild, tmp_path, script=BUSY, rooms=THREADS) as bot:
            said = await ann.says("hang", lab)
            await opened(guild, said)
            thread = guild.place(said.id)
            await thread.next_from_bot(containing="half an answer", timeout=60)
            await ann.deletes(said)
            await ann.runs("/stop", thread)
            await thread.next_from_bot(containing="Stopped.", timeout=60)
            assert await ended(bot, said.id) is TurnState.CANCELLED


async def test_a_thread_that_somebody_opened_first_is_used_and_keeps_its_name(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        ann, lab = guild.user("ann"), guild.channel("lab")
        guild.faults.rest("POST", r"/threads$", delay_s=1.0)
        async with whole_bot(guild, tmp_path, rooms=THREADS):
            said = await ann.says("some words", lab)
            thread = await guild.user("ben").opens_thread(lab, "Ben's name", on=said)
            await thread.next_from_bot(containing="some words", timeout=60)
            assert thread.name == "Ben's name"


async def test_where_no_thread_is_allowed_the_channel_answers_and_it_is_said_once(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        ann, lab = guild.user("ann"), guild.channel("lab")
        lab.deny(guild.bot.id, Permission.CREATE_PUBLIC_THREADS)
        async with whole_bot(guild, tmp_path, rooms=THREADS) as bot:
            for text in ("one thing", "another thing"):
                said = await ann.says(text, lab)
                await lab.next_from_bot(after=said, containing=text, timeout=60)
            assert [record.key for record in await bot.store.sessions()] == [lab.id]
            told = [text for text in said_by_bot(guild, lab) if "Create Public Threads" in text]
            assert len(told) == 1
            assert guild.ledger.requests("POST", r"/threads$") == []


@pytest.mark.parametrize(("code", "words"), [(50013, "I may not open a thread"), (160007, "did not take")])
async def test_a_thread_that_is_refused_is_said_under_its_message(
    tmp_path: Path, code: int, words: str
) -> None:
    async with offline_guild() as guild:
        ann, lab = guild.user("ann"), guild.channel("lab")
        guild.faults.rest("POST", r"/threads$", status=403 if code == 50013 else 400, code=code)
        async with whole_bot(guild, tmp_path, rooms=THREADS) as bot:
            said = await ann.says("some words", lab)
            told = await lab.next_from_bot(after=said, containing=words, timeout=60)
            assert told.reference is not None
            assert told.reference.message_id == said.id
            assert await ended(bot, said.id) is TurnState.FAILED


async def test_in_a_server_full_of_threads_the_channel_answers_and_says_what_to_do(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        ann, lab = guild.user("ann"), guild.channel("lab")
        for number in range(ACTIVE_THREADS):
            alone(guild.world, ann.id, lab.id, f"thread {number}")
        async with whole_bot(guild, tmp_path, rooms=THREADS) as bot:
            for text in ("one thing", "another thing"):
                said = await ann.says(text, lab)
                await lab.next_from_bot(after=said, containing=text, timeout=60)
            assert [record.key for record in await bot.store.sessions()] == [lab.id]
            [told] = [text for text in said_by_bot(guild, lab) if "as many open threads" in text]
            assert "Close or delete threads" in told
            assert "Create Public Threads" not in told
            assert guild.ledger.requests("POST", r"/threads$") == []


async def test_one_thread_too_many_is_said_under_its_message_and_the_channel_goes_on(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        ann, lab = guild.user("ann"), guild.channel("lab")
        guild.faults.rest("POST", r"/threads$", status=400, code=160006)
        async with whole_bot(guild, tmp_path, rooms=THREADS) as bot:
            said = await ann.says("some words", lab)
            told = await lab.next_from_bot(after=said, containing="as many open threads", timeout=60)
            assert told.reference is not None
            assert told.reference.message_id == said.id
            assert "Send it again: for now I answer here" in told.content
            assert await ended(bot, said.id) is TurnState.FAILED
            again = await ann.says("some words", lab)
            await lab.next_from_bot(after=again, containing="some words", timeout=60)
            assert len(guild.ledger.requests("POST", r"/threads$")) == 1


async def test_discord_in_trouble_is_asked_again_for_a_thread(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        ann, lab = guild.user("ann"), guild.channel("lab")
        guild.faults.rest("POST", r"/threads$", times=2, status=503)
        async with whole_bot(guild, tmp_path, rooms=THREADS) as bot:
            said = await ann.says("some words", lab)
            assert await ended(bot, said.id) is TurnState.DONE
            await guild.place(said.id).next_from_bot(containing="some words", timeout=60)


async def test_a_thread_without_words_gets_its_title_from_the_next_prompt(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        ann, lab = guild.user("ann"), guild.channel("lab")
        async with whole_bot(guild, tmp_path, rooms=THREADS):
            said = await ann.says("🎉🎉", lab)
            await opened(guild, said)
            thread = guild.place(said.id)
            await thread.next_from_bot(containing="🎉", timeout=60)
            assert thread.name == UNTITLED
        async with whole_bot(guild, tmp_path, rooms=THREADS):
            for text in ("Plan the party", "and then something else"):
                more = await ann.says(text, thread)
                await thread.next_from_bot(after=more, containing=text, timeout=60)
            assert thread.name == "Plan the party"


async def test_the_name_that_a_person_gave_stays(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        ann, lab = guild.user("ann"), guild.channel("lab")
        async with whole_bot(guild, tmp_path, rooms=THREADS) as bot:
            said = await ann.says("🎉", lab)
            await opened(guild, said)
            thread = guild.place(said.id)
            thread.rename("Ann's party")
            await bot.client.wait_for("thread_update")
            more = await ann.says("Plan the party", thread)
            await thread.next_from_bot(after=more, containing="Plan the party", timeout=60)
            assert thread.name == "Ann's party"


async def test_a_title_that_the_chat_refuses_costs_nothing_but_the_title(tmp_path: Path) -> None:
    store, port = await open_store(tmp_path, SystemClock()), FakePort()
    threads = OwnThreads(store, port, SystemClock(), lambda _id: UNTITLED)
    await threads.untitled("7", UNTITLED)
    await store.accept(
        Inbound(
            source="fake",
            msg_id=9,
            key=session_key("7"),
            address=ChatAddress(platform="fake", channel_id="7", message_id="9"),
            prompt=Prompt(text="Some words", author_id="1"),
        )
    )
    [turn] = await store.queued(session_key("7"))
    assert await threads(turn) is None  # the port knows no such thread
    assert await threads(turn) is None
    assert port.asked("rename") == ["Some words"]
    await store.close()


async def test_why_a_message_is_told_where_it_stands_and_in_its_thread(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, rooms=THREADS) as bot:
        ann, lab = guild.user("ann"), guild.channel("lab")
        said = await ann.says("some words", lab)
        thread = await opened(guild, said)
        assert await ended(bot, said.id) is TurnState.DONE
        for place in (lab, thread):
            assert "It was answered" in (await ann.runs("/why", place, message=said.id)).content
        assert (
            "I know of no such message"
            in (await ann.runs("/why", guild.channel("desk"), message=said.id)).content
        )


async def test_a_request_in_an_own_thread_is_answered_there(tmp_path: Path) -> None:
    script = '[[turn]]\nmatch = "ask"\n[[turn.step]]\ntool = "Bash"\ntitle = "ls"\nask = true\n'
    script += '[[turn.step]]\ntext = "the tool ran"\n'
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=script, rooms=THREADS):
        ann, lab = guild.user("ann"), guild.channel("lab")
        thread = await opened(guild, await ann.says("ask", lab))
        card = await thread.next_from_bot(containing="needs your permission", timeout=60)
        await ann.clicks(card, label="Allow once")
        await thread.next_from_bot(containing="the tool ran", timeout=60)
