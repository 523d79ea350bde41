"""The egress proxy: the one way out of a `strict` box, one for each live agent, on a unix socket of its own.

It opens what `Rules` admit and nothing else. A name is resolved here, each address is judged, and the
address that was judged is the one connected to, so a name cannot change its meaning in between.
Nothing of what passes is read or kept.
"""

import asyncio
import contextlib
import errno
import logging
import os
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from sessions.box.egress_head import BadHead, Wanted, read_head
from sessions.box.egress_names import Names
from sessions.box.egress_rules import Address, Rules, Target

log = logging.getLogger(__name__)

_READ_BYTES: Final = 64 * 1024
_LINES_LOGGED: Final = 100
_ADDRESSES_TRIED: Final = 4
_PAUSE_S: Final = 1.0
_SLOW_S: Final = 0.1
_BACKLOG: Final = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one agent may ask of its proxy. Seconds and bytes; of connections, those at the same time."""

    head_bytes: int = 16 * 1024
    head_s: float = 10.0
    connect_s: float = 20.0
    idle_s: float = 900.0
    connection_bytes: int = 4 * 1024**3
    connections: int = 64


class Resolve(Protocol):
    """How names become addresses. Raises OSError."""

    async def __call__(self, target: Target) -> list[Address]:
        """Return what a target's host stands for, best first."""
        ...


class _End(NamedTuple):
    """One end of a connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


class _Refused(Exception):
    """A request is not carried out: the status and a sentence for the agent."""

    def __init__(self, status: str, text: str) -> None:
        super().__init__(text)
        self.status = status


class EgressProxy:
    """Serves one agent. `tasks` owns the connections; `close` ends them all and removes the socket.

    `refused` counts what was refused, by its first three digits of status.
    """

    def __init__(
        self,
        rules: Rules,
        path: Path,
        tasks: asyncio.TaskGroup,
        *,
        limits: Limits | None = None,
        resolve: Resolve | None = None,
    ) -> None:
        self.path = path
        self.refused: Counter[str] = Counter()
        self._rules = rules
        self._tasks = tasks
        self._limits = limits or Limits()
        self._resolve = resolve or Names()
        self._listener: socket.socket | None = None
        self._listening: asyncio.Task[None] | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen; a socket that an earlier bot left at `path` is replaced. Raises OSError."""
        self._listener = await asyncio.to_thread(_bind, self.path)
        self._listening = self._tasks.create_task(
            self._listen(self._listener), name=f"egress {self.path.name}"
        )

    async def close(self) -> None:
        """End every connection and remove the socket. May be called twice."""
        listener, self._listener = self._listener, None
        if listener is None or self._listening is None:
            return
        running = (self._listening, *self._open)
        for task in running:
            task.cancel()
        try:
            await asyncio.wait(running)
        finally:
            listener.close()
        with contextlib.suppress(OSError):
            await asyncio.to_thread(self.path.unlink)
        if self.refused:
            log.info("egress was refused", extra={"refused": dict(self.refused)})

    async def _listen(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            # Whoever is too many waits in the kernel, and costs no file descriptor of ours.
            if len(self._open) >= self._limits.connections:
                await asyncio.wait(self._open, return_when=asyncio.FIRST_COMPLETED)
                continue
            try:
                client, _ = await loop.sock_accept(listener)
            except OSError as error:  # out of file descriptors, as a rule
                log.warning("egress cannot accept", extra={"error": repr(error)})
                await asyncio.sleep(_PAUSE_S)
                continue
            connection = self._tasks.create_task(self._serve(client), name=f"egress {self.path.name}")
            self._open.add(connection)
            connection.add_done_callback(partial(self._served, client))

    def _served(self, client: socket.socket, connection: asyncio.Task[None]) -> None:
        self._open.discard(connection)
        client.close()  # a task that was cancelled before it began has not even looked at it

    async def _serve(self, client: socket.socket) -> None:
        try:
            near = _End(*await asyncio.open_unix_connection(sock=client, limit=self._limits.head_bytes))
        except OSError:
            return
        try:
            await self._carry(near, await self._connect(near))
        except _Refused as refused:
            await self._say(near.writer, refused)
        except OSError as error:
            log.debug("the agent left its egress proxy", extra={"error": repr(error)[:200]})
        finally:
            near.writer.transport.abort()

    async def _connect(self, near: _End) -> _End:
        wanted = await self._wanted(near.reader)
        far = await self._reached(wanted.target, await self._allowed(wanted.target))
        if wanted.is_tunnel:
            near.writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        far.writer.write(wanted.head)
        return far

    async def _wanted(self, reader: asyncio.StreamReader) -> Wanted:
        try:
            async with asyncio.timeout(self._limits.head_s):
                head = await reader.readuntil(b"\r\n\r\n")
            return read_head(head)
        except TimeoutError as error:
            raise _Refused("408 Request Timeout", "The request did not arrive in time.") from error
        except asyncio.LimitOverrunError as error:
            raise _Refused(
                "431 Header too large", f"The limit is {self._limits.head_bytes} bytes."
            ) from error
        except asyncio.IncompleteReadError as error:
            if error.partial:
                raise _Refused("400 Bad Request", "The request ended before its empty line.") from error
            raise ConnectionResetError from error
        except BadHead as error:
            raise _Refused("400 Bad Request", str(error)) from error

    async def _allowed(self, target: Target) -> list[Address]:
        """Return the addresses of a target that may be connected to."""
        if not self._rules.admits(target):
            raise _Refused(
                "403 Not in egress.allow",
                f"This room may not reach {target}. The owner of this bot can add it to egress.allow.",
            )
        literal = target.address
        try:
            async with asyncio.timeout(self._limits.connect_s):
                found = [literal] if literal is not None else await self._resolve(target)
        except (OSError, TimeoutError) as error:
            raise _Refused("502 Name not found", f"The name {target.host} could not be resolved.") from error
        allowed = [address for address in _by_turns(found) if self._rules.admits_address(target, address)]
        if found and not allowed:
            raise _Refused(
                "403 Private address",
                f"{target.host} is a private address here, and those are closed. The owner of this bot can"
                " add the address itself to egress.allow.",
            )
        return allowed[:_ADDRESSES_TRIED]

    async def _reached(self, target: Target, addresses: list[Address]) -> _End:
        for address in addresses:
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(self._limits.connect_s / len(addresses)):
                    return _End(*await asyncio.open_connection(str(address), target.port))
        raise _Refused("502 Not reachable", f"{target} does not answer.")

    async def _say(self, writer: asyncio.StreamWriter, refused: _Refused) -> None:
        self.refused[refused.status[:3]] += 1
        count = self.refused.total()
        if count > _LINES_LOGGED:
            await asyncio.sleep(_SLOW_S)  # an agent that asks again and again takes no time from other rooms
        else:
            more = {"further_are_counted_only": True} if count == _LINES_LOGGED else {}
            log.warning("egress refused", extra={"status": refused.status, "why": str(refused), **more})
        body = f"{refused}\n".encode()
        head = f"HTTP/1.1 {refused.status}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(self._limits.connect_s):
                writer.write(
                    f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body
                )
                writer.close()
                await writer.wait_closed()

    async def _carry(self, near: _End, far: _End) -> None:
        """Pass bytes on both ways until both have ended, nothing comes for long, or it is too much."""
        loop, idle_s = asyncio.get_running_loop(), self._limits.idle_s

        def moved() -> None:
            if not idle.expired():  # it may be, until the tasks below hear of it
                idle.reschedule(loop.time() + idle_s)

        try:
            async with asyncio.timeout(idle_s) as idle:
                left = _Left(self._limits.connection_bytes, moved)
                async with asyncio.TaskGroup() as both:
                    both.create_task(left.pass_on(near.reader, far.writer))
                    both.create_task(left.pass_on(far.reader, near.writer))
                for end in (near, far):
                    end.writer.close()
                    await end.writer.wait_closed()
        except* (OSError, TimeoutError) as errors:
            log.debug("egress connection broke", extra={"errors": repr(errors.exceptions)[:200]})
        finally:
            far.writer.transport.abort()


def _by_turns(addresses: Sequence[Address]) -> list[Address]:
    """Return the addresses with their kinds by turns, for where one of the kinds leads nowhere."""
    first = [one for one in addresses if one.version == addresses[0].version]
    others = [one for one in addresses if one.version != addresses[0].version]
    return [one for pair in zip_longest(first, others) for one in pair if one is not None]


class _Left:
    """What one connection may still pass on."""

    def __init__(self, size_bytes: int, moved: Callable[[], None]) -> None:
        self._bytes = size_bytes
        self._moved = moved

    async def pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        """Pass bytes on until the source ends, which is passed on as well: the other way may go on."""
        while part := await source.read(_READ_BYTES):
            self._moved()
            self._bytes -= len(part)
            if self._bytes < 0:
                raise OSError(errno.EDQUOT, "this connection has carried too much")
            target.write(part)
            await target.drain()
        target.write_eof()


def _bind(path: Path) -> socket.socket:
    """Return a listening socket at `path`, for nobody but us.

    A socket's path may have 107 characters and a data directory's may have more, so it is made
    from within its directory.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path.name, dir_fd=directory)
        os.fchmod(listener.fileno(), 0o600)  # the file is made with it, so it is never open to others
        listener.bind(f"/proc/self/fd/{directory}/{path.name}")
        listener.listen(_BACKLOG)
        listener.settimeout(0)
    except BaseException:
        listener.close()
        raise
    finally:
        os.close(directory)
    return listener
