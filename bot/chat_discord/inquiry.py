"""Looks up over Discord's REST API what a token is and may: for setup and doctor, without a gateway.

discord.py is not used: it repeats what fails for half a minute, and here a person waits.
"""

import asyncio
import socket
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, TypeVar

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from pydantic import BaseModel, TypeAdapter, ValidationError
from yarl import URL

from bot.blocking import in_own_thread
from bot.chat import ChatError, ChatUnusable, TokenRefused
from bot.chat_discord import inquiry_forms as forms
from bot.chat_discord.permissions import Overwrite, in_channel, in_guild

PORTAL: Final = "https://discord.com/developers/applications"

_CONTENT: Final = 1 << 18 | 1 << 19
_MEMBERS: Final = 1 << 14 | 1 << 15
"""An application's flags for privileged intents; the second is for bots in fewer than a hundred guilds."""

_SPEAKING_KINDS: Final = (0, 5, 15)
"""Text, announcement and forum channels: where Roomkey speaks, itself or in threads."""

_UNAUTHORIZED: Final = 401
_AGENT: Final = "DiscordBot (roomkey, 1)"
_Form = TypeVar("_Form", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whose token it is. `owner_id` is None for a team's application.

    `clock_ahead_s` is how far this machine's clock is before Discord's, exact to about a second; None if
    Discord does not tell its time. `starts_left` are the connections that the gateway still grants today.
    """

    bot_id: str
    bot_name: str
    application_id: str
    owner_id: str | None
    owner_name: str
    has_content_intent: bool
    has_members_intent: bool
    endpoint_url: str | None
    clock_ahead_s: float | None
    starts_left: int

    @property
    def portal_page(self) -> str:
        """Where the bot's token and intents are changed."""
        return f"{PORTAL}/{self.application_id}/bot"


@dataclass(frozen=True, slots=True)
class ChannelRights:
    """A channel and what the bot may there, as Discord's bits; 0 where it does not see it."""

    id: str
    name: str
    bits: int


@dataclass(frozen=True, slots=True)
class GuildRights:
    """A guild that the bot is in, and its channels in their order."""

    id: str
    name: str
    channels: tuple[ChannelRights, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a person is in a guild: the channel, the channel that it is a thread of, the roles."""

    guild_id: str
    parent_id: str | None
    user_name: str
    role_ids: frozenset[str]


class Inquiry:
    """Questions to Discord, each asked once. Made by `inquiring`.

    Raises (all methods):
        TokenRefused: Discord does not know the token.
        ChatUnusable: who answers is not Discord.
        ChatError: it cannot be reached, or not now.
    """

    def __init__(self, session: aiohttp.ClientSession, api_base: str) -> None:
        self._session = session
        self._base = api_base

    async def identity(self) -> Identity:
        """Return whose token it is and what its application may."""
        async with _at_once() as tasks:  # whoever asks waits for one round trip
            me = tasks.create_task(self._me())
            asked = tasks.create_task(self._get("/applications/@me", forms.Application))
            gateway = tasks.create_task(self._get("/gateway/bot", forms.GatewayBot))
        (user, ahead_s), application = me.result(), asked.result()
        owner = None if application.team else application.owner
        return Identity(
            bot_id=user.id,
            bot_name=plain(user.username),
            application_id=application.id,
            owner_id=owner and owner.id,
            owner_name=plain(owner.username) if owner else "",
            has_content_intent=bool(application.flags & _CONTENT),
            has_members_intent=bool(application.flags & _MEMBERS),
            endpoint_url=application.interactions_endpoint_url or None,
            clock_ahead_s=ahead_s,
            starts_left=gateway.result().session_start_limit.remaining,
        )

    async def guilds(self, bot_id: str) -> tuple[GuildRights, ...]:
        """Return the guilds that the bot is in, with what it may in each channel."""
        found = await self._list("/users/@me/guilds", forms.GuildStub)
        async with _at_once() as tasks:
            asked = [tasks.create_task(self._guild(stub.id, bot_id)) for stub in found]
        return tuple(one.result() for one in asked)

    async def standing(self, user_id: str, channel_id: str) -> Standing | None:
        """Return where a person stands with respect to a channel; None for direct messages.

        Raises:
            ChatError: also when there is no such channel, or the person is not in its guild.
        """
        channel = await self._get(f"/channels/{channel_id}", forms.Channel)
        if channel.guild_id is None:
            return None
        member = await self._get(f"/guilds/{channel.guild_id}/members/{user_id}", forms.Member)
        parent_id = channel.parent_id if channel.is_thread else None
        name = plain(member.user.username) if member.user else user_id
        return Standing(channel.guild_id, parent_id, name, frozenset(member.roles))

    async def _guild(self, guild_id: str, bot_id: str) -> GuildRights:
        async with _at_once() as tasks:
            guild_asked = tasks.create_task(self._get(f"/guilds/{guild_id}", forms.Guild))
            channels_asked = tasks.create_task(self._list(f"/guilds/{guild_id}/channels", forms.Channel))
            member_asked = tasks.create_task(self._get(f"/guilds/{guild_id}/members/{bot_id}", forms.Member))
        guild, role_ids = guild_asked.result(), member_asked.result().roles
        held = [role.permissions for role in guild.roles if role.id in (guild_id, *role_ids)]
        at_large = in_guild(held, is_owner=guild.owner_id == bot_id)
        places = sorted(channels_asked.result(), key=lambda channel: channel.position)
        channels = tuple(
            ChannelRights(
                place.id,
                plain(place.name or ""),
                in_channel(
                    at_large,
                    [Overwrite(one.id, one.allow, one.deny) for one in place.permission_overwrites],
                    guild_id=guild_id,
                    role_ids=role_ids,
                    user_id=bot_id,
                ),
            )
            for place in places
            if place.type in _SPEAKING_KINDS
        )
        return GuildRights(guild_id, plain(guild.name), channels)

    async def _me(self) -> tuple[forms.User, float | None]:
        before_s = time.time()
        headers, body = await self._ask("/users/@me")
        here_s = (before_s + time.time()) / 2
        told = _date(headers.get("Date", ""))
        # Their time has no fractions of a second.
        return self._read(forms.User, body), None if told is None else here_s - told.timestamp() - 0.5

    async def _get(self, path: str, form: type[_Form]) -> _Form:
        _, body = await self._ask(path)
        return self._read(form, body)

    async def _list(self, path: str, form: type[_Form]) -> list[_Form]:
        _, body = await self._ask(path)
        return self._read(list[form], body)

    async def _ask(self, path: str) -> tuple[Any, bytes]:
        try:
            async with self._session.get(URL(self._base + path)) as response:
                body = await response.read()
        except TimeoutError as error:
            limit_s = self._session.timeout.total
            raise ChatError(f"Discord did not answer within {limit_s:.1f} s.") from error
        except (aiohttp.ClientError, OSError) as error:
            raise ChatError(f"Discord cannot be reached at {self._base}.") from error
        if response.status == _UNAUTHORIZED:
            raise TokenRefused(
                f"Discord refuses the bot's token. Make a new one at {PORTAL}: Bot, Reset Token."
            )
        if response.status == 429 or response.status >= 500:
            raise ChatError(f"Discord answers {response.status} now. Try again in a minute.")
        if response.status != 200 and not response.headers.get("Content-Type", "").startswith(
            "application/json"
        ):
            raise self._no_discord()
        if response.status != 200:
            raise ChatError(
                f"Discord answers {response.status} to {path}: {plain(body[:200].decode(errors='replace'))}"
            )
        return response.headers, body

    def _read(self, form: Any, body: bytes) -> Any:
        try:
            return TypeAdapter(form).validate_json(body)
        except ValidationError as error:
            raise self._no_discord() from error

    def _no_discord(self) -> ChatUnusable:
        return ChatUnusable(f"{self._base} does not answer as Discord does. Look at discord.api_base.")


def plain(text: str) -> str:
    """Return foreign text as it may be shown at a terminal: what would steer it is replaced. Pure."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


@asynccontextmanager
async def inquiring(api_base: str, token: str, limit_s: float) -> AsyncGenerator[Inquiry]:
    """Let questions be asked with that token; each takes at most `limit_s`."""
    session = aiohttp.ClientSession(
        headers={"Authorization": f"Bot {token}", "User-Agent": _AGENT},
        timeout=aiohttp.ClientTimeout(total=limit_s),
        connector=aiohttp.TCPConnector(resolver=_Names()),
        trust_env=True,
    )
    async with session:
        yield Inquiry(session, api_base)


class _Names(AbstractResolver):
    """Asks the system for addresses as aiohttp's own does, in a thread that nobody has to wait for."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await in_own_thread(
            lambda: socket.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
        )
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=int(address[1]),
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, protocol, _, address in found
        ]

    async def close(self) -> None:
        """Nothing is kept."""


@asynccontextmanager
async def _at_once() -> AsyncGenerator[asyncio.TaskGroup]:
    """Ask several questions; the first that fails ends the others, and its error is raised as it is."""
    try:
        async with asyncio.TaskGroup() as tasks:
            yield tasks
    except ExceptionGroup as group:
        raise group.exceptions[0] from None


def _date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        return None
