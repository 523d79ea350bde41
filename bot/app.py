"""Runs the bot's parts side by side; what it says to the service manager, and how it ends."""

import asyncio
import faulthandler
import logging
import math
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, ExitStack, suppress
from dataclasses import replace
from functools import partial
from typing import Final
from uuid import UUID

from bot.audit_file import audit_file
from bot.chat_discord.connection import connected_as
from bot.data_dir import hold_data_dir
from bot.isolation import prepare_boxes
from bot.metrics_part import serve_metrics
from bot.one_token import hold_token
from bot.parts import Parts, built
from bot.retention import Kept, forget_daily
from bot.service_manager import ServiceManager, stop_timeout_s
from bot.settings import Settings
from bot.stopping import Stop, end_turns, grace_within
from bot.vitals import Vitals, Watched
from sessions import log as log_lines
from sessions.box.launcher import SESSION
from sessions.child_env import passed_on
from sessions.crash_points import reached
from sessions.credentials import redactor_of, secrets_in
from sessions.errors import StateError
from sessions.interpreter import tune
from sessions.paths import Paths
from sessions.redaction import Redactor
from sessions.strays import end_strays

log = logging.getLogger(__name__)

Part = Callable[[], Awaitable[None]]
"""Runs until it is cancelled. One that ends by itself, or breaks, ends the bot."""

_ROOMS_END_S: Final = 1.0
_FLUSH_S: Final = 10.0
_QUICK_FLUSH_S: Final = 3.0
_AFTER_FLUSH_S: Final = 2.0
"""What the chat and the store need to close, at most."""

_AGAIN_S: Final = 5.0


def run_bot(settings: Settings, service: ServiceManager) -> None:
    """Run the bot until SIGTERM or SIGINT; returns when running turns had their time and were answered.

    A second signal takes that time away. Answers that the chat does not take by then are sent at the
    next start.

    Raises:
        SettingsError: there is no token.
        SecretTooShort: a secret is so short that it could not be masked.
        StateError: the token or the data directory is in use, or the latter is too new, read-only or
            damaged; damage may also show later.
        ChatUnusable: Discord refuses the token or an intent.
    """
    tune()
    faulthandler.enable()  # a watchdog ends a bot that hangs with SIGABRT: then the journal says where
    token = settings.require_token().get_secret_value()
    own = {"The bot's token": token, "voice.key": settings.voice.secret}
    redactor = redactor_of({**own, **secrets_in(passed_on())})
    style = log_lines.style_for(settings.log.format, sys.stderr, service.journal)
    log_lines.set_up(settings.log.level, style, sys.stderr, redactor)
    log_lines.take_uncaught()
    service = replace(service, redactor=redactor)
    with (
        hold_data_dir(settings.data_dir, settings.file) as (paths, owner),
        hold_token(token, settings.discord.api_base),
        ExitStack() as beside,
    ):
        prepare_boxes(settings, paths)
        if settings.log.audit:
            beside.enter_context(audit_file(paths.audit, redactor, kept=settings.log.audit_files))
        asyncio.run(_Bot(settings, service, paths, token, redactor).run(owner))


class _Bot:
    """One run, from the first look at what the last one left to the last word."""

    def __init__(
        self, settings: Settings, service: ServiceManager, paths: Paths, token: str, redactor: Redactor
    ) -> None:
        self._settings = settings
        self._service = service
        self._paths = paths
        self._token = token
        self._redactor = redactor
        self._stop = Stop()

    async def run(self, owner: UUID) -> None:
        with self._stop.by_signals():
            await self._end_agents()
            limit_s = await self._stop_timeout_s()
            async with built(self._settings, self._paths, owner, self._stop, self._redactor) as parts:
                await self._serve(parts, limit_s)
        if self._stop.failure is not None:
            raise self._stop.failure

    async def _stop_timeout_s(self) -> float | None:
        if not self._service.listens:
            return None
        limit_s = await stop_timeout_s()
        if limit_s is None:
            grace_s = self._settings.agent.grace_s
            log.info("the service manager does not say how long a stop may take", extra={"grace_s": grace_s})
        return limit_s

    async def _serve(self, parts: Parts, limit_s: float | None) -> None:
        async with AsyncExitStack() as rooms:
            # Entered outside of the group, so that what it raises is not wrapped.
            await rooms.enter_async_context(parts.manager)
            async with asyncio.TaskGroup() as tasks:
                serve = partial(parts.client.serve, self._token, parts.desk, parts.store, parts.catch_up)
                chat = tasks.create_task(self._vital(serve), name="chat")
                vitals = self._vitals(parts, chat)
                beside = [
                    tasks.create_task(self._vital(part), name=name)
                    for name, part in self._beside(parts, vitals, chat).items()
                ]
                self._service.tell("READY=1")
                await self._stop.asked.wait()
                await self._end(parts, vitals, rooms, limit_s)
                for task in (*beside, chat):  # the chat also out of a login that waits for the network
                    task.cancel()

    def _beside(self, parts: Parts, vitals: Vitals, chat: asyncio.Task[None]) -> Mapping[str, Part]:
        """Return what runs beside the chat, by name."""
        settings = self._settings
        kept = Kept(settings.keep_days, settings.keep_files_days, settings.kept_days())
        beside: dict[str, Part] = {
            "answers": partial(_speak, parts),
            "catch-up": parts.catch_up.run,
            "receipts": partial(_mark, parts),
            "forgetting": partial(forget_daily, parts.store, parts.clock, kept),
        }
        if self._service.listens:
            beside["vitals"] = vitals.run
        if settings.metrics.port:
            beside["metrics"] = partial(serve_metrics, parts, settings, chat)
        return beside

    def _vitals(self, parts: Parts, chat: asyncio.Task[None]) -> Vitals:
        watched = Watched(
            connected_as=lambda: connected_as(parts.client),
            chat_lives=lambda: not chat.done(),
            running=lambda: parts.manager.running,
        )
        return Vitals(self._service, parts.store, parts.clock, watched)

    async def _end(self, parts: Parts, vitals: Vitals, rooms: AsyncExitStack, limit_s: float | None) -> None:
        """Let turns end, interrupt the rest, and send what they left to say."""
        clock = parts.clock
        grace_s = grace_within(limit_s, self._settings.agent.grace_s)
        over_s = math.inf if limit_s is None else clock.monotonic_s() + limit_s - _AFTER_FLUSH_S
        log.info("stopping", extra={"running": parts.manager.running, "grace_s": grace_s})
        self._service.tell("STOPPING=1")
        reached("shutdown")
        vitals.drain(grace_s)
        await end_turns(parts.manager, self._stop, grace_s, self._end_agents)
        with suppress(TimeoutError):
            async with asyncio.timeout(_ROOMS_END_S):
                await rooms.aclose()
        # The rooms have ended and left their last words in the outbox.
        flush_s = min(
            _QUICK_FLUSH_S if self._stop.hurried.is_set() else _FLUSH_S,
            max(0.0, over_s - clock.monotonic_s()),
        )
        can_speak = parts.client.logged_in.is_set() and not isinstance(self._stop.failure, StateError)
        if can_speak and not await parts.outbox.flush(flush_s):
            log.warning("some answers are sent at the next start")

    async def _end_agents(self) -> None:
        """Kill every agent of this data directory, also those that an earlier run left behind."""
        await end_strays(self._paths.session_locks, SESSION)

    async def _vital(self, part: Part) -> None:
        """Run what ends only when it is told to. If it ends by itself the bot stops, and says why."""
        try:
            await part()
            self._stop.fail(RuntimeError("a part of the bot ended by itself"))
        except Exception as error:  # noqa: BLE001 -- raised again when the rooms have ended
            self._stop.fail(error)
        finally:
            self._stop.asked.set()


async def _speak(parts: Parts) -> None:
    """Once there is somebody to speak to, go on where the last run ended."""
    await parts.client.logged_in.wait()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_resume(parts), name="going on")
        await parts.outbox.run()


async def _resume(parts: Parts) -> None:
    """Let go on what waits, as soon as it is known which of its messages were edited or deleted."""
    await parts.catch_up.looked()
    while True:
        try:
            await parts.manager.resume()
        except StateError as error:
            log.warning("what waits cannot be read", extra={"reason": str(error)})
            await parts.clock.sleep(_AGAIN_S)
        else:
            return


async def _mark(parts: Parts) -> None:
    """Show the state of each message under it, once reactions can be put there."""
    await parts.client.logged_in.wait()
    await parts.receipts.run()
