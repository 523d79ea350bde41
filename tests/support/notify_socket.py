"""A service manager's side of sd_notify: a datagram socket that remembers what it was told."""

import asyncio
import re
import secrets
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path


class NotifySocket(asyncio.DatagramProtocol):
    """What was told, in order: the second it was heard, and the assignment."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.told: list[tuple[float, str]] = []
        self._news = asyncio.Event()

    def datagram_received(self, data: bytes, addr: object) -> None:
        now_s = asyncio.get_running_loop().time()
        self.told += [(now_s, line) for line in data.decode().split("\n")]
        self._news.set()

    def said(self, pattern: str) -> list[float]:
        """Return when something was told that matches as a whole."""
        return [when_s for when_s, line in self.told if re.fullmatch(pattern, line)]

    async def hears(self, pattern: str, *, times: int = 1, after: int = 0, timeout: float = 60) -> str:
        """Wait until so many of the assignments behind the first `after` match; return the last of them."""
        try:
            async with asyncio.timeout(timeout):
                while len(lines := self._matching(pattern, after)) < times:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            heard = self._matching(".*", after)
            raise AssertionError(f"{pattern} was not told in time, but {heard}") from None
        return lines[times - 1]

    def _matching(self, pattern: str, after: int) -> list[str]:
        return [line for _, line in self.told[after:] if re.fullmatch(pattern, line)]


@asynccontextmanager
async def notify_socket(directory: Path | None = None) -> AsyncGenerator[NotifySocket]:
    """Listen in a directory, or without one at an abstract address."""
    name = f"@roomkey-test-{secrets.token_hex(8)}" if directory is None else str(directory / "notify")
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listening.setblocking(False)
    listening.bind(name.replace("@", "\0", 1))
    transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: NotifySocket(name), sock=listening
    )
    try:
        yield protocol
    finally:
        transport.close()
