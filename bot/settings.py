"""Roomkey's settings: roomkey.toml, ROOMKEY_* and the bot's token as one frozen `Settings`."""

import json
import os
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from itertools import takewhile
from pathlib import Path
from typing import Annotated, Literal, cast
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from bot.settings_file import SettingsFile, Table, default_data_dir, find_file, read_file
from bot.settings_names import PREFIX, split_variables, variable
from bot.settings_token import BadToken, missing, read_token, take_token
from sessions.errors import StateError
from sessions.ids import numeric_id
from sessions.keys import SessionKey
from sessions.settings import AgentSettings, Isolation, OnInterrupt, RoomPolicy, WhenBusy


class SettingsError(StateError):
    """The settings are not right. The text has one line for each thing that is wrong and where."""


def _decoded(raw: object) -> object:
    """Return a list as it is, or as a variable writes it: in JSON."""
    if isinstance(raw, str):
        with suppress(ValueError, RecursionError):
            raw = json.loads(raw)
    if isinstance(raw, list | tuple):
        return cast("object", raw)
    raise ValueError('must be a list of ids, such as ["123456789012345678"]')


def _unique(ids: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ids))


def _absolute(path: Path) -> Path:
    if "\0" in str(path):
        raise ValueError("no path holds a NUL")
    try:
        return path.expanduser().absolute()
    except RuntimeError as error:
        raise ValueError(f"{path} names a home directory that does not exist") from error


def _http(url: str) -> str:
    return _address(url, "http", "https").rstrip("/")


def _websocket(url: str) -> str:
    return _address(url, "ws", "wss")


def _address(url: str, *schemes: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in schemes or not parts.hostname:
        raise ValueError(f"must be an address that begins with {' or '.join(f'{one}://' for one in schemes)}")
    return url


Id = Annotated[str, BeforeValidator(numeric_id)]
Ids = Annotated[tuple[Id, ...], NoDecode, BeforeValidator(_decoded), AfterValidator(_unique)]
Directory = Annotated[Path, AfterValidator(_absolute)]
ReplyTo = Literal["all", "mention"]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DiscordSettings(_Section):
    """Where Discord is and who is answered there. With every list empty nobody is."""

    listen_channels: Ids = Field(
        default=(), description="Channels that share the session `default`; every other place has its own."
    )
    allowed_users: Ids = Field(default=(), description="People who are answered.")
    allowed_roles: Ids = Field(default=(), description="Roles whose members are answered.")
    allowed_guilds: Ids = Field(
        default=(),
        description="Guilds in which Roomkey answers; empty means any. "
        "With neither users nor roles allowed, everybody in these guilds is answered.",
    )
    reply_to: ReplyTo = Field(
        default="all", description="What is answered: every message, or mentions alone."
    )
    receipts: bool = Field(
        default=True, description="Whether a reaction on each message shows what becomes of it."
    )
    catch_up_s: float = Field(
        default=3600.0,
        ge=0,
        le=604_800,
        description="Seconds back to which messages are answered that were missed while the connection was"
        " lost or Roomkey did not run; older ones are listed in their channel.",
    )
    catch_up_limit: int = Field(
        default=100,
        ge=0,
        description="How many missed messages of one channel are answered; the rest is listed there.",
    )
    api_base: Annotated[str, AfterValidator(_http)] = Field(
        default="https://discord.com/api/v10", description="Address of Discord's REST API."
    )
    gateway_url: Annotated[str, AfterValidator(_websocket)] = Field(
        default="wss://gateway.discord.gg/", description="Address of Discord's gateway."
    )


class LogSettings(_Section):
    """What is written to standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least that is logged; `debug` shows prompts and answers as well."
    )
    format: Literal["text", "json"] = Field(
        default="text", description="Lines for people, or one JSON object on each line."
    )


class PlaceSettings(_Section):
    """What is different in one guild or channel."""

    reply_to: ReplyTo | None = Field(
        default=None, description="`reply_to` for this place alone; a thread follows its channel."
    )


class ChannelSettings(PlaceSettings):
    """What is different in one channel or thread."""

    when_busy: WhenBusy | None = Field(default=None, description="`agent.when_busy` for this room alone.")
    on_interrupt: OnInterrupt | None = Field(
        default=None, description="`agent.on_interrupt` for this room alone."
    )


class Settings(BaseSettings):
    """Everything that can be set, checked. Ids are text of 15 to 20 digits, paths absolute."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix=PREFIX, env_nested_delimiter="__"
    )

    data_dir: Directory = Field(description="Everything Roomkey writes lies below this directory.")
    isolation: Isolation = Field(default="none", description="How an agent is kept from other rooms.")
    keep_days: int = Field(
        default=90, ge=1, description="Days after which ended turns are forgotten; conversations stay."
    )
    legacy_dir: Directory | None = Field(
        default=None, description="A claudeclaw directory whose sessions are imported at the start."
    )
    discord: DiscordSettings = Field(default_factory=DiscordSettings)
    agent: AgentSettings = Field(default_factory=AgentSettings)
    log: LogSettings = Field(default_factory=LogSettings)
    guild: dict[Id, PlaceSettings] = Field(default_factory=dict[str, PlaceSettings])
    channel: dict[Id, ChannelSettings] = Field(default_factory=dict[str, ChannelSettings])
    token: SecretStr | None = Field(default=None, exclude=True)

    @classmethod
    def settings_customise_sources(
        cls, *_: object, **sources: PydanticBaseSettingsSource
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read nothing but the arguments of `Settings`; `load_settings` says where values come from."""
        return (sources["init_settings"],)

    def reply_to_for(self, guild_id: str | None, channel_id: str, parent_id: str | None = None) -> ReplyTo:
        """Return what is answered in a place: its own table's word, else its parent's, guild's, all's."""
        places = (
            self.channel.get(channel_id),
            self.channel.get(parent_id or ""),
            self.guild.get(guild_id or ""),
        )
        for place in places:
            if place is not None and place.reply_to is not None:
                return place.reply_to
        return self.discord.reply_to

    def policy_for(self, key: SessionKey) -> RoomPolicy:
        """Return a room's policies: its own table's word, else that of all rooms."""
        room = self.channel.get(key)
        if room is None:
            return self.agent.policy
        return RoomPolicy(
            when_busy=room.when_busy or self.agent.when_busy,
            on_interrupt=room.on_interrupt or self.agent.on_interrupt,
        )

    def require_token(self) -> SecretStr:
        """Return the bot's token.

        Raises:
            SettingsError: nobody gave one; the text says where to put it.
        """
        if self.token is None:
            raise SettingsError(missing(self.data_dir))
        return self.token


def load_settings(config: Path | None = None, environ: MutableMapping[str, str] = os.environ) -> Settings:
    """Read the settings file, the environment and the token; a variable outranks the file.

    The token's variable is removed from `environ`, also if this fails. Nothing is written.

    Raises:
        SettingsError: a file cannot be read, a name is unknown, a value is wrong, or the token
            cannot be one. The text names each place on a line of its own.
    """
    token = take_token(environ)
    path = find_file(config, environ)
    file = SettingsFile() if path is None else read_file(path, Settings)
    variables, unknown = split_variables(Settings, environ)
    problems = [*file.problems]
    for name, meant in unknown.items():
        problems.append(f"{name} is not a setting" + (f"; did you mean {meant}?" if meant else ""))
    values = _overlaid({"data_dir": default_data_dir(environ)}, file.values, _from_variables(variables))
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        problems += [_sentence(problem, file, variables) for problem in error.errors()]
        raise SettingsError("\n".join(problems)) from error
    try:
        found = read_token(token, environ.get("CREDENTIALS_DIRECTORY"), settings.data_dir)
    except BadToken as error:
        problems.append(str(error))
        raise SettingsError("\n".join(problems)) from error
    if problems:
        raise SettingsError("\n".join(problems))
    return settings.model_copy(update={"token": found})


def claude_config_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Return where this user's own Claude Code keeps its conversations; it need not exist."""
    return _absolute(Path(environ.get("CLAUDE_CONFIG_DIR") or "~/.claude"))


def _from_variables(variables: Mapping[str, str]) -> Table:
    source = EnvSettingsSource(Settings)
    source.env_vars = {name.lower(): value for name, value in variables.items() if value}
    return source()


def _overlaid(*layers: Table) -> Table:
    """Return the layers as one table; a later layer outranks an earlier one, setting by setting."""
    result: Table = {}
    for layer in layers:
        for name, above in layer.items():
            below = result.get(name)
            both_tables = isinstance(below, dict) and isinstance(above, dict)
            result[name] = _overlaid(cast("Table", below), cast("Table", above)) if both_tables else above
    return result


def _sentence(problem: ErrorDetails, file: SettingsFile, variables: Mapping[str, str]) -> str:
    path = tuple(takewhile(lambda part: part != "[key]", (p for p in problem["loc"] if isinstance(p, str))))
    entry = next((f", entry {part + 1}" for part in problem["loc"] if isinstance(part, int)), "")
    name = variable(path)
    where = name if any(one.upper() == name for one in variables) else file.where(path)
    text = problem["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    return f"{where}{entry}: {text}"
