"""A browser's side of the offline guild's page without a browser: acts, and the stream of what it is told."""

import io
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from bot.demo.guild import OfflineGuild

Told = dict[str, Any]


class Stream:
    """What the page is told; `next` returns the first event of a name that fits, reading on."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def next(self, name: str, fits: Callable[[Told], bool] = lambda _: True) -> Told:
        """Return the data of the next event of this name that fits."""
        while True:
            heard, told = await self._event()
            if heard == name and fits(told):
                return told

    async def until(self, name: str, fits: Callable[[Told], bool] = lambda _: True) -> list[tuple[str, Told]]:
        """Return every event up to the first of this name that fits."""
        events: list[tuple[str, Told]] = []
        while True:
            heard, told = await self._event()
            events.append((heard, told))
            if heard == name and fits(told):
                return events

    async def _event(self) -> tuple[str, Told]:
        name = ""
        while line := (await self._response.content.readline()).decode().rstrip("\n"):
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                told: Told = json.loads(line.removeprefix("data: "))
                await self._response.content.readline()
                return name, told
        assert not self._response.content.at_eof(), "the stream ended"
        return await self._event()


class PageClient:
    """The page as one person uses it."""

    def __init__(self, session: aiohttp.ClientSession, guild: OfflineGuild, name: str) -> None:
        self._session = session
        self._guild = guild
        self._query = {"as": name}

    async def act(
        self,
        act: str,
        *,
        files: dict[str, bytes] | None = None,
        headers: dict[str, str] | None = None,
        **form: Any,
    ) -> tuple[int, Told]:
        """Do something; return the status and the answer."""
        sent = json.dumps({"act": act, **form})
        body: aiohttp.FormData | str = sent
        kind = {"Content-Type": "application/json"}
        if files:
            kind = {}
            body = aiohttp.FormData({"form": sent})
            for name, content in files.items():
                body.add_field("files", io.BytesIO(content), filename=name)
        headers = {"Origin": self._guild.url} | kind if headers is None else headers | kind
        url = f"{self._guild.url}/page/act"
        async with self._session.post(url, params=self._query, data=body, headers=headers) as response:
            return response.status, await response.json()

    @asynccontextmanager
    async def changes(self) -> AsyncGenerator[Stream]:
        """Follow what this person is told; the first event is `world`."""
        url = f"{self._guild.url}/page/changes"
        # A world can be larger than what aiohttp takes as one line by default.
        options = {"params": self._query, "read_bufsize": 2**22}
        async with self._session.get(url, **options) as response:
            assert response.status == 200
            yield Stream(response)
