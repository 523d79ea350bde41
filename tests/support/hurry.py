"""Makes discord.py wait less than it would by itself, and leave nothing behind."""

import asyncio
import threading
from typing import Any

import aiohttp
import pytest
from discord import client, http
from discord.gateway import KeepAliveHandler
from discord.webhook import async_ as webhooks


class QuickWaits:
    """Stands for asyncio inside of discord.py: its own waits are so many times shorter, and noted."""

    def __init__(self, times: float) -> None:
        self.asked_s: list[float] = []
        self._times = times

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    async def sleep(self, delay: float, result: object = None) -> object:
        """Sleep for a fraction of the time; less than a second is what somebody asked for, and kept."""
        self.asked_s.append(delay)
        return await asyncio.sleep(delay / self._times if delay >= 1 else delay, result)


def hurry(patch: pytest.MonkeyPatch, *, times: float = 50) -> QuickWaits:
    """Shorten discord.py's own waits for the rest of the test; returns what notes them.

    They are those between two tries, before a new session, and for the last word of a gateway.
    """
    waits = QuickWaits(times)
    for module in (client, http, webhooks):
        patch.setattr(module, "asyncio", waits)
    real = aiohttp.ClientWSTimeout

    def short(ws_close: float) -> aiohttp.ClientWSTimeout:
        return real(ws_close=min(ws_close, 0.1))  # pyright: ignore[reportCallIssue]

    patch.setattr(aiohttp, "ClientWSTimeout", short)
    return waits


def end_heartbeats() -> None:
    """End the threads that a client of discord.py 2.7.1 leaves if it is closed while it connects."""
    for thread in threading.enumerate():
        if isinstance(thread, KeepAliveHandler):
            thread.stop()
