"""The gateway client: messages take their place before anything is awaited; commands; buttons."""

import asyncio
import logging
import secrets
import sys
from typing import Any, Final

import discord
from discord import app_commands

from bot.access import Deny, Rules, may_concern
from bot.chat import ChatError
from bot.chat_discord.address import has_nothing_to_read, incoming
from bot.chat_discord.answering import NOT_STORED, broke
from bot.chat_discord.errors import translated
from bot.chat_discord.login import default_intents, keep_passable, log_in, stay
from bot.chat_discord.port import DiscordPort
from bot.chat_discord.slash import add_commands
from bot.chat_discord.sync import Facts, sync_commands
from bot.chat_discord.views import ask_button
from bot.desk import Desk
from bot.routing import Silence
from sessions.errors import StateError, UserError

log = logging.getLogger(__name__)

_JOIN_S: Final = 30.0


class RoomkeyClient(discord.Client):
    """One bot on one gateway connection. `serve` is its whole life.

    `port` is the outgoing side; it works once `logged_in` is set. `options` go to discord.py.
    """

    def __init__(self, *, intents: discord.Intents | None = None, **options: Any) -> None:
        # Nobody speaks here, so that the libraries for voice are absent is no news.
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
        super().__init__(
            intents=default_intents() if intents is None else intents,
            allowed_mentions=discord.AllowedMentions.none(),
            **options,
        )
        self.port = DiscordPort(self)
        self.tree = app_commands.CommandTree(self)
        self.logged_in = asyncio.Event()
        self._warned_of_silence = False

    async def serve(self, token: str, desk: Desk, facts: Facts) -> None:
        """Log in and bring everything that is said to `desk`, until the client is closed.

        An absent network is waited for, also before the first login.

        Raises:
            TokenRefused, IntentsMissing, ChatUnusable: a person must act; the text says how.
        """
        self.attend(desk, facts)
        async with self:
            await log_in(self, token)
            await stay(self)

    def attend(self, desk: Desk, facts: Facts) -> None:
        """Say where messages, commands and clicks go."""
        self._desk = desk
        self._facts = facts
        add_commands(self.tree, desk)

    async def setup_hook(self) -> None:
        """Called by discord.py between the login and the connection."""
        keep_passable(self)
        self.add_dynamic_items(ask_button(self._desk, self.port))
        await sync_commands(self.tree, self._facts)
        self.logged_in.set()

    async def on_ready(self) -> None:
        """Say in the log that the bot hears from now on; Discord may tell us so many times."""
        log.info("connected to Discord", extra={"as": str(self.user), "guilds": len(self.guilds)})
        if self._desk.gate.rules == Rules():
            log.warning(
                "nobody is answered: allowed_users, allowed_roles and allowed_guilds are all empty",
                extra={"guild_ids": [str(guild.id) for guild in self.guilds]},
            )

    async def on_resumed(self) -> None:
        """Say in the log that a lost connection is back; Discord has kept what was said meanwhile."""
        log.info("connected to Discord again")

    async def on_message(self, message: discord.Message) -> None:
        """Take a message's place in its room's order, then see that it is stored."""
        assert self.user is not None
        # discord.py starts these calls in the gateway's order and lets them overtake each other
        # at their first await: so there is none before the place is taken.
        accepted = self._desk.take(incoming(message, self.user))
        self._look_for_missing_intent(message)
        if accepted is None:
            return
        try:
            await accepted
        except UserError as error:
            await self._tell(message, str(error))
        except StateError as error:
            log.warning("a message was not stored", extra={"message_id": message.id, "reason": str(error)})
            await self._tell(message, NOT_STORED)

    async def on_thread_create(self, thread: discord.Thread) -> None:
        """Join a new thread: of one it has not joined, a bot may hear nothing."""
        if not may_concern(str(thread.guild.id), self._desk.gate.rules):
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
            sifted = self._desk.gate.sift(incoming(message, self.user))
            if not isinstance(sifted, Deny | Silence):
                await self._tell(message, broke(reference))

    async def _tell(self, message: discord.Message, text: str) -> None:
        try:
            await self.port.send(
                str(message.channel.id), text, nonce=f"told-{message.id}", reply_to=str(message.id)
            )
        except ChatError as error:
            log.warning("a refusal could not be told", extra={"reason": str(error)})

    def _look_for_missing_intent(self, message: discord.Message) -> None:
        by_somebody = not message.author.bot and message.type is discord.MessageType.default
        if by_somebody and has_nothing_to_read(message) and not self._warned_of_silence:
            self._warned_of_silence = True
            log.warning(
                "messages arrive without their text: is Message Content Intent switched on?",
                extra={"channel": message.channel.id, "message_id": message.id},
            )
