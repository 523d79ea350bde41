"""Builds all parts of a running bot and owns them; signals; how it ends."""

import asyncio
import logging
import signal
import sys
from collections.abc import Awaitable, Callable, Generator
from contextlib import AsyncExitStack, contextmanager
from functools import partial
from typing import Final
from uuid import UUID

from bot.approvals import OpenAsks
from bot.chat_discord.attachments import downloads
from bot.chat_discord.client import RoomkeyClient
from bot.chat_discord.login import point_at
from bot.data_dir import hold_data_dir
from bot.desk import Desk
from bot.gate import gate_of
from bot.legacy_start import import_at_start
from bot.outbox import Outbox
from bot.replies import reply_opener
from bot.settings import Settings
from sessions import log as log_lines
from sessions.agents import AGENTS
from sessions.box import BOXES
from sessions.box.launcher import SESSION
from sessions.clock import Clock, SystemClock
from sessions.engine import Engine
from sessions.manager import SessionManager
from sessions.paths import Paths
from sessions.pool import Pool
from sessions.store import Store, open_store
from sessions.store.values import STORE_ID
from sessions.strays import end_strays

log = logging.getLogger(__name__)

_FLUSH_S: Final = 10.0


def run_bot(settings: Settings) -> None:
    """Run the bot until SIGTERM or SIGINT; returns when running turns had their grace and were answered.

    Answers that the chat does not take in time are sent at the next start.

    Raises:
        SettingsError: there is no token.
        StateError: the data directory is in use, damaged, too new or read-only.
        ChatUnusable: Discord refuses the token or an intent.
    """
    token = settings.require_token().get_secret_value()
    log_lines.set_up(settings.log.level, settings.log.format, sys.stderr, [token])
    with hold_data_dir(settings.data_dir) as (paths, owner):
        BOXES[settings.isolation].write_launcher(paths.launcher)
        asyncio.run(_Bot(settings, paths, owner, token).run())


class _Bot:
    """The parts of one run, from the store up to the chat."""

    def __init__(self, settings: Settings, paths: Paths, owner: UUID, token: str) -> None:
        self._settings = settings
        self._paths = paths
        self._owner = owner
        self._token = token
        self._clock: Clock = SystemClock()
        self._stop = asyncio.Event()
        self._failure: Exception | None = None

    async def run(self) -> None:
        with _told_to_stop(self._stop):
            await end_strays(self._paths.session_locks, SESSION)
            async with AsyncExitStack() as stack:
                store = await open_store(self._paths.root, self._clock)
                stack.push_async_callback(store.close)
                await import_at_start(self._settings, store, self._paths, self._clock.utc())
                point_at(self._settings.discord.api_base, self._settings.discord.gateway_url)
                files = await stack.enter_async_context(downloads(self._settings.discord.api_base))
                client, asks = RoomkeyClient(), OpenAsks()
                outbox = Outbox(store, client.port, self._clock)
                agent = self._settings.agent
                engine = Engine(
                    store=store,
                    adapter=AGENTS[agent.vendor],
                    settings=agent,
                    paths=self._paths,
                    clock=self._clock,
                    pool=Pool(max_running=agent.max_running, max_live=agent.max_live),
                    owner=self._owner,
                    open_reply=reply_opener(
                        {client.port.platform: client.port},
                        asks=asks,
                        clock=self._clock,
                        store_id=await store.get_fact(*STORE_ID) or "",
                        ask_limit_s=agent.ask_limit_s,
                    ),
                    fetch_files=files.fetch,
                    outbox_filled=outbox.wake,
                )
                await self._serve(store, client, outbox, engine, asks)
        if self._failure is not None:
            raise self._failure

    async def _serve(
        self, store: Store, client: RoomkeyClient, outbox: Outbox, engine: Engine, asks: OpenAsks
    ) -> None:
        async with AsyncExitStack() as rooms:
            # Entered outside of the group, so that what it raises is not wrapped.
            manager = await rooms.enter_async_context(
                SessionManager(engine, isolation=self._settings.isolation)
            )
            desk = Desk(gate=gate_of(self._settings), rooms=manager, asks=asks)
            async with asyncio.TaskGroup() as tasks:
                serve = partial(client.serve, self._token, desk, store)
                speak = partial(_speak, client, manager, outbox)
                chat = tasks.create_task(self._vital(serve), name="chat")
                speaking = tasks.create_task(self._vital(speak), name="outbox")
                await self._stop.wait()
                log.info("stopping")
                await rooms.aclose()
                # The rooms have ended and left their last words in the outbox.
                can_speak = client.logged_in.is_set() and not chat.done() and not speaking.done()
                if can_speak and not await outbox.flush(_FLUSH_S):
                    log.warning("some answers are sent at the next start")
                speaking.cancel()
                chat.cancel()  # also out of a login that waits for the network

    async def _vital(self, part: Callable[[], Awaitable[None]]) -> None:
        """Run what ends only when it is told to. If it ends by itself the bot stops, and says why."""
        try:
            await part()
            self._failure = RuntimeError("a part of the bot ended by itself")
        except Exception as error:  # noqa: BLE001 -- raised again when the rooms have ended
            self._failure = self._failure or error
        finally:
            self._stop.set()


async def _speak(client: RoomkeyClient, manager: SessionManager, outbox: Outbox) -> None:
    """Once there is somebody to speak to, go on where the last run ended."""
    await client.logged_in.wait()
    await manager.resume()
    await outbox.run()


@contextmanager
def _told_to_stop(stop: asyncio.Event) -> Generator[None]:
    """Set `stop` at SIGTERM and SIGINT while the block runs; a second one changes nothing."""
    loop = asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT)
    for number in signals:
        loop.add_signal_handler(number, stop.set)
    try:
        yield
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
