"""The parts of one run of the bot, from the store up to the chat: built in this order, closed in reverse."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from bot.approvals import OpenAsks
from bot.chat_discord.attachments import downloads
from bot.chat_discord.catch_up import CatchUp
from bot.chat_discord.client import RoomkeyClient
from bot.chat_discord.intake import Intake, Notices
from bot.chat_discord.login import point_at
from bot.chat_discord.missed import Finder
from bot.desk import Desk
from bot.gate import gate_of
from bot.legacy_start import import_at_start
from bot.outbox import Outbox
from bot.receipts import Receipts
from bot.replies import reply_opener
from bot.settings import Settings
from bot.stopping import Stop
from sessions.agents import AGENTS
from sessions.breaker import Breaker
from sessions.clock import Clock, SystemClock
from sessions.engine import Engine
from sessions.errors import StateError
from sessions.manager import SessionManager
from sessions.paths import Paths
from sessions.pool import Pool
from sessions.store import Store, open_store
from sessions.store.values import STORE_ID

log = logging.getLogger(__name__)

_CLOSE_S: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a running bot is made of. `manager` is not entered yet, and nothing runs."""

    store: Store
    clock: Clock
    client: RoomkeyClient
    outbox: Outbox
    receipts: Receipts
    manager: SessionManager
    desk: Desk
    catch_up: CatchUp


@asynccontextmanager
async def built(settings: Settings, paths: Paths, owner: UUID, stop: Stop) -> AsyncGenerator[Parts]:
    """Open the store, take over what another program left, and put the parts together.

    Damage to the store that shows later is handed to `stop`. Raises StateError.
    """
    clock, agent = SystemClock(), settings.agent
    async with AsyncExitStack() as stack:
        store = await open_store(paths.root, clock, on_final=stop.fail)
        stack.push_async_callback(_close, store, stop)
        await import_at_start(settings, store, paths, clock.utc())
        point_at(settings.discord.api_base, settings.discord.gateway_url)
        files = await stack.enter_async_context(downloads(settings.discord.api_base))
        client, asks = RoomkeyClient(), OpenAsks()
        outbox = Outbox(store, client.port, clock)
        receipts = Receipts(store, client.port, clock, are_shown=settings.discord.receipts)
        engine = Engine(
            store=store,
            adapter=AGENTS[agent.vendor],
            settings=agent,
            policy=settings.policy_for,
            paths=paths,
            clock=clock,
            pool=Pool(max_running=agent.max_running, max_live=agent.max_live),
            breaker=Breaker(clock),
            owner=owner,
            open_reply=reply_opener(
                {client.port.platform: client.port},
                asks=asks,
                clock=clock,
                store_id=await store.get_fact(*STORE_ID) or "",
                ask_limit_s=agent.ask_limit_s,
            ),
            fetch_files=files.fetch,
            outbox_filled=outbox.wake,
            receipts_due=receipts.wake,
        )
        manager = SessionManager(engine, isolation=settings.isolation)
        desk = Desk(gate=gate_of(settings), rooms=manager, asks=asks)
        notices = Notices(store, desk.gate.listen_channels, outbox.wake)
        finder = Finder(
            intake=Intake(desk, client.port, notices),
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
        )


async def _close(store: Store, stop: Stop) -> None:
    if isinstance(stop.failure, StateError):
        return  # closing would tidy up in files that a person has to look at
    try:
        async with asyncio.timeout(_CLOSE_S):
            await store.close()
    except TimeoutError:
        log.warning("the store did not close in time")
