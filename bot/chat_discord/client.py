"""The gateway client: messages take their place before anything is awaited; commands; buttons."""

import asyncio
import logging
import secrets
import sys
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final

import discord
from discord import app_commands

from bot.chat import ChatError, Incoming
from bot.chat_discord.address import has_nothing_to_read, incoming
from bot.chat_discord.answering import broke
from bot.chat_discord.catch_up import CatchUp
from bot.chat_discord.errors import translated
from bot.chat_discord.held import Act
from bot.chat_discord.intake import Intake
from bot.chat_discord.login import default_intents, keep_passable, log_in, stay
from bot.chat_discord.port import DiscordPort
from bot.chat_discord.slash import add_commands
from bot.chat_discord.sync import Facts, sync_commands
from bot.chat_discord.views import modal_sent, our_component
from bot.desk import Desk
from sessions.crash_points import reached
from sessions.redaction import Redactor

log = logging.getLogger(__name__)

_Deletion = discord.RawMessageDeleteEvent | discord.RawBulkMessageDeleteEvent

_JOIN_S: Final = 30.0
_LEAVING: Final = 1000
_FAREWELL_S: Final = 1.0
"""How long the gateway may take to say goodbye; over a dead connection it never does."""


class RoomkeyClient(discord.Client):
    """One bot on one gateway connection. `serve` is its whole life.

    `port` is the outgoing side; it works once `logged_in` is set. `redactor` masks whatever is said there
    or in answer to an interaction. `options` go to discord.py.
    """

    def __init__(
        self, *, intents: discord.Intents | None = None, redactor: Redactor | None = None, **options: Any
    ) -> None:
        # Nobody speaks here, so that the libraries for voice are absent is no news.
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
        super().__init__(
            intents=default_intents() if intents is None else intents,
            allowed_mentions=discord.AllowedMentions.none(),
            **options,
        )
        self.redactor = redactor or Redactor()
        self.port = DiscordPort(self, redactor=self.redactor)
        self.tree = app_commands.CommandTree(self)
        self.logged_in = asyncio.Event()
        self._catch_up: CatchUp | None = None
        self._warned_of_silence = False

    async def serve(self, token: str, desk: Desk, facts: Facts, catch_up: CatchUp | None = None) -> None:
        """Log in and bring everything that is said to `desk`, until the client is closed.

        An absent network is waited for, also before the first login. `catch_up` finds what was missed.

        Raises:
            TokenRefused, IntentsMissing, ChatUnusable: a person must act; the text says how.
        """
        self._catch_up = catch_up
        self.attend(desk, facts)
        async with self:
            await log_in(self, token)
            await stay(self)

    async def close(self) -> None:
        """Leave Discord, at once if the gateway does not answer any more."""
        # The library would wait 30 s for it, and find the connection closed after this.
        if self.ws and self.ws.open:
            with suppress(TimeoutError):
                async with asyncio.timeout(_FAREWELL_S):
                    await self.ws.close(_LEAVING)
        await super().close()

    def attend(self, desk: Desk, facts: Facts) -> None:
        """Say where messages, commands and clicks go."""
        self._desk = desk
        self._facts = facts
        add_commands(self.tree, desk, self.port, self._admit)

    async def setup_hook(self) -> None:
        """Called by discord.py between the login and the connection."""
        keep_passable(self)
        self.add_dynamic_items(our_component(self._desk, self.port, self._admit))
        await sync_commands(self.tree, self._facts)
        self.logged_in.set()

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Take a modal that somebody has sent, also one that was opened before a restart."""
        if interaction.type is discord.InteractionType.modal_submit:
            await modal_sent(self._desk, self.port, self._admit, interaction)

    async def on_connect(self) -> None:
        """Hold back what happens from now on, until it is known what was missed before."""
        # discord.py starts this before the handler of anything that the new session tells.
        if self._catch_up is not None:
            self._catch_up.session_begins()

    async def on_ready(self) -> None:
        """Say in the log that the bot hears from now on; Discord may tell us so many times."""
        if self._catch_up is not None:
            self._catch_up.session_is_listed()
        log.info("connected to Discord", extra={"as": str(self.user), "guilds": len(self.guilds)})
        if self._desk.gate.rules.is_empty:
            log.warning(
                "nobody is answered: no owner is known, and nobody is allowed",
                extra={"guild_ids": [str(guild.id) for guild in self.guilds]},
            )

    async def on_guild_available(self, _: discord.Guild) -> None:
        """Look for what was missed as soon as all guilds are known: discord.py would wait 2 s more."""
        if self._catch_up is not None:
            self._catch_up.guild_is_listed(is_last=not any(guild.unavailable for guild in self.guilds))

    async def on_resumed(self) -> None:
        """Say in the log that a lost connection is back; Discord has kept what was said meanwhile."""
        log.info("connected to Discord again")

    async def on_message(self, message: discord.Message) -> None:
        """Take a message's place in its room's order, then see that it is stored."""
        reached("event.received")
        self._look_for_missing_intent(message)
        said = partial(self._intake.said, self._incoming(message))
        await self._admitted(message.channel.id, said, message.id)

    async def on_raw_message_edit(self, update: discord.RawMessageUpdateEvent) -> None:
        """Give what waits the new words of its message."""
        message = update.message
        # Discord also changes messages by itself: it shows what a link leads to, and signs files anew.
        if message.edited_at is not None and message.author.id != self._me.id:
            edited = partial(self._intake.edited, self._incoming(message))
            await self._admitted(message.channel.id, edited)

    async def on_raw_message_delete(self, gone: discord.RawMessageDeleteEvent) -> None:
        """Drop what waits for an answer to a message that was deleted; if it was a card, ask again."""
        self._desk.asks.lost(str(gone.message_id))
        # Live messages of our own come and go with every turn.
        if gone.cached_message is None or gone.cached_message.author.id != self._me.id:
            await self._deleted(gone, [gone.message_id])

    async def on_raw_bulk_message_delete(self, gone: discord.RawBulkMessageDeleteEvent) -> None:
        """Drop what waits for answers to messages that were deleted all at once, as for one."""
        for message_id in gone.message_ids:
            self._desk.asks.lost(str(message_id))
        await self._deleted(gone, sorted(gone.message_ids))

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """End what runs and waits in the room of a channel that was deleted."""
        # discord.py tells of the threads below that it knows, each by itself.
        await self._vacated(channel.guild.id, channel.id, channel.name)

    async def on_raw_thread_delete(self, gone: discord.RawThreadDeleteEvent) -> None:
        """End what runs and waits in the room of a thread that was deleted."""
        await self._vacated(gone.guild_id, gone.thread_id, "" if gone.thread is None else gone.thread.name)

    async def on_thread_create(self, thread: discord.Thread) -> None:
        """Join a new thread: of one it has not joined, a bot may hear nothing."""
        if not self._desk.gate.concerns(str(thread.guild.id)):
            return
        try:
            with translated():
                async with asyncio.timeout(_JOIN_S):
                    await thread.join()
        except ChatError as error:
            log.debug("a thread could not be joined", extra={"thread_id": thread.id, "reason": str(error)})

    async def on_error(self, event_method: str, /, *args: Any, **_: Any) -> None:
        """Log what broke in a handler; a person who may speak to us and waits for an answer is told."""
        reference = secrets.token_hex(3)
        facts = {"event": event_method, "reference": reference}
        log.error("a handler broke", exc_info=sys.exception(), extra=facts)
        message = args[0] if args else None
        if isinstance(message, discord.Message) and self.user is not None:
            came = self._incoming(message)
            if self._intake.concerns_us(came):
                await self._intake.tell(came, broke(reference))

    @property
    def _intake(self) -> Intake:
        return self._catch_up.intake if self._catch_up else Intake(self._desk, self.port)

    @property
    def _me(self) -> discord.ClientUser:
        assert self.user is not None
        return self.user

    def _incoming(self, message: discord.Message) -> Incoming:
        return incoming(message, self._me)

    def _admit(self, channel_id: int, act: Act, message_id: int | None = None) -> Awaitable[None] | None:
        return self._catch_up.admit(channel_id, act, message_id) if self._catch_up else act()

    async def _admitted(self, channel_id: int, act: Act, message_id: int | None = None) -> None:
        # discord.py starts its handlers in the gateway's order and lets them overtake each other
        # at their first await: so there is none before an act has taken its place, or is held back.
        doing = self._admit(channel_id, act, message_id)
        if doing is not None:
            await doing

    async def _deleted(self, gone: _Deletion, message_ids: Sequence[int]) -> None:
        # Discord does not say who deleted it. Whoever may, may take it from us as well.
        if self._desk.gate.concerns(None if gone.guild_id is None else str(gone.guild_id)):
            deleted = partial(self._intake.deleted, str(gone.channel_id), message_ids)
            await self._admitted(gone.channel_id, deleted)

    async def _vacated(self, guild_id: int, channel_id: int, name: str) -> None:
        # Behind what was said there before: else that would wait, and run, in a place that is gone.
        if self._desk.gate.concerns(str(guild_id)):
            await self._admitted(channel_id, partial(self._desk.vacate, str(channel_id), name))

    def _look_for_missing_intent(self, message: discord.Message) -> None:
        by_somebody = not message.author.bot and message.type is discord.MessageType.default
        if by_somebody and has_nothing_to_read(message) and not self._warned_of_silence:
            self._warned_of_silence = True
            log.warning(
                "messages arrive without their text: is Message Content Intent switched on?",
                extra={"channel": message.channel.id, "message_id": message.id},
            )
