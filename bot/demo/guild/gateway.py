"""The gateway: sessions, their sockets, heartbeats, events with replay, and what a test can do to them."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import WSMsgType, web

from bot.demo.guild import guild_payloads, payloads
from bot.demo.guild.changes import BotOnline, Change
from bot.demo.guild.dispatch import Audience, Event, events
from bot.demo.guild.faults import Faults
from bot.demo.guild.intents import KNOWN, PRIVILEGED, Intent
from bot.demo.guild.ledger import Frame, Ledger
from bot.demo.guild.model import Payload
from bot.demo.guild.sessions import CUT, LEFT, End, Session, Socket
from bot.demo.guild.state import World

PATH = "/gateway"

ACK_AFTER_S = 0.02
"""How long the answer to a heartbeat takes: about as long as over a network."""

HEARTBEAT, IDENTIFY, RESUME, RECONNECT = 1, 2, 6, 7
REQUEST_MEMBERS, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 8, 9, 10, 11

BAD_TOKEN, ALREADY_IDENTIFIED, NOT_IDENTIFIED = 4004, 4005, 4003
BAD_INTENTS, FORBIDDEN_INTENTS = 4013, 4014
CLIENT_IS_DONE = (1000, 1001)
"""Codes with which a client ends its session for good; after any other it may resume."""


@dataclass(frozen=True, slots=True)
class GatewayOptions:
    """How the gateway treats bots.

    `granted` are the privileged intents switched on in the portal. With `strict_threads` a bot hears nothing
    that is said in threads it has not joined.
    """

    granted: Intent = PRIVILEGED
    strict_threads: bool = False
    heartbeat_s: float = 41.25


class Gateway:
    """All sessions of all bots. A session hears what happens in the world even while it has no socket."""

    def __init__(
        self,
        world: World,
        tokens: Mapping[str, str],
        faults: Faults,
        ledger: Ledger,
        options: GatewayOptions,
    ) -> None:
        self._world = world
        self.options = options
        self._tokens = tokens
        self._faults = faults
        self._ledger = ledger
        self._sessions: dict[str, Session] = {}

    @property
    def options(self) -> GatewayOptions:
        """How it treats bots from now on."""
        return self._options

    @options.setter
    def options(self, options: GatewayOptions) -> None:
        self._options = options
        self._world.granted_intents = options.granted

    def hear(self, change: Change) -> None:
        """Tell every session what it may hear of a change."""
        for session in self._sessions.values():
            for event in events(self._world, change, session.audience):
                self._tell(session, event)

    def online(self, bot_id: str) -> bool:
        """Whether a bot has a session with a socket."""
        return any(one.socket and one.audience.bot_id == bot_id for one in self._sessions.values())

    async def drop(self, *, forget: bool = False) -> None:
        """Cut every connection without a close frame; clients see 1006 and resume, in vain if forgotten."""
        await self._put_all(CUT, forget=forget)

    async def close(self, code: int, *, forget: bool = False) -> None:
        """Close every connection with a code; to resume is in vain if the sessions are forgotten."""
        await self._put_all(End(code), forget=forget)

    async def reconnect(self) -> None:
        """Ask every client to connect again and resume (operation 7)."""
        await self._put_all({"op": RECONNECT, "d": None})

    async def invalidate(self, *, resumable: bool = False) -> None:
        """Tell every client that its session is invalid (operation 9); unless resumable, it is forgotten."""
        await self._put_all({"op": INVALID_SESSION, "d": resumable}, forget=not resumable)

    def freeze(self, *, frozen: bool = True) -> None:
        """Let nothing through on the connections of now, as if the other side were gone; or let it again.

        What is to be heard meanwhile is kept for the client that resumes on another connection.
        """
        for socket in self._sockets():
            socket.freeze(frozen=frozen)

    def deafen(self) -> None:
        """Send no more events on the connections of now; heartbeats are answered, so all seems well."""
        for socket in self._sockets():
            socket.deaf = True

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Carry one connection to its end."""
        socket = Socket(request)
        ws = await socket.open()
        fault = self._faults.take_event("HELLO")
        if fault is None or fault.copies:
            socket.put({"op": HELLO, "d": {"heartbeat_interval": int(self.options.heartbeat_s * 1000)}})
        session: Session | None = None

        async def read() -> None:
            nonlocal session
            async for message in ws:
                if message.type is WSMsgType.TEXT:
                    session = self._receive(socket, session, json.loads(message.data))
            if session and ws.close_code in CLIENT_IS_DONE:
                self._sessions.pop(session.id, None)
            socket.put(LEFT)

        try:
            async with asyncio.TaskGroup() as tasks:
                await socket.write(tasks.create_task(read()))
        finally:
            if session and session.socket is socket:
                session.socket = None
                self._world.publish(BotOnline(session.audience.bot_id, "lost"))
        return ws

    def _receive(self, socket: Socket, session: Session | None, frame: Payload) -> Session | None:
        op: int = frame["op"]
        body: Any = frame.get("d")
        bot_id = session.audience.bot_id if session else ""
        self._ledger.frames.append(Frame(self._world.clock.now(), bot_id, op, body))
        if op == HEARTBEAT:
            # discord.py notes when it sent a beat after sending it: an answer before that looks 41 s late.
            asyncio.get_running_loop().call_later(ACK_AFTER_S, socket.put, {"op": HEARTBEAT_ACK})
        elif op in (IDENTIFY, RESUME) and session:
            socket.put(End(ALREADY_IDENTIFIED))
        elif op == IDENTIFY:
            return self._identify(socket, body)
        elif op == RESUME:
            return self._resume(socket, body)
        elif session is None:
            socket.put(End(NOT_IDENTIFIED))
        elif op == REQUEST_MEMBERS:
            self._send_members(session, body)
        return session

    def _identify(self, socket: Socket, body: Payload) -> Session | None:
        bot_id = self._tokens.get(str(body.get("token", "")).removeprefix("Bot "))
        if bot_id is None:
            socket.put(End(BAD_TOKEN))
            return None
        intents = Intent(int(body.get("intents", 0)))
        if int(intents) & ~int(KNOWN):
            socket.put(End(BAD_INTENTS))
            return None
        if intents & PRIVILEGED & ~self.options.granted:
            socket.put(End(FORBIDDEN_INTENTS))
            return None
        self._forget_abandoned(bot_id)
        audience = Audience(bot_id, intents, self.options.strict_threads)
        session = Session(self._world.ids.new(), audience, socket)
        self._sessions[session.id] = session
        self._tell(session, Event("READY", self._ready(session)))
        if Intent.GUILDS in intents:
            everyone = Intent.GUILD_PRESENCES in intents
            guild = guild_payloads.guild(self._world, bot_id, whole=True, all_members=everyone)
            self._tell(session, Event("GUILD_CREATE", guild))
        self._world.publish(BotOnline(bot_id, "ready"))
        return session

    def _forget_abandoned(self, bot_id: str) -> None:
        for session in list(self._sessions.values()):
            if session.audience.bot_id == bot_id and not session.socket:
                del self._sessions[session.id]

    def _ready(self, session: Session) -> Payload:
        bot_id = session.audience.bot_id
        return {
            "v": 10,
            "user": payloads.user(self._world.users[bot_id]) | {"verified": True, "mfa_enabled": True},
            "guilds": [{"id": self._world.guild_id, "unavailable": True}],
            "session_id": session.id,
            "resume_gateway_url": self._world.gateway_url,
            "shard": [0, 1],
            "application": {"id": bot_id, "flags": 0},
        }

    def _resume(self, socket: Socket, body: Payload) -> Session | None:
        session = self._sessions.get(str(body.get("session_id")))
        mine = session and self._tokens.get(str(body.get("token"))) == session.audience.bot_id
        missed = session.missed_since(int(body.get("seq") or 0)) if session and mine else None
        if session is None or missed is None:
            socket.put({"op": INVALID_SESSION, "d": False})
            return None
        if session.socket:
            session.socket.put(CUT)
        session.socket = socket
        for frame in missed:
            socket.put(frame)
        self._tell(session, Event("RESUMED", {}))
        self._world.publish(BotOnline(session.audience.bot_id, "resumed"))
        return session

    def _send_members(self, session: Session, body: Payload) -> None:
        asked: list[Any] = body.get("user_ids") or []
        wanted = {str(user_id) for user_id in asked}
        query = str(body.get("query") or "")
        found = [
            payloads.member(self._world, one)
            for one in self._world.members.values()
            if (one.user_id in wanted if wanted else self._world.users[one.user_id].name.startswith(query))
        ]
        chunk: Payload = {
            "guild_id": self._world.guild_id,
            "members": found,
            "chunk_index": 0,
            "chunk_count": 1,
            "not_found": sorted(wanted - {member["user"]["id"] for member in found}),
        }
        if "nonce" in body:
            chunk["nonce"] = body["nonce"]
        session.send(Event("GUILD_MEMBERS_CHUNK", chunk))

    def _tell(self, session: Session, event: Event) -> None:
        fault = self._faults.take_event(event.name)
        if fault is None:
            session.send(event)
            return
        changed = Event(
            event.name, {key: event.payload[key] for key in event.payload if key != fault.without}
        )
        for copy in range(fault.copies):
            late_s = fault.delay_s * (copy + 1)
            if fault.behind:
                session.hold(changed, fault.behind)
            elif late_s:
                asyncio.get_running_loop().call_later(late_s, session.send, changed)
            else:
                session.send(changed)

    def _sockets(self) -> list[Socket]:
        return [one.socket for one in self._sessions.values() if one.socket]

    async def _put_all(self, item: Payload | End, *, forget: bool = False) -> None:
        sockets = self._sockets()
        if forget:
            self._sessions.clear()
        for socket in sockets:
            socket.put(item)
            await socket.flushed()
