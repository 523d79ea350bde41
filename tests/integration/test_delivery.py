"""Answers and receipts on their way into Discord, through lost answers, long outages, bans and restarts."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from bot.chat_discord.login import default_intents
from bot.chat_discord.port import DiscordPort
from bot.demo.guild import OfflineGuild, Permission, Place
from bot.demo.guild.model import Message
from bot.outbox import REPEAT_MARK, Outbox
from bot.receipts import Receipts
from sessions.clock import SystemClock
from sessions.keys import TurnId, session_key
from sessions.store import Store, open_store
from sessions.store.values import (
    STORE_ID,
    ChatAddress,
    Inbound,
    Lease,
    Piece,
    Prompt,
    TurnResult,
    TurnState,
    piece_nonce,
)
from tests.support.discord_client import Bot, connected
from tests.support.guilds import offline_guild

_SYSTEM = SystemClock()


class AheadClock:
    """The machine's clock, set forward by `pass_s`."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def utc(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.ahead_s)

    def monotonic_s(self) -> float:
        return _SYSTEM.monotonic_s() + self.ahead_s

    async def sleep(self, delay_s: float) -> None:
        await asyncio.sleep(delay_s)


@dataclass(slots=True)
class Delivery:
    """The pumps between a store and the guild."""

    guild: OfflineGuild
    clock: AheadClock
    store: Store
    port: DiscordPort
    outbox: Outbox
    receipts: Receipts

    def pass_s(self, seconds: float) -> None:
        """Let time go by, here and at Discord."""
        self.clock.ahead_s += seconds
        self.guild.clock.advance(seconds)
        self.outbox.wake()
        self.receipts.wake()

    async def asked(self, message: Message) -> TurnId:
        """Accept a message of somebody."""
        address = ChatAddress(platform="discord", channel_id=message.channel_id, message_id=message.id)
        row = Inbound(
            source="discord",
            msg_id=int(message.id),
            key=session_key(message.channel_id),
            address=address,
            prompt=Prompt(text=message.content),
        )
        turn = (await self.store.accept(row)).turn
        self.receipts.wake()
        return turn

    async def begin(self, message: Message) -> Lease:
        """Start the first turn that waits where somebody spoke."""
        lease = await self.store.claim(session_key(message.channel_id), uuid4())
        assert await self.store.next(lease) is not None
        self.receipts.wake()
        return lease

    async def end(self, lease: Lease, turn: TurnId, *pieces: Piece) -> None:
        await self.store.next(lease, TurnResult(turn=turn, state=TurnState.DONE, pieces=pieces))
        self.outbox.wake()
        self.receipts.wake()

    async def answer(self, message: Message, text: str) -> None:
        """Accept, run and end a turn."""
        turn = await self.asked(message)
        piece = Piece(channel_id=message.channel_id, body=text, reply_to=message.id)
        await self.end(await self.begin(message), turn, piece)

    async def put_off(self) -> None:
        """Wait until every row was tried and waits for its next try."""
        async with asyncio.timeout(60):
            while not await self.store.outbox_wait_s("discord"):
                await asyncio.sleep(0.01)


@asynccontextmanager
async def delivery(
    guild: OfflineGuild, data_dir: Path, clock: AheadClock | None = None
) -> AsyncGenerator[Delivery]:
    """Run the pumps; leaving ends them where they are, as a crash would."""
    clock = clock or AheadClock()
    store = await open_store(data_dir, clock)
    try:
        async with connected(guild, Bot(default_intents())) as bot, asyncio.TaskGroup() as tasks:
            port = DiscordPort(bot, clock)
            outbox, receipts = Outbox(store, port, clock), Receipts(store, port, clock)
            pumps = [tasks.create_task(outbox.run()), tasks.create_task(receipts.run())]
            yield Delivery(guild, clock, store, port, outbox, receipts)
            for pump in pumps:
                pump.cancel()
    finally:
        await store.close()


@pytest.fixture
async def guild() -> AsyncGenerator[OfflineGuild]:
    async with offline_guild(channels=["desk", "attic", "yard"]) as guild:
        yield guild


def by_bot(place: Place, guild: OfflineGuild) -> list[str]:
    return [message.content for message in place.messages() if message.author_id == guild.bot.id]


async def test_an_answer_whose_connection_broke_after_it_was_stored_is_shown_once(
    guild: OfflineGuild, tmp_path: Path
) -> None:
    desk = guild.channel("desk")
    async with delivery(guild, tmp_path) as it:
        guild.faults.rest("POST", r"/messages$", stored=True, abort=True)
        await it.answer(await guild.user("ann").says("hi", desk), "hello")
        await it.put_off()
        it.pass_s(10)
        assert await it.outbox.flush(60)
    assert by_bot(desk, guild) == ["hello"]
    assert len(guild.ledger.requests("POST", r"/messages$")) == 2


async def test_an_answer_that_was_stored_is_found_after_minutes_and_a_restart(
    guild: OfflineGuild, tmp_path: Path
) -> None:
    desk = guild.channel("desk")
    async with delivery(guild, tmp_path) as it:
        guild.faults.rest("POST", r"/messages$", stored=True, abort=True)
        await it.answer(await guild.user("ann").says("hi", desk), "hello")
        await it.put_off()
    async with delivery(guild, tmp_path, it.clock) as it:
        it.pass_s(1800)
        assert await it.outbox.flush(60)
    assert by_bot(desk, guild) == ["hello"]
    assert len(guild.ledger.requests("POST", r"/messages$")) == 1


async def test_an_answer_that_is_not_found_after_minutes_is_marked_as_what_may_be_a_repeat(
    guild: OfflineGuild, tmp_path: Path
) -> None:
    desk = guild.channel("desk")
    async with delivery(guild, tmp_path) as it:
        guild.faults.rest("POST", r"/messages$", status=503)
        await it.answer(await guild.user("ann").says("hi", desk), "hello")
        await it.put_off()
        it.pass_s(1800)
        assert await it.outbox.flush(60)
    assert by_bot(desk, guild) == [f"hello\n{REPEAT_MARK}"]


async def test_the_same_words_said_before_are_not_taken_for_the_answer(
    guild: OfflineGuild, tmp_path: Path
) -> None:
    desk, ann = guild.channel("desk"), guild.user("ann")
    async with delivery(guild, tmp_path) as it:
        await it.answer(await ann.says("hi", desk), "hello")
        assert await it.outbox.flush(60)
        guild.faults.rest("POST", r"/messages$", status=503)
        await it.answer(await ann.says("hi again", desk), "hello")
        await it.put_off()
        it.pass_s(1800)
        assert await it.outbox.flush(60)
    assert by_bot(desk, guild) == ["hello", f"hello\n{REPEAT_MARK}"]


async def test_a_live_message_whose_id_nobody_learned_is_removed(guild: OfflineGuild, tmp_path: Path) -> None:
    desk = guild.channel("desk")
    async with delivery(guild, tmp_path) as it:
        said = await guild.user("ann").says("hi", desk)
        turn = await it.asked(said)
        nonce = piece_nonce(await it.store.get_fact(*STORE_ID) or "", turn, "live")
        await it.port.send(desk.id, "hel\n-# 2 s", nonce=nonce, silent=True)
        removal = Piece(channel_id=desk.id, target_nonce=nonce, action="delete")
        await it.end(await it.begin(said), turn, Piece(channel_id=desk.id, body="hello"), removal)
        assert await it.outbox.flush(60)
    assert by_bot(desk, guild) == ["hello"]
    assert guild.ledger.duplicates() == []


async def test_after_the_edge_turns_us_away_all_channels_are_left_alone_and_then_answered_once(
    guild: OfflineGuild, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    ann = guild.user("ann")
    places = [guild.channel(name) for name in ("desk", "attic", "yard")]
    async with delivery(guild, tmp_path) as it:
        guild.faults.rest("POST", r"/messages$", status=429, via=False)
        await it.answer(await ann.says("hi", places[0]), "hello")
        async with asyncio.timeout(60):
            while "turns this machine away" not in caplog.text:
                await asyncio.sleep(0.01)
        asked_before = len(guild.ledger.entries)
        for place in places[1:]:
            await it.answer(await ann.says("hi", place), "hello")
        assert not await it.outbox.flush(1)
        assert len(guild.ledger.entries) == asked_before
        it.pass_s(301)
        assert await it.outbox.flush(60)
    assert [len(by_bot(place, guild)) for place in places] == [1, 1, 1]
    assert by_bot(places[2], guild) == ["hello"]
    said = [
        record for record in caplog.records if record.name.startswith("bot.") and record.levelname != "DEBUG"
    ]
    assert [record.message for record in said] == ["Discord turns this machine away"]


async def test_receipts_follow_their_turns(guild: OfflineGuild, tmp_path: Path) -> None:
    desk, ann = guild.channel("desk"), guild.user("ann")
    first, second = await ann.says("one", desk), await ann.says("two", desk)
    async with delivery(guild, tmp_path) as it:
        turns = [await it.asked(first), await it.asked(second)]
        lease = await it.begin(first)
        await desk.shows(second, "⏳")
        await it.end(lease, turns[0])
        await desk.shows(first, "✅")
        await desk.shows(second)
        await it.end(lease, turns[1])
        await desk.shows(second, "✅")


async def test_receipts_are_made_true_after_a_restart(guild: OfflineGuild, tmp_path: Path) -> None:
    desk, ann = guild.channel("desk"), guild.user("ann")
    first, second = await ann.says("one", desk), await ann.says("two", desk)
    async with delivery(guild, tmp_path) as it:
        await it.asked(first)
        turn = await it.asked(second)
        await it.begin(first)
        await desk.shows(second, "⏳")
    store = await open_store(tmp_path, AheadClock())
    await store.recover(uuid4())
    await store.cancel(session_key(desk.id), turn)
    await store.close()
    async with delivery(guild, tmp_path):
        await desk.shows(first, "⚠️")
        await desk.shows(second, "⏹️")


async def test_a_missing_permission_costs_the_receipt_alone(guild: OfflineGuild, tmp_path: Path) -> None:
    desk, yard, ann = guild.channel("desk"), guild.channel("yard"), guild.user("ann")
    desk.deny(guild.bot.id, Permission.ADD_REACTIONS)
    async with delivery(guild, tmp_path) as it:
        said, other = await ann.says("hi", desk), await ann.says("hi", yard)
        await it.answer(said, "hello")
        await it.answer(other, "hello")
        await yard.shows(other, "✅")
        assert await it.outbox.flush(60)
        assert by_bot(desk, guild) == ["hello"]
        async with asyncio.timeout(60):
            while await it.store.receipts_due("discord", 10):
                await asyncio.sleep(0.01)
        # On a slow machine that it waits was to be shown as well.
        refused = [entry.path for entry in guild.ledger.requests("PUT", f"{desk.id}.*/reactions/")]
        assert len(refused) == len(set(refused)) > 0
