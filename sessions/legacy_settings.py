"""claudeclaw's settings in Roomkey's names: what carries over, what does not, and as a roomkey.toml."""

import json
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from sessions.errors import UserError
from sessions.ids import numeric_id
from sessions.legacy_entries import Findings, NoteCode
from sessions.legacy_json import JsonObject, as_object

SOURCE: Final = "settings.json"
MODE_SOURCE: Final = "permission-mode.json"

_SHORTEST: Final = 1e-6
_LONGEST: Final = 1e12
"""A time limit beyond these was not meant, in whichever unit."""

_LEVELS: Final[Mapping[str, NoteCode | None]] = {
    "locked": "tools-not-restricted",
    "strict": "tools-not-restricted",
    "moderate": None,
    "unrestricted": "unrestricted-not-carried",
}
"""What each level of claudeclaw loses here, as the code of a note."""

Tables = Mapping[str, Mapping[str, object]]


class ConfigExists(UserError):
    """There is a settings file already; it was not changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """Settings by table and name, as roomkey.toml has them, and claudeclaw's names that found no place."""

    settings: Tables
    not_carried: tuple[str, ...]


def carry_settings(root: object, mode: object, own_rooms: Collection[str], findings: Findings) -> Carried:
    """Translate settings.json (`root`) and permission-mode.json (`mode`), decoded; None if not there. Total.

    `own_rooms` are the channels that have a conversation of their own. What a person must know goes
    into `findings`. Of the token nothing is said but that there is one.
    """
    discord: dict[str, object] = {}
    agent: dict[str, object] = {}
    left: list[str] = []
    if (given := as_object(root)) is not None:
        settings = _Table("", given)
        discord = _discord(inner := settings.table("discord"), own_rooms, findings)
        left += inner.left()
        agent = _agent(settings, left, findings)
        left += settings.left()
    if (given := as_object(mode)) is not None:
        file = _Table("permission-mode.", given)
        agent |= _mode(file, findings)
        left += file.left()
    tables = {"discord": discord, "agent": agent}
    return Carried(settings={name: table for name, table in tables.items() if table}, not_carried=tuple(left))


def roomkey_toml(settings: Tables) -> str:
    """Return settings as the text of a roomkey.toml; empty if there are none."""
    tables = (
        "".join((f"[{table}]\n", *(f"{name} = {_toml(value)}\n" for name, value in values.items())))
        for table, values in settings.items()
    )
    return "\n".join(tables)


def write_config(file: Path, settings: Tables) -> None:
    """Write a roomkey.toml, readable by its owner alone. Blocks.

    Raises:
        ConfigExists: there is one; it was not changed.
        OSError: it cannot be written.
    """
    try:
        made = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise ConfigExists(f"{file} exists and was not changed; take over by hand what you need.") from error
    with os.fdopen(made, "w", encoding="utf-8") as opened:
        opened.write(roomkey_toml(settings))


class _Table:
    """An object of settings.json from which what has a place is taken; the rest is `left`."""

    def __init__(self, prefix: str, fields: JsonObject) -> None:
        self._prefix = prefix
        self._fields = dict(fields)

    def take(self, name: str) -> object:
        """Return a value and count it as carried; None if there is none."""
        return self._fields.pop(name, None)

    def table(self, name: str) -> "_Table":
        """Return an inner object; an empty one if it is no object, which then stays left."""
        inner = as_object(self._fields.get(name))
        if inner is not None:
            del self._fields[name]
        return _Table(f"{self._prefix}{name}.", inner or {})

    def leave(self, name: str, value: object) -> None:
        """Put back a value that cannot be carried after all."""
        self._fields[name] = value

    def left(self) -> list[str]:
        """Return the full names of what was not taken."""
        return [f"{self._prefix}{name}" for name in self._fields]


def _discord(table: _Table, own_rooms: Collection[str], findings: Findings) -> dict[str, object]:
    if table.take("token"):
        findings.note("token-present", SOURCE, "discord.token")
    users, allowed, listened, channels = (
        _ids(name, table.take(name), findings)
        for name in ("allowedUserIds", "allowedGuilds", "listenGuilds", "listenChannels")
    )
    guilds = list(dict.fromkeys((*allowed, *listened)))
    if not users:
        findings.note("nobody-allowed", SOURCE, "discord.allowedUserIds")
        if guilds:
            findings.note("guilds-alone", SOURCE, "discord.allowedGuilds")
            guilds = []
    for channel in channels:
        if channel in own_rooms:
            findings.note("own-session-in-listen-channel", SOURCE, channel)
    ids = {"allowed_users": users, "allowed_guilds": guilds, "listen_channels": channels}
    return {name: values for name, values in ids.items() if values}


def _agent(settings: _Table, left: list[str], findings: Findings) -> dict[str, object]:
    agent: dict[str, object] = {}
    model = settings.take("model")
    if isinstance(model, str) and model.strip() not in ("", "glm") and _is_line(model):
        agent["model"] = model.strip()
    elif model:
        settings.leave("model", model)
    timeouts = settings.table("timeouts")
    for table, name, unit_s in ((timeouts, "default", 60.0), (settings, "sessionTimeoutMs", 0.001)):
        limit = table.take(name)
        if isinstance(limit, int | float) and not isinstance(limit, bool) and _SHORTEST < limit < _LONGEST:
            agent["silence_s"] = limit * unit_s
        elif limit is not None:
            table.leave(name, limit)
    security = settings.table("security")
    level = security.take("level")
    if isinstance(level, str) and level in _LEVELS:
        agent["permission_mode"] = "default"
        if (code := _LEVELS[level]) is not None:
            findings.note(code, SOURCE, "security.level")
    elif level is not None:
        security.leave("level", level)
    left += [*timeouts.left(), *security.left()]
    return agent


def _mode(file: _Table, findings: Findings) -> dict[str, object]:
    mode = file.take("mode")
    if mode in ("plan", "acceptEdits"):
        return {"permission_mode": mode}
    if mode == "bypassPermissions":
        findings.note("bypass-not-carried", MODE_SOURCE)
        return {"permission_mode": "default"}
    if mode is not None:
        file.leave("mode", mode)
    return {}


def _ids(name: str, value: object, findings: Findings) -> list[str]:
    """Return a list of ids without its bad and repeated members."""
    given = cast("list[object]", value) if isinstance(value, list) else [] if value is None else [value]
    ids: dict[str, None] = {}
    for one in given:
        try:
            ids[numeric_id(one)] = None
        except ValueError:
            findings.note("bad-id", SOURCE, f"discord.{name}")
    return list(ids)


def _is_line(text: str) -> bool:
    return text.isprintable() and text.isascii()


def _toml(value: object) -> str:
    # Printable ASCII, numbers and lists of them are written alike in JSON and in TOML.
    return json.dumps(value)
