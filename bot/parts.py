"""The parts of one run of the bot, from the store up to the chat: built in this order, closed in reverse."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final
from uuid import UUID

from bot.around import Around
from bot.chat_discord.attachments import MIB, Limits, downloads
from bot.chat_discord.catch_up import CatchUp
from bot.chat_discord.client import RoomkeyClient
from bot.chat_discord.intake import Intake, Notices
from bot.chat_discord.login import point_at
from bot.chat_discord.members import Members
from bot.chat_discord.missed import Finder
from bot.chat_discord.reading import DiscordReader
from bot.degraded import Degraded
from bot.desk import Desk
from bot.forks import ForkThreads, place_name
from bot.gate import gate_of, rules_of
from bot.legacy_start import import_at_start
from bot.live_messages import LiveMessages
from bot.loops import budget_of
from bot.measured import measured_replies, traced
from bot.metrics import Metrics
from bot.open_asks import OpenAsks
from bot.outbox import Outbox
from bot.own_threads import OwnThreads
from bot.pairing import Pairing
from bot.people import People
from bot.receipts import Receipts
from bot.replies import reply_opener
from bot.settings import Settings, claude_config_dir
from bot.still_may import StillMay
from bot.stopping import Stop
from bot.transcriber import transcriber_of
from bot.voice import Hearing
from sessions.agents import AGENTS
from sessions.breaker import Breaker
from sessions.child_env import passed_on
from sessions.clock import Clock, SystemClock
from sessions.credential_proxy import CredentialProxy
from sessions.engine import Engine
from sessions.errors import StateError
from sessions.manager import SessionManager
from sessions.paths import Paths
from sessions.pool import Pool
from sessions.redaction import Redactor
from sessions.room_words import RoomWords
from sessions.spool import Spool
from sessions.store import Store, open_store
from sessions.store.values import STORE_ID
from sessions.tombstones import Tombstones
from sessions.way_out import Egress

log = logging.getLogger(__name__)

_CLOSE_S: Final = 2.0
_STARTS: Final = ("roomkey", "starts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a running bot is made of. `manager` is not entered yet, and nothing runs.

    `starts` counts how often a bot was started on this data.
    """

    store: Store
    clock: Clock
    client: RoomkeyClient
    outbox: Outbox
    receipts: Receipts
    manager: SessionManager
    desk: Desk
    catch_up: CatchUp
    metrics: Metrics
    starts: int
    version: str


@asynccontextmanager
async def built(
    settings: Settings, paths: Paths, owner: UUID, stop: Stop, redactor: Redactor
) -> AsyncGenerator[Parts]:
    """Open the store, take over what another program left, and put the parts together.

    Damage to the store that shows later is handed to `stop`. Raises StateError.
    """
    clock, agent = SystemClock(), settings.agent
    async with AsyncExitStack() as stack:
        program = await asyncio.to_thread(version, "roomkey")
        metrics = Metrics(program)
        store = await open_store(paths.root, clock, on_final=stop.fail, on_commit=metrics.committed)
        stack.push_async_callback(_close, store, stop)
        await import_at_start(settings, store, paths, clock.utc())
        point_at(settings.discord.api_base, settings.discord.gateway_url)
        files = await stack.enter_async_context(
            downloads(settings.discord.api_base, Limits(room_bytes=settings.inbox_mib * MIB))
        )
        client, asks = RoomkeyClient(redactor=redactor, http_trace=traced(metrics)), OpenAsks(store)
        adapter, credentials = await asyncio.to_thread(AGENTS.__getitem__, agent.vendor), None
        if agent.credential_proxy:
            credentials = await stack.enter_async_context(CredentialProxy(passed_on(), redactor))
        spool, live = Spool(paths.spool), LiveMessages()
        await spool.sweep(await store.upkeep.spooled())
        platform, members = client.port.platform, Members(client, client.port)
        lacks = Degraded(client.port, clock, members.place_of)
        outbox = Outbox(store, client.port, clock, spool, lacks=lacks)
        receipts = Receipts(store, client.port, clock, are_shown=settings.discord.receipts, lacks=lacks)
        people = People(rules_of(settings), store.people, platform, Pairing(clock))
        await people.load()
        gate, words = gate_of(settings, people), RoomWords(store, settings.told())
        threads = OwnThreads(store, client.port, clock, members.name_of, lacks)
        await threads.load()
        open_reply = reply_opener(
            {platform: client.port},
            asks=asks,
            clock=clock,
            store_id=await store.get_fact(*STORE_ID) or "",
            ask_limit_s=agent.ask_limit_s,
            question_limit_s=agent.question_limit_s,
            room=words.room,
            spool=spool,
            live=live,
        )
        engine = Engine(
            store=store,
            adapter=adapter,
            settings=agent,
            words=words,
            paths=paths,
            clock=clock,
            pool=Pool(max_running=agent.max_running, max_live=agent.max_live),
            breaker=Breaker(clock),
            owner=owner,
            open_reply=measured_replies(open_reply, metrics, clock),
            fetch_files=Hearing(
                files.fetch,
                transcriber_of(settings.voice),
                store,
                outbox.wake,
                max_mib=settings.voice.max_mib,
            ),
            outbox_filled=outbox.wake,
            receipts_due=receipts.wake,
            may_run=StillMay(gate=gate, roles_now=members.roles_now, place_of=members.place_of, clock=clock),
            isolation=settings.isolation,
            limits_of_box=settings.box,
            mounts=settings.mounts_for,
            redactor=redactor,
            spool=spool,
            file_limit_bytes=client.port.file_limit_bytes,
            credentials=credentials,
            accept_took=metrics.accepted,
            open_place=threads,
            start_thread=ForkThreads({platform: client.port}, threads.untitled),
            place_name=place_name,
            own_config=claude_config_dir(),
            look_around=Around(
                reader=DiscordReader(client, client.port),
                store=store,
                lacks=lacks,
                reply_to=gate.reply_to,
                room=words.room,
            ),
            egress=Egress(adapter, paths, settings.egress.allow) if settings.isolation == "strict" else None,
        )
        manager = SessionManager(engine)
        desk = Desk(
            gate=gate,
            rooms=manager,
            asks=asks,
            live=live,
            loops=await budget_of(store, platform),
            tombstones=Tombstones(store, clock),
        )
        notices = Notices(store, desk.gate.listen_channels, outbox.wake)
        finder = Finder(
            intake=Intake(desk, client.port, notices, lacks=lacks),
            store=store,
            clock=clock,
            window_s=settings.discord.catch_up_s,
            most=settings.discord.catch_up_limit,
            notices=notices,
        )
        yield Parts(
            store=store,
            clock=clock,
            client=client,
            outbox=outbox,
            receipts=receipts,
            manager=manager,
            desk=desk,
            catch_up=CatchUp(client, client.port, finder),
            metrics=metrics,
            starts=await _counted_start(store),
            version=program,
        )


async def _counted_start(store: Store) -> int:
    """Return how often a bot was started on this store, this time included."""
    count = int(await store.get_fact(*_STARTS) or 0) + 1
    await store.set_fact(*_STARTS, str(count))
    return count


async def _close(store: Store, stop: Stop) -> None:
    if isinstance(stop.failure, StateError):
        return  # closing would tidy up in files that a person has to look at
    try:
        async with asyncio.timeout(_CLOSE_S):
            await store.close()
    except TimeoutError:
        log.warning("the store did not close in time")
