"""The offline guild as a whole: one world behind REST, gateway and files on loopback, and its people."""

import asyncio
import mimetypes
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Self

from aiohttp import web

from bot.demo.guild import (
    permissions,
    rest_channels,
    rest_guild,
    rest_interactions,
    rest_messages,
    threads,
)
from bot.demo.guild.actors import Person
from bot.demo.guild.buckets import Buckets, RateLimits
from bot.demo.guild.changes import Change
from bot.demo.guild.clock import GuildClock
from bot.demo.guild.faults import Faults
from bot.demo.guild.gateway import PATH as GATEWAY_PATH
from bot.demo.guild.gateway import Gateway, GatewayOptions
from bot.demo.guild.model import ChannelKind
from bot.demo.guild.permissions import Permission
from bot.demo.guild.places import Place
from bot.demo.guild.rest import BASE, Rest
from bot.demo.guild.state import World
from bot.demo.guild.waits import WAIT_S, Stage

HOST = "127.0.0.1"
GOING_AWAY = 1001
NOTHING = Permission(0)
UNTRUSTED = {"Content-Security-Policy": "sandbox", "X-Content-Type-Options": "nosniff"}
"""Goes with every file: a browser that opens one runs nothing of it."""

TIDY_S = 30.0
"""How often quiet threads are looked for."""

ROUTES = (*rest_messages.ROUTES, *rest_channels.ROUTES, *rest_guild.ROUTES, *rest_interactions.ROUTES)


class OfflineGuild:
    """A Discord of its own on 127.0.0.1, as an async context manager; leaving it ends every connection.

    `channels`, `forum` and `users` are names; `roles` maps a role's name to the names of who has it. Each of
    `bots` gets an account and a token. `routes` are further aiohttp routes to serve, such as a page.
    Unless a bot `may_ping`, leaving it raises AssertionError if a message of one could have pinged anybody.

    While it is open: `api_base` and `gateway_url` are what a client needs, `world` is the truth, `ledger`
    what was received, `faults` what shall go wrong, `buckets` what is taken at once and what waiting that
    causes, `gateway` the rest of the machinery.
    `closing` is set when it ends, before it waits for the requests that are still being answered.
    """

    def __init__(
        self,
        *,
        channels: Sequence[str] = ("general",),
        forum: Sequence[str] = (),
        users: Sequence[str] = ("ann", "ben"),
        roles: Mapping[str, Sequence[str]] | None = None,
        bots: Sequence[str] = ("robot",),
        name: str = "Offline",
        port: int = 0,
        clock: GuildClock | None = None,
        rate_limits: RateLimits | None = None,
        gateway: GatewayOptions | None = None,
        routes: Iterable[web.AbstractRouteDef] = (),
        may_ping: bool = False,
    ) -> None:
        self.clock = clock or GuildClock()
        self.world = World(self.clock, name)
        self.stage = Stage(self.world)
        self.tokens: dict[str, str] = {}
        self.faults = Faults()
        self.ledger = self.stage.ledger
        self.buckets = Buckets(self.clock, rate_limits or RateLimits())
        self.gateway = Gateway(self.world, self.tokens, self.faults, self.ledger, gateway or GatewayOptions())
        self.closing = asyncio.Event()
        self._routes = routes
        self._may_ping = may_ping
        self._port = port
        self._stack = AsyncExitStack()
        for channel in channels:
            self.world.add_channel(ChannelKind.TEXT, channel)
        for channel in forum:
            self.world.add_channel(ChannelKind.FORUM, channel)
        for user in users:
            self.world.add_user(user)
        for bot in bots:
            self.add_bot(bot)
        for role, holders in (roles or {}).items():
            self.add_role(role, holders)

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await asyncio.to_thread(mimetypes.init)
            app = web.Application(client_max_size=256 * 1024 * 1024)
            app[GUILD] = self
            rest = Rest(self.world, self.tokens, self.buckets, self.faults, self.ledger)
            app.router.add_get(GATEWAY_PATH, self._connect)
            app.router.add_get("/attachments/{channel_id}/{attachment_id}/{name}", self._file)
            app.add_routes(self._routes)
            rest.mount(app, ROUTES)
            self._rest = rest
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            stack.enter_context(self.world.feed.listening(self.gateway.hear))
            self._runner = runner
            await self._listen()
            tasks = await stack.enter_async_context(asyncio.TaskGroup())
            tidying = tasks.create_task(self._tidy())
            stack.callback(tidying.cancel)
            stack.push_async_callback(self._part)
            self._port = int(runner.addresses[0][1])
            self.world.cdn_url = f"http://{HOST}:{self._port}"
            self.world.gateway_url = f"ws://{HOST}:{self._port}{GATEWAY_PATH}"
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        await self._stack.aclose()
        if kind is None and not self._may_ping:
            loud = [str(entry) for entry in self.ledger.mention_violations()]
            assert not loud, f"messages that could have pinged somebody: {loud[:5]}"

    @property
    def url(self) -> str:
        """The address of the server, without a slash at the end."""
        return self.world.cdn_url

    @property
    def api_base(self) -> str:
        """What takes the place of `https://discord.com/api/v10`."""
        return self.url + BASE

    @property
    def gateway_url(self) -> str:
        """What takes the place of `wss://gateway.discord.gg/`."""
        return self.world.gateway_url

    @property
    def token(self) -> str:
        """The token of the first bot."""
        return next(iter(self.tokens))

    def user(self, name: str) -> Person:
        """Return a person or bot by name; raises KeyError without one."""
        for user in self.world.users.values():
            if user.name == name:
                return Person(self.stage, user)
        raise KeyError(name)

    @property
    def bot(self) -> Person:
        """The first bot's account."""
        return Person(self.stage, self.world.users[self.tokens[self.token]])

    def channel(self, name: str) -> Place:
        """Return a channel, forum or thread by name; raises KeyError without one."""
        for channel in self.world.channels.values():
            if channel.name == name:
                return Place(self.stage, channel.id)
        raise KeyError(name)

    def place(self, channel_id: str) -> Place:
        """Return a place by id; raises 10003 without one."""
        return Place(self.stage, self.world.channel(channel_id).id)

    def person(self, user_id: str) -> Person:
        """Return a person by id; raises 10013 without one."""
        return Person(self.stage, self.world.user(user_id))

    def add_user(self, name: str) -> Person:
        """Let somebody join the guild."""
        return Person(self.stage, self.world.add_user(name))

    def add_bot(self, name: str) -> str:
        """Let a bot join the guild with a role that may also manage threads; return its token."""
        granted = permissions.EVERYONE | Permission.MANAGE_THREADS
        role = self.world.put_role(name, int(granted))
        user = self.world.add_user(name, bot=True, role_ids=(role.id,))
        token = f"offline.{user.id}.{name}"
        self.tokens[token] = user.id
        return token

    def add_channel(self, name: str, kind: ChannelKind = ChannelKind.TEXT) -> Place:
        """Make a channel."""
        return Place(self.stage, self.world.add_channel(kind, name).id)

    def add_role(self, name: str, holders: Sequence[str] = (), granted: Permission = NOTHING) -> str:
        """Make a role with permissions for the users of these names; return its id."""
        role = self.world.put_role(name, int(granted))
        for holder in holders:
            self.give_role(self.user(holder), role.id)
        return role.id

    def give_role(self, person: Person, role_id: str) -> None:
        """Give somebody a role in addition."""
        held = self.world.members[person.id].role_ids
        self.world.give_roles(person.id, (*held, role_id))

    def advance(self, seconds: float) -> None:
        """Move the guild's time forward and let quiet threads fall asleep."""
        self.clock.advance(seconds)
        threads.archive_quiet(self.world)

    async def wait_online(self, *, timeout: float = WAIT_S) -> None:
        """Return once every bot's gateway session is there."""
        what = "every bot to connect to the gateway"
        bots = self.tokens.values()
        await self.stage.until(
            lambda: True if all(self.gateway.online(bot_id) for bot_id in bots) else None,
            what,
            timeout=timeout,
        )

    async def wait_for(
        self, wanted: Callable[[Change], bool], what: str = "a change", *, timeout: float = WAIT_S
    ) -> Change:
        """Return the next change of the world that is wanted."""
        return await self.stage.next_change(wanted, what, timeout=timeout)

    @asynccontextmanager
    async def away(self) -> AsyncGenerator[None]:
        """Let nobody reach the guild while the context lasts: connections are cut, new ones refused."""
        await self._site.stop()
        await self.gateway.drop()
        for connection in self._runner.server.connections if self._runner.server else ():
            connection.force_close()
            if connection.transport:
                connection.transport.abort()
        try:
            yield
        finally:
            await self._listen()

    async def _listen(self) -> None:
        self._site = web.TCPSite(self._runner, HOST, self._port)
        await self._site.start()

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        fault = self.faults.take_rest(request.method, request.path)
        if fault and fault.is_refusal:
            return await self._rest.fail(request, fault, web.Response)
        await asyncio.sleep(fault.delay_s if fault else 0)
        return await self.gateway.serve(request)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        content = self.world.files.get(request.match_info["attachment_id"])
        if content is None:
            return web.Response(status=404)
        kind = mimetypes.guess_type(request.match_info["name"])[0] or "application/octet-stream"
        found = web.Response(body=content, content_type=kind, headers=UNTRUSTED)
        fault = self.faults.take_rest(request.method, request.path)
        return await self._rest.fail(request, fault, lambda: found) if fault else found

    async def _tidy(self) -> None:
        while True:
            await asyncio.sleep(TIDY_S)
            threads.archive_quiet(self.world)

    async def _part(self) -> None:
        self.closing.set()
        self._rest.close()
        await self.gateway.close(GOING_AWAY)


GUILD = web.AppKey("guild", OfflineGuild)
"""Where `routes` find the guild that serves them: `request.app[GUILD]`."""
