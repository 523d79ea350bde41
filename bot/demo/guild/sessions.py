"""Gateway sockets and sessions: ordered sending, compression, and the replay for a client that comes back."""

import asyncio
import json
import zlib
from collections import deque
from dataclasses import dataclass, field

from aiohttp import web

from bot.demo.guild.dispatch import Audience, Event
from bot.demo.guild.model import Payload

DISPATCH = 0
CLOSE_S = 2.0
"""How long a client may take to answer a close frame."""

REPLAY = 10_000
"""How many events a session keeps for a client that comes back."""


@dataclass(frozen=True, slots=True)
class End:
    """Ends a socket: with a close frame (`code`), by cutting it, or because the client has left."""

    code: int | None = None
    cut: bool = False


CUT = End(cut=True)
LEFT = End()


class Socket:
    """One connection. What is sent goes through a queue, so that sending never waits.

    `deaf` is set when the client shall hear no more events although everything else works.
    """

    def __init__(self, request: web.Request) -> None:
        self.deaf = False
        self._frozen = False
        self._outgoing: asyncio.Queue[Payload | End] = asyncio.Queue()
        self._ended = False
        self._request = request
        self._ws = web.WebSocketResponse(timeout=CLOSE_S, max_msg_size=0)
        self._zlib = zlib.compressobj() if request.query.get("compress") == "zlib-stream" else None

    async def open(self) -> web.WebSocketResponse:
        """Accept the connection."""
        await self._ws.prepare(self._request)
        return self._ws

    def put(self, item: Payload | End) -> None:
        """Send something soon; nothing happens once the socket has ended, or while nothing gets through."""
        lost = not isinstance(item, End) and (self._frozen or (self.deaf and item["op"] == DISPATCH))
        if not self._ended and not lost:
            self._outgoing.put_nowait(item)

    def freeze(self, *, frozen: bool) -> None:
        """Let nothing through in either direction, not even the client's farewell; or let it again."""
        self._frozen = frozen
        if self._request.transport:
            if frozen:
                self._request.transport.pause_reading()
            else:
                self._request.transport.resume_reading()

    async def flushed(self) -> None:
        """Wait until everything put in was sent, or the socket has ended."""
        await self._outgoing.join()

    async def write(self, reading: asyncio.Task[None]) -> None:
        """Send what was put in until the socket has ended; then end its reader too."""
        while not self._ended:
            item = await self._outgoing.get()
            try:
                if isinstance(item, End):
                    self._ended = True
                    await self._end(item, reading)
                else:
                    await self._send(json.dumps(item))
            except ConnectionError:
                self._ended = True
            finally:
                self._outgoing.task_done()
        reading.cancel()
        while not self._outgoing.empty():
            self._outgoing.get_nowait()
            self._outgoing.task_done()

    async def _send(self, text: str) -> None:
        if self._zlib is None:
            await self._ws.send_str(text)
            return
        # One compression context for the whole connection; each message ends in 00 00 ff ff.
        packed = self._zlib.compress(text.encode()) + self._zlib.flush(zlib.Z_SYNC_FLUSH)
        await self._ws.send_bytes(packed)

    async def _end(self, end: End, reading: asyncio.Task[None]) -> None:
        if (end.cut or self._frozen) and self._request.transport:
            self._request.transport.abort()
        elif end.code is not None:
            # With a reader in its way aiohttp would not wait for the client's own close frame, and a client
            # that finds the connection gone takes the code for 1006.
            reading.cancel()
            await asyncio.wait({reading})
            await self._ws.close(code=end.code)


@dataclass(slots=True)
class Session:
    """A bot's session: its socket, while there is one, and what it was sent, to be sent again."""

    id: str
    audience: Audience
    socket: Socket | None = None
    sequence: int = 0
    sent: deque[Payload] = field(default_factory=lambda: deque[Payload](maxlen=REPLAY))
    held: list[tuple[int, Event]] = field(default_factory=list[tuple[int, Event]])

    def send(self, event: Event) -> None:
        """Send an event with the next sequence number, and keep it."""
        self.sequence += 1
        frame: Payload = {"op": DISPATCH, "t": event.name, "s": self.sequence, "d": event.payload}
        self.sent.append(frame)
        if self.socket:
            self.socket.put(frame)
        due = [held for held in self.held if held[0] <= self.sequence]
        self.held = [held for held in self.held if held not in due]
        for _, late in due:
            self.send(late)

    def hold(self, event: Event, behind: int) -> None:
        """Send an event once so many others were sent."""
        self.held.append((self.sequence + behind, event))

    def missed_since(self, sequence: int) -> list[Payload] | None:
        """Return what came after a sequence number, or None when it is not remembered any more."""
        missed = [frame for frame in self.sent if frame["s"] > sequence]
        return missed if len(missed) == self.sequence - sequence else None
