"""What holds in each room, from memory: what was said there, in the settings and about what is around it."""

import asyncio
import json
import logging
from asyncio import Future
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Protocol, cast

from pydantic import BaseModel, ConfigDict, ValidationError

from sessions.errors import UserError
from sessions.keys import DEFAULT_KEY, SessionKey, session_key
from sessions.room_settings import Layer, Origin, RoomSettings, ToldSettings, resolved

log = logging.getLogger(__name__)

SCOPE: Final = "settings"
"""Facts of this scope are named after rooms; each is a JSON object of what was said in that room."""

PLACES: Final = "places"
"""Facts of this scope are named after rooms; each is a `Where` as JSON."""

Values = Mapping[str, object]


class Where(BaseModel):
    """What is around a room: the channel of a thread, and the server. None where there is none."""

    model_config = ConfigDict(frozen=True)

    channel: str | None = None
    server: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What the settings say about rooms: for all, for a server's, and by channel or thread.

    `shared` are the channels of the room `default`.
    """

    everywhere: Values = field(default_factory=dict[str, object])
    servers: Mapping[str, Values] = field(default_factory=dict[str, Values])
    channels: Mapping[str, Values] = field(default_factory=dict[str, Values])
    shared: Sequence[str] = ()


class Facts(Protocol):
    """Where small texts are kept; a `Store` is such a place."""

    def set_fact(self, scope: str, name: str, text: str) -> Future[None]:
        """See `Store.set_fact`."""
        ...

    async def facts(self, scope: str) -> Mapping[str, str]:
        """See `Store.facts`."""
        ...


class RoomWords:
    """What holds in each room. A change counts once it is stored; a question never waits."""

    def __init__(self, store: Facts, listed: Listed | None = None) -> None:
        """Begin with what the settings say; `load` adds what was said in rooms."""
        self._store = store
        self._listed = listed or Listed()
        self._said: dict[SessionKey, Values] = {}
        self._where: dict[SessionKey, Where] = {}
        self._known: dict[SessionKey, tuple[RoomSettings, Mapping[str, Origin]]] = {}
        self._changing = asyncio.Lock()
        self._storing: Future[None] | None = None

    async def load(self) -> None:
        """Take over what was stored; what cannot be read is not heeded. Raises StateError."""
        said, places = await self._store.facts(SCOPE), await self._store.facts(PLACES)
        self._said = {session_key(name): _read(name, text) for name, text in said.items()}
        self._where = {session_key(name): _read_where(name, text) for name, text in places.items()}
        self._known.clear()

    def room(self, key: SessionKey) -> RoomSettings:
        """Return what holds in a room."""
        return self.explained(key)[0]

    def explained(self, key: SessionKey) -> tuple[RoomSettings, Mapping[str, Origin]]:
        """Return what holds in a room, and who said each value that is nobody's default."""
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = resolved(self._layers(key))
        return known

    def inherited(self, key: SessionKey) -> tuple[RoomSettings, Mapping[str, Origin]]:
        """Return what would hold in a room if nobody had said anything in it."""
        return resolved([layer for layer in self._layers(key) if layer.origin != "room"])

    def see(self, key: SessionKey, where: Where) -> None:
        """Remember what is around a room; stored when it is news. A plain call: nobody has to wait.

        What is not known this time stays as it was.
        """
        known = self._where.get(key, Where())
        if key == DEFAULT_KEY or where == known:
            return
        found = Where(channel=where.channel or known.channel, server=where.server or known.server)
        if found == known:
            return
        self._where[key] = found
        self._known.pop(key, None)
        stored = self._store.set_fact(PLACES, key, found.model_dump_json(exclude_none=True))
        stored.add_done_callback(partial(_note_unstored, key))

    async def change(self, key: SessionKey, values: Values) -> RoomSettings:
        """Let values hold in a room from its next turn on; None takes back what was said there.

        Raises:
            UserError: there is no such setting, or it cannot have that value; nothing changed.
            StateError: it could not be stored; nothing changed.
        """
        told = _checked(values)
        async with self._changing:
            if self._storing is not None:  # its caller may have gone away
                await asyncio.wait([self._storing])
                await asyncio.sleep(0)  # what is called when it is done has been called by then
            kept = {name: value for name, value in self._said.get(key, {}).items() if name not in values}
            said = {**kept, **told}
            self._storing = self._store.set_fact(SCOPE, key, json.dumps(said))
            self._storing.add_done_callback(partial(self._hold, key, said))
            await asyncio.shield(self._storing)
        return self.room(key)

    def _hold(self, key: SessionKey, said: Values, stored: Future[None]) -> None:
        if stored.cancelled() or stored.exception() is not None:
            return
        self._said[key] = said
        self._known.clear()  # threads follow

    def _layers(self, key: SessionKey) -> Sequence[Layer]:
        where, listed = self._where.get(key, Where()), self._listed
        named = listed.shared if key == DEFAULT_KEY else (key,)
        layers = [self._said_in("room", key)]
        layers += [Layer("file", listed.channels[name]) for name in named if name in listed.channels]
        if where.channel is not None:
            above = DEFAULT_KEY if where.channel in listed.shared else session_key(where.channel)
            layers.append(self._said_in("channel", above))
            layers.append(Layer("channel", listed.channels.get(where.channel, {})))
        layers.append(Layer("server", listed.servers.get(where.server or "", {})))
        return [*layers, Layer("everywhere", listed.everywhere)]

    def _said_in(self, origin: Origin, key: SessionKey) -> Layer:
        return Layer(origin, _heeded(self._said.get(key, {})))


def _checked(told: Values) -> Values:
    """Return what of it says something, as it is stored. Raises UserError."""
    try:
        return ToldSettings.model_validate(dict(told), strict=True).model_dump(exclude_none=True)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        if name not in RoomSettings.model_fields:
            raise UserError(f"There is no setting `{name}`.") from error
        why = first["msg"].replace("Input should", "must").replace("String should", "must")
        raise UserError(f"`{name}` {why[:1].lower()}{why[1:]}.") from error


def _heeded(said: Values) -> Values:
    """Return the values that this program knows and takes. One that it does not stays stored."""
    return {name: value for name, value in said.items() if _is_heeded(name, value)}


def _is_heeded(name: str, value: object) -> bool:
    try:
        _checked({name: value})
    except UserError:
        return False
    return True


def _read(name: str, text: str) -> Values:
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        log.warning("what was set in a room cannot be read", extra={"key": name})
        return {}
    said = cast("dict[str, object]", found)
    for one in said.keys() - _heeded(said).keys():
        log.warning("something set in a room is not heeded", extra={"key": name, "setting": one})
    return said


def _read_where(name: str, text: str) -> Where:
    try:
        return Where.model_validate_json(text)
    except ValidationError:
        log.warning("where a room lies cannot be read", extra={"key": name})
        return Where()


def _note_unstored(key: SessionKey, stored: Future[None]) -> None:
    if not stored.cancelled() and (error := stored.exception()) is not None:
        log.warning("where a room lies was not stored", extra={"key": key, "reason": str(error)})
