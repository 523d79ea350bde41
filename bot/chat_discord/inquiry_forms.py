"""What Discord answers to questions about a bot, as far as we read it: frozen models of its JSON."""

from typing import Final

from pydantic import BaseModel, ConfigDict

_THREAD_KINDS: Final = (10, 11, 12)


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class User(_Form):
    """An account."""

    id: str
    username: str


class Team(_Form):
    """Who owns an application together."""

    id: str


class Application(_Form):
    """The application that a bot belongs to."""

    id: str
    flags: int = 0
    owner: User | None = None
    team: Team | None = None
    interactions_endpoint_url: str | None = None


class StartLimit(_Form):
    """How often the gateway lets the bot begin a session in a day."""

    remaining: int


class GatewayBot(_Form):
    """How the gateway is to be reached."""

    session_start_limit: StartLimit


class GuildStub(_Form):
    """A guild in a list."""

    id: str


class Role(_Form):
    """A role and what it allows."""

    id: str
    permissions: int


class Guild(_Form):
    """A guild with its roles."""

    name: str
    owner_id: str
    roles: tuple[Role, ...]


class ChannelOverwrite(_Form):
    """What a role or member is given or denied in a channel."""

    id: str
    allow: int = 0
    deny: int = 0


class Channel(_Form):
    """A channel, thread or direct messages."""

    id: str
    type: int
    name: str | None = None
    guild_id: str | None = None
    parent_id: str | None = None
    position: int = 0
    permission_overwrites: tuple[ChannelOverwrite, ...] = ()

    @property
    def is_thread(self) -> bool:
        """Whether it belongs to another channel as a thread does, and not to a category."""
        return self.type in _THREAD_KINDS


class Member(_Form):
    """A member of a guild."""

    roles: tuple[str, ...]
    user: User | None = None
