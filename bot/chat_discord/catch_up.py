"""Finds in the channels what the gateway did not tell: after each new session of it, and after a restart.

The gateway sends what was missed only to a session that goes on. From the moment a new one begins, what
happens is held back until its channel was looked into, so that a channel's messages keep their order.
"""

import asyncio
import logging
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final

import discord
from tenacity import wait_random_exponential

from bot.access import Rules
from bot.chat import ChatError, ChatRefused
from bot.chat_discord.address import PLATFORM
from bot.chat_discord.behind import Listed, behind
from bot.chat_discord.held import Act, Held
from bot.chat_discord.history import BATCH, History, last_id, listed
from bot.chat_discord.intake import Intake
from bot.chat_discord.missed import Finder
from bot.chat_discord.port import DiscordPort
from bot.pauses import pause_s, until_set
from sessions.crash_points import reached
from sessions.errors import StateError

log = logging.getLogger(__name__)

_FROM: Final = (PLATFORM, "catch-up from")
"""The overall cursor before a catch-up, kept until it is done: in between, each channel moves it on."""
_PARALLEL: Final = 4
_RETRY: Final = wait_random_exponential(multiplier=4.0, max=60.0)
_FIRST_LOOK_S: Final = 30.0
_WATCH_S: Final = 300.0
_CLOSE_S: Final = 15.0
_RESUMABLE: Final = 4000


class CatchUp:
    """All that happens in channels goes through `admit`. `run` is one task; the rest is for the client."""

    def __init__(self, client: discord.Client, port: DiscordPort, finder: Finder) -> None:
        self._client = client
        self._port = port
        self._finder = finder
        self._store = finder.store
        self._clock = finder.clock
        self._held = Held()
        self._tasks = asyncio.TaskGroup()
        self._places = asyncio.Semaphore(_PARALLEL)
        self._due = asyncio.Event()
        self._looked = asyncio.Event()
        self._session = 0
        self._is_listed = False
        self._planned = 0
        self._pending: dict[int, int] = {}
        self._doubt = False
        self._unkept = 0
        self._looked_to: dict[int, int] = {}
        self.ended: datetime | None = None
        """When it was last known that nothing is missed; None until then."""

    @property
    def intake(self) -> Intake:
        """Where everything goes that happens in channels."""
        return self._finder.intake

    def session_begins(self) -> None:
        """Hold back what happens from now on: a new session of the gateway knows nothing of the last one."""
        self._session += 1
        self._is_listed = False
        self._held.close_all()

    def session_is_listed(self) -> None:
        """Look now, for the gateway has listed the channels and their last messages."""
        self._is_listed = True
        self._due.set()

    def guild_is_listed(self, *, is_last: bool) -> None:
        """Look now if all guilds are listed; look again at one that is listed late, as after an outage."""
        if self._is_listed:
            self.look_again()
        elif is_last:
            self.session_is_listed()

    def look_again(self) -> None:
        """Look into everything again."""
        self.session_begins()
        self.session_is_listed()

    def admit(self, channel_id: int, act: Act, message_id: int | None = None) -> Awaitable[None] | None:
        """Do now what happened in a channel and return what is to be awaited, or hold it back.

        `message_id` is that of a new message. One that a look has decided about is not heard again:
        the gateway repeats what it told while nobody heard it.
        """

        def unless_decided() -> Awaitable[None]:
            is_decided = message_id is not None and message_id <= self._looked_to.get(channel_id, 0)
            return _nothing() if is_decided else act()

        return self._held.admit(channel_id, unless_decided, message_id)

    async def looked(self) -> None:
        """Return when all that waited at the start is what its messages are now, or that took too long."""
        await until_set(self._looked, self._clock, _FIRST_LOOK_S)

    async def run(self) -> None:
        """Look whenever there is a reason to, until cancelled."""
        async with self._tasks:
            self._tasks.create_task(self._watch(), name="gateway watch")
            again_s, tries = None, 0
            while True:
                await until_set(self._due, self._clock, again_s)
                self._due.clear()
                if not self._is_listed or await self._round(self._session):
                    again_s, tries = None, 0
                else:
                    tries += 1
                    again_s = pause_s(_RETRY, tries)
                    facts = {"channels": len(self._pending), "again_in_s": round(again_s, 1)}
                    log.warning("not everything that was missed could be looked up", extra=facts)

    async def _round(self, session: int) -> bool:
        """Look into every channel that is behind; False if that has to be tried again."""
        history = History(self._client, self._port, roles=self._rules.name_roles)
        try:
            if self._planned != session:
                await self._compare_queue(history)
                self._looked.set()
                await self._plan(session)
            elif self._unkept:
                await self._keep(self._unkept)
            cursors = await self._finder.cursors()
        except StateError as error:
            log.info("the store cannot say what was missed", extra={"reason": str(error)})
            return False
        async with asyncio.TaskGroup() as tasks:
            for channel_id, begin in self._pending.items():
                after = max(begin, cursors.get(channel_id, 0))
                tasks.create_task(self._own(session, history, channel_id, after))
        if session != self._session:
            return True  # the next one has its own round
        return not self._pending and await self._is_over()

    async def _compare_queue(self, history: History) -> None:
        queued = await self._store.queued_messages(PLATFORM)
        reached("catch_up.before")
        async with asyncio.TaskGroup() as tasks:
            for channel_id, message_ids in queued.items():
                tasks.create_task(self._compare(history, int(channel_id), message_ids))

    async def _compare(self, history: History, channel_id: int, message_ids: Sequence[int]) -> None:
        async with self._places:
            try:
                await self._finder.compare(history, channel_id, message_ids)
            except (ChatError, StateError) as error:
                facts = {"channel": channel_id, "reason": str(error)}
                log.info("what waits could not be compared with its messages", extra=facts)
            except Exception:  # a bug there costs an edit, and ends no bot
                log.exception("comparing what waits broke", extra={"channel": channel_id})

    async def _plan(self, session: int) -> None:
        cursors = await self._finder.cursors()
        overall = cursors.pop(0, 0)
        if overall:
            begun = await self._store.get_fact(*_FROM)
            overall = min(overall, int(begun or overall), self._unkept or overall)
            await self._keep(overall)
        if session != self._session:
            return
        oldest = self._finder.oldest
        # Without any cursor this is a new bot: nobody has waited for it.
        places = listed(self._client, self._rules) if overall else dict[int, Listed]()
        self._pending, left_out = behind(cursors, places, overall=overall, oldest=oldest, doubt=self._doubt)
        if left_out:
            log.warning("too many channels may be behind: not all are looked into", extra={"left": left_out})
        for channel_id in self._held.overfull:
            first, _ = self._held.span(channel_id) or (oldest, oldest)
            self._pending.setdefault(channel_id, first)
        self._planned, self._doubt = session, False
        self._let_go(self._held.open_all_but(self._pending))

    async def _keep(self, overall: int) -> None:
        """Store from where on this catch-up looks; a store that refuses is asked again in the next round."""
        self._unkept = overall
        try:
            await self._store.set_fact(*_FROM, str(overall))
        except StateError as error:
            log.info("the begin of a catch-up was not stored", extra={"reason": str(error)})
        else:
            self._unkept = 0

    async def _own(self, session: int, history: History, channel_id: int, after: int) -> None:
        facts = {"channel": channel_id}
        async with self._places:
            try:
                await self._look(session, history, channel_id, after)
            except ChatRefused as error:
                log.info("a channel cannot be read", extra={**facts, "reason": str(error)})
            except (ChatError, StateError) as error:
                log.info("a channel is caught up with later", extra={**facts, "reason": str(error)})
                return
            except Exception:  # a bug costs what was missed there, and silences no channel
                log.exception("catching up broke", extra=facts)
                await self._say_broken(history, channel_id, after)
        if session == self._session:
            del self._pending[channel_id]
            self._let_go(self._held.open(channel_id))

    async def _say_broken(self, history: History, channel_id: int, after: int) -> None:
        try:
            await self._finder.say_broken(await history.channel(channel_id), after)
        except Exception:  # what broke may break here again
            log.exception("that catching up broke could not be said", extra={"channel": channel_id})

    async def _look(self, session: int, history: History, channel_id: int, after: int) -> None:
        channel, left = await history.channel(channel_id), self._finder.most
        last, was_overfull = 0, False
        while session == self._session:
            last = last_id(channel)  # asked for before: what is said during the look is not passed over
            said = await history.said(channel, after, self._finder.oldest)
            span = self._held.span(channel_id)
            missed = [message for message in said if span is None or message.id < span[0]]
            if missed:
                left -= await self._finder.take(history, missed, left)
                after = self._looked_to[channel_id] = missed[-1].id
            if len(missed) >= BATCH:
                continue
            if channel_id not in self._held.overfull:
                break
            # More happened than was kept: what was kept goes first, then the rest is read.
            after = max(after, *(self._held.span(channel_id) or (0,)))
            was_overfull = True
            await asyncio.wait(self._let_go([*self._held.let_go(channel_id), _nothing()]))
        if was_overfull:  # edits and deletions that were not kept
            queued = await self._store.queued_messages(PLATFORM)
            await self._finder.compare(history, channel_id, queued.get(str(channel_id), ()))
        if last > after and session == self._session and self._held.span(channel_id) is None:
            await self._finder.pass_over(channel_id, last)

    async def _is_over(self) -> bool:
        try:
            await self._store.set_fact(*_FROM, "")
            self._unkept = 0
        except StateError as error:
            log.info("the end of a catch-up was not stored", extra={"reason": str(error)})
            return False
        self.ended = self._clock.utc()
        reached("catch_up.after")
        return True

    async def _watch(self) -> None:
        """Connect anew if Discord has messages of which the gateway said nothing."""
        while True:
            await self._clock.sleep(_WATCH_S)
            if not self._is_listed or self._pending or not await self._is_deaf():
                continue
            log.warning("the gateway does not tell what is said: connecting anew")
            self._doubt = True
            self.look_again()
            with suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE_S):
                    await self._client.ws.close(_RESUMABLE)

    async def _is_deaf(self) -> bool:
        try:
            return await self._finder.is_behind(History(self._client, self._port, roles=False))
        except (ChatError, StateError) as error:
            log.debug("whether the gateway tells everything is not known", extra={"reason": str(error)})
            return False

    @property
    def _rules(self) -> Rules:
        return self.intake.desk.gate.rules

    def _let_go(self, acts: Sequence[Awaitable[None]]) -> Sequence[asyncio.Task[None]]:
        return [self._tasks.create_task(_finish(act)) for act in acts]


async def _finish(act: Awaitable[None]) -> None:
    try:
        await act
    except Exception:  # as discord.py does for what is not held back
        log.exception("a handler broke")


async def _nothing() -> None:
    pass
