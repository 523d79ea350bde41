"""The whole bot on the offline guild, in this process: real client, store and manager, scripted agent."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import discord

from bot.access import Rules
from bot.around import Around
from bot.chat_discord.attachments import downloads
from bot.chat_discord.catch_up import CatchUp
from bot.chat_discord.client import RoomkeyClient
from bot.chat_discord.intake import Intake, Notices
from bot.chat_discord.members import Members
from bot.chat_discord.missed import Finder
from bot.chat_discord.reading import DiscordReader
from bot.degraded import Degraded
from bot.demo.guild import OfflineGuild
from bot.desk import Desk
from bot.forks import ForkThreads, place_name
from bot.gate import Gate
from bot.live_messages import LiveMessages
from bot.loops import budget_of
from bot.open_asks import OpenAsks
from bot.outbox import Outbox
from bot.own_threads import OwnThreads
from bot.pairing import Pairing
from bot.people import People
from bot.receipts import Receipts
from bot.replies import reply_opener
from bot.settings import ReplyTo
from bot.still_may import StillMay
from bot.transcriber import Transcriber
from bot.voice import Hearing
from sessions.agents.scripted import ADAPTER
from sessions.box import BOXES
from sessions.breaker import Breaker
from sessions.clock import Clock, SystemClock
from sessions.engine import Engine
from sessions.manager import SessionManager
from sessions.paths import Paths
from sessions.pool import Pool
from sessions.room_words import Listed, RoomWords
from sessions.settings import AgentSettings
from sessions.spool import Spool
from sessions.store import Store, open_store
from sessions.store.values import STORE_ID
from sessions.tombstones import Tombstones
from tests.support.discord_client import READY_S, pointed_at


@dataclass(slots=True)
class WholeBot:
    """A bot that is connected, and its parts."""

    client: RoomkeyClient
    manager: SessionManager
    store: Store
    outbox: Outbox
    asks: OpenAsks
    desk: Desk
    catch_up: CatchUp


@asynccontextmanager
async def whole_bot(
    guild: OfflineGuild,
    data_dir: Path,
    *,
    script: str | None = None,
    listen: Sequence[str] = ("desk",),
    rules: Rules | None = None,
    reply_to: ReplyTo = "all",
    intents: discord.Intents | None = None,
    catch_up_s: float = 3600.0,
    catch_up_limit: int = 1000,
    catch_up_clock: Clock | None = None,
    fresh_s: float = 5.0,
    with_receipts: bool = False,
    rooms: Mapping[str, object] | None = None,
    transcriber: Transcriber | None = None,
    **settings: object,
) -> AsyncGenerator[WholeBot]:
    """Run the bot for everybody in the guild, with ann as an operator; leaving stops it as SIGTERM would.

    `listen` are names of channels. `script` is what the agent plays, else it echoes. `rooms` are settings
    of all rooms.
    """
    path = None
    if script is not None:
        path = data_dir / "script.toml"
        await asyncio.to_thread(path.write_text, script)
    agent = AgentSettings.model_validate({"vendor": "scripted", "script": path, "grace_s": 5.0, **settings})
    paths, clock = Paths(data_dir), SystemClock()
    await asyncio.to_thread(paths.create)
    await asyncio.to_thread(BOXES["none"].write_launcher, paths.launcher)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(pointed_at(guild))
        store = await open_store(paths.root, clock)
        stack.push_async_callback(store.close)
        asks, live = OpenAsks(store), LiveMessages()
        files = await stack.enter_async_context(downloads(guild.api_base))
        client = RoomkeyClient(intents=intents, guild_ready_timeout=READY_S)
        members = Members(client, client.port)
        lacks = Degraded(client.port, clock, members.place_of)
        spool = Spool(paths.spool)
        outbox = Outbox(store, client.port, clock, spool, lacks=lacks)
        receipts = Receipts(store, client.port, clock, lacks=lacks) if with_receipts else None
        listened = frozenset(guild.channel(name).id for name in listen)
        if rules is None:
            operators = frozenset(one.id for one in guild.world.users.values() if one.name == "ann")
            rules = Rules(guilds=frozenset({guild.world.guild_id}), operators=operators)
        people = People(replace(rules, shared=listened), store.people, client.port.platform, Pairing(clock))
        await people.load()
        gate = Gate(people=people, listen_channels=listened, reply_to=lambda _place: reply_to)
        everywhere = {"footer": "off", **agent.told, **({} if rooms is None else rooms)}
        words = RoomWords(store, Listed(everywhere=everywhere, shared=tuple(listened)))
        threads = OwnThreads(store, client.port, clock, members.name_of, lacks)
        await threads.load()
        engine = Engine(
            store=store,
            adapter=ADAPTER,
            settings=agent,
            paths=paths,
            clock=clock,
            pool=Pool(max_running=agent.max_running, max_live=agent.max_live),
            breaker=Breaker(clock),
            owner=uuid4(),
            open_reply=reply_opener(
                {client.port.platform: client.port},
                asks=asks,
                clock=clock,
                store_id=await store.get_fact(*STORE_ID) or "",
                ask_limit_s=agent.ask_limit_s,
                question_limit_s=agent.question_limit_s,
                room=words.room,
                live=live,
                spool=spool,
            ),
            fetch_files=Hearing(files.fetch, transcriber, store, outbox.wake, max_mib=1),
            spool=spool,
            outbox_filled=outbox.wake,
            receipts_due=receipts.wake if receipts else lambda: None,
            may_run=StillMay(
                gate=gate,
                roles_now=members.roles_now,
                place_of=members.place_of,
                clock=clock,
                fresh_s=fresh_s,
            ),
            words=words,
            isolation="none",
            open_place=threads,
            start_thread=ForkThreads({client.port.platform: client.port}, threads.untitled),
            place_name=place_name,
            look_around=Around(
                reader=DiscordReader(client, client.port),
                store=store,
                lacks=lacks,
                reply_to=gate.reply_to,
                room=words.room,
            ),
        )
        async with asyncio.TaskGroup() as tasks:
            async with SessionManager(engine) as manager:
                desk = Desk(
                    gate=gate,
                    rooms=manager,
                    asks=asks,
                    live=live,
                    loops=await budget_of(store, client.port.platform),
                    tombstones=Tombstones(store, clock),
                )
                notices = Notices(store, desk.gate.listen_channels, outbox.wake)
                finder = Finder(
                    intake=Intake(desk, client.port, notices, lacks=lacks),
                    store=store,
                    clock=catch_up_clock or clock,
                    window_s=catch_up_s,
                    most=catch_up_limit,
                    notices=notices,
                )
                catch_up = CatchUp(client, client.port, finder)
                looking = tasks.create_task(catch_up.run())
                tasks.create_task(client.serve(guild.token, desk, store, catch_up))
                async with asyncio.timeout(60):
                    await client.logged_in.wait()
                    await client.wait_until_ready()
                    await catch_up.looked()
                await manager.resume()
                pump = tasks.create_task(outbox.run())
                marks = None if receipts is None else tasks.create_task(receipts.run())
                yield WholeBot(client, manager, store, outbox, asks, desk, catch_up)
            assert await outbox.flush(60)
            pump.cancel()
            if marks is not None:
                marks.cancel()
            looking.cancel()
            await client.close()
            # discord.py starts a task for each event and waits for none of them.
            late = [task for task in asyncio.all_tasks() if task.get_name().startswith("discord.py: ")]
            if late:
                await asyncio.wait(late, timeout=60)
