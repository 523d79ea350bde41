"""Roomkey's settings: roomkey.toml, ROOMKEY_* and the bot's token as one frozen `Settings`."""

import os
from collections.abc import Mapping, MutableMapping
from itertools import takewhile
from pathlib import Path
from typing import cast

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from bot.settings_egress import EgressSettings
from bot.settings_file import SettingsFile, Table, default_data_dir, find_file, read_file
from bot.settings_mounts import Mounts, mounts_of
from bot.settings_names import PREFIX, split_variables, variable
from bot.settings_seeing import LogSettings, MetricsSettings
from bot.settings_token import BadToken, missing, read_token, take_token
from bot.settings_types import Directory, HttpAddress, Id, Ids, WebsocketAddress, absolute
from bot.settings_types import ReplyTo as ReplyTo
from bot.settings_voice import VoiceSettings
from sessions.box.mounts import Mount
from sessions.errors import StateError
from sessions.keys import DEFAULT_KEY, SessionKey, session_key
from sessions.room_settings import NAMES, ShownSettings, ToldSettings
from sessions.room_words import Listed
from sessions.settings import AgentSettings, BoxSettings, Isolation


class SettingsError(StateError):
    """The settings are not right. The text has one line for each thing that is wrong and where.

    `settings` is what they are otherwise, without a token; None if a value is wrong. `token_problem` is the
    line about the token, if there is one.
    """

    def __init__(self, text: str, *, settings: "Settings | None" = None, token_problem: str = "") -> None:
        super().__init__(text)
        self.settings = settings
        self.token_problem = token_problem


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DiscordSettings(_Section):
    """Where Discord is and who is answered there. With every list empty nobody is but who pairs."""

    listen_channels: Ids = Field(
        default=(), description="Channels that share the session `default`; every other place has its own."
    )
    owners: Ids = Field(
        default=(),
        description="People who may everything, also say who may what; without one, the first is who says the"
        " pairing code that is in the log.",
    )
    operators: Ids = Field(
        default=(), description="People who may also stop, reset and decide what others asked for."
    )
    operator_roles: Ids = Field(default=(), description="Roles whose members are operators.")
    allowed_users: Ids = Field(default=(), description="People who are answered.")
    allowed_roles: Ids = Field(default=(), description="Roles whose members are answered.")
    allowed_guilds: Ids = Field(
        default=(),
        description="Guilds in which Roomkey answers; empty means any. "
        "With neither users nor roles allowed, everybody in these guilds is answered.",
    )
    allowed_bots: Ids = Field(
        default=(),
        description="Bots that are answered when they mention Roomkey, three times in a row at most.",
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
    api_base: HttpAddress = Field(
        default="https://discord.com/api/v10", description="Address of Discord's REST API."
    )
    gateway_url: WebsocketAddress = Field(
        default="wss://gateway.discord.gg/", description="Address of Discord's gateway."
    )


class PlaceSettings(ToldSettings):
    """What is different in one guild or channel."""

    reply_to: ReplyTo | None = Field(
        default=None, description="`reply_to` for this place alone; a thread follows its channel."
    )


class ChannelSettings(PlaceSettings):
    """What is different in one channel or thread."""

    keep_days: int | None = Field(default=None, ge=1, description="`keep_days` for this room alone.")
    mounts: Mounts = Field(
        default=(),
        description='What this room\'s agent sees beside its room, such as `["/srv/repo:ro", "/srv/out:rw"]`:'
        " `ro` to read, `rw` to write as well.",
    )


class Settings(BaseSettings):
    """Everything that can be set, checked. Ids are text of 15 to 20 digits, paths absolute."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix=PREFIX, env_nested_delimiter="__"
    )

    data_dir: Directory = Field(description="Everything Roomkey writes lies below this directory.")
    isolation: Isolation = Field(
        default="bwrap",
        description="How an agent is kept from other rooms; tried at each start, never weakened in silence.",
    )
    keep_days: int = Field(
        default=90, ge=1, description="Days after which ended turns are forgotten; conversations stay."
    )
    keep_files_days: int = Field(
        default=30, ge=1, description="Days after which files that people sent to a room are deleted."
    )
    inbox_mib: int = Field(default=100, ge=1, description="How many MiB of files a room's `inbox/` may hold.")
    legacy_dir: Directory | None = Field(
        default=None, description="A claudeclaw directory whose sessions are imported at the start."
    )
    discord: DiscordSettings = Field(default_factory=DiscordSettings)
    agent: AgentSettings = Field(default_factory=AgentSettings)
    room: ShownSettings = Field(default_factory=ShownSettings)
    box: BoxSettings = Field(default_factory=BoxSettings)
    egress: EgressSettings = Field(default_factory=EgressSettings)
    voice: VoiceSettings = Field(default_factory=VoiceSettings)
    log: LogSettings = Field(default_factory=LogSettings)
    metrics: MetricsSettings = Field(default_factory=MetricsSettings)
    guild: dict[Id, PlaceSettings] = Field(default_factory=dict[str, PlaceSettings])
    channel: dict[Id, ChannelSettings] = Field(default_factory=dict[str, ChannelSettings])
    token: SecretStr | None = Field(default=None, exclude=True)
    file: Path | None = Field(default=None, exclude=True)

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

    def told(self) -> Listed:
        """Return what is said here about rooms: about all of them, those of a guild, and single ones."""
        return Listed(
            everywhere={**self.agent.told, **self.room.model_dump(exclude_unset=True)},
            servers={guild: _told(place) for guild, place in self.guild.items()},
            channels={channel: _told(place) for channel, place in self.channel.items()},
            shared=self.discord.listen_channels,
        )

    def mounts_for(self, key: SessionKey) -> tuple[Mount, ...]:
        """Return what a room is given beside its own; the listen channels share a session, so also this."""
        tables = self.discord.listen_channels if key == DEFAULT_KEY else (key,)
        rooms = [self.channel[name] for name in tables if name in self.channel]
        return mounts_of(text for room in rooms for text in room.mounts)

    def kept_days(self) -> Mapping[SessionKey, int]:
        """Return how long the ended turns of rooms with a word of their own are kept.

        The listen channels share a session: of several words the shortest counts.
        """
        kept: dict[SessionKey, int] = {}
        for name, room in self.channel.items():
            key = DEFAULT_KEY if name in self.discord.listen_channels else session_key(name)
            if room.keep_days is not None:
                kept[key] = min(room.keep_days, kept.get(key, room.keep_days))
        return kept

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
        text = "\n".join([*problems, str(error)])
        raise SettingsError(text, settings=settings, token_problem=str(error)) from error
    whole = settings.model_copy(update={"token": found, "file": path})
    if problems:
        raise SettingsError("\n".join(problems), settings=whole)
    return whole


def claude_config_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Return where this user's own Claude Code keeps its conversations; it need not exist."""
    return absolute(Path(environ.get("CLAUDE_CONFIG_DIR") or "~/.claude"))


def _told(place: PlaceSettings) -> Table:
    return place.model_dump(include=set(NAMES), exclude_none=True)


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
