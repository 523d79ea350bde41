"""Rooms whose channel or thread was deleted: kept, so that an owner can go on with their sessions."""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from sessions.clock import Clock
from sessions.foreign_text import one_line
from sessions.keys import SessionKey, session_key
from sessions.records import SessionRecord
from sessions.room_words import PLACES, Where
from sessions.store import Store

log = logging.getLogger(__name__)

SCOPE: Final = "tombstones"
"""Facts of this scope are named after rooms; each is a `_Kept` as JSON."""

_NAME_CHARS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """A room whose place is gone: what the place was called, as others wrote it, and when it was deleted.

    `record` is the session that the room had. `server` is where the place was, None if nobody knows: it is
    nobody's business in another one.
    """

    key: SessionKey
    name: str
    deleted: datetime
    record: SessionRecord
    server: str | None


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True)

    name: str
    deleted: datetime


async def tombstones(store: Store, most: int = 25) -> Sequence[Tombstone]:
    """Return the rooms whose place is gone and that still have a session, the last deleted first.

    Of each server at most so many. Raises StateError.
    """
    places, of_server = await store.facts(PLACES), Counter[str | None]()
    read = [(name, _read(name, text)) for name, text in (await store.facts(SCOPE)).items()]
    known = [(session_key(name), kept) for name, kept in read if kept is not None]
    found: list[Tombstone] = []
    for key, kept in sorted(known, key=lambda one: one[1].deleted, reverse=True):
        server = _where(places.get(key, "")).server
        if of_server[server] < most and (record := await store.session(key)) is not None:
            of_server[server] += 1
            found.append(
                Tombstone(key=key, name=kept.name, deleted=kept.deleted, record=record, server=server)
            )
    return found


@dataclass(frozen=True, slots=True)
class Tombstones:
    """Keeps what is left of rooms whose place is gone."""

    store: Store
    clock: Clock
    _burying: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def bury(self, key: SessionKey, name: str) -> None:
        """Keep that the place of a room is gone; nothing if nobody ever spoke there. Raises StateError.

        A thread is told of twice when its channel is deleted, and once without its name: "" takes none away.
        """
        async with self._burying:
            if await self.store.session(key) is None:
                return
            if not name and _read(key, await self.store.get_fact(SCOPE, key) or "") is not None:
                return
            kept = _Kept(name=one_line(name, _NAME_CHARS), deleted=self.clock.utc())
            await self.store.set_fact(SCOPE, key, kept.model_dump_json())
        log.info("the place of a room was deleted; its session is kept", extra={"key": key})

    async def below(self, channel_id: str) -> Sequence[SessionKey]:
        """Return the rooms of a channel's threads, as far as somebody spoke there. Raises StateError."""
        places = await self.store.facts(PLACES)
        return [session_key(name) for name, text in places.items() if _where(text).channel == channel_id]


def _where(text: str) -> Where:
    try:
        return Where.model_validate_json(text) if text else Where()
    except ValidationError:
        return Where()


def _read(name: str, text: str) -> _Kept | None:
    try:
        return _Kept.model_validate_json(text) if text else None
    except ValidationError:
        log.warning("a tombstone cannot be read", extra={"key": name})
        return None
