"""Names -> addresses for the egress proxy, as this machine's own resolver knows them."""

import asyncio
import contextlib
import errno
import ipaddress
import socket
import threading
from collections.abc import Callable
from typing import Final

from sessions.box.egress_rules import Address, Target

_AT_ONCE: Final = 4


class Names:
    """Looks names up, a few at a time.

    In threads of its own that nobody waits for: the system's call cannot be cut short, so a name that
    never resolves must hold up neither other work of the bot nor its end.
    """

    def __init__(self, look_up: Callable[[Target], list[Address]] | None = None) -> None:
        self._look_up = look_up or look_up_by_system
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def __call__(self, target: Target) -> list[Address]:
        """Return what a target's host stands for, best first. Raises OSError."""
        await self._places.acquire()
        loop = asyncio.get_running_loop()
        found: asyncio.Future[list[Address]] = loop.create_future()

        def settle(addresses: list[Address] | OSError) -> None:
            self._places.release()
            if found.cancelled():
                return
            if isinstance(addresses, OSError):
                found.set_exception(addresses)
            else:
                found.set_result(addresses)

        def look() -> None:
            try:
                addresses = self._look_up(target)
            except OSError as error:
                addresses = error
            except ValueError as error:  # the codec for foreign names has rules of its own
                addresses = OSError(str(error))
            with contextlib.suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(settle, addresses)

        try:
            threading.Thread(target=look, name="egress name", daemon=True).start()
        except RuntimeError as error:  # the machine, or our share of it, has no thread left
            self._places.release()
            raise OSError(errno.EAGAIN, str(error)) from error
        return await found


def look_up_by_system(target: Target) -> list[Address]:
    """Return what this machine's resolver says, in its order. Blocks. Raises OSError, ValueError."""
    rows = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    return [ipaddress.ip_address(str(row[4][0]).partition("%")[0]) for row in rows]
