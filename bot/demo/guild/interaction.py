"""What a person does with a bot other than writing: commands, buttons, menus, dialogues. Frozen values."""

from dataclasses import dataclass, field
from enum import IntEnum

from bot.demo.guild.model import Payload


class Kind(IntEnum):
    """Discord's interaction types."""

    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL = 5


class CommandKind(IntEnum):
    """Discord's types of commands: typed after a slash, or chosen for a user or a message."""

    SLASH = 1
    USER = 2
    MESSAGE = 3


class Callback(IntEnum):
    """How a bot may answer first; Discord's interaction callback types."""

    MESSAGE = 4
    DEFERRED_MESSAGE = 5
    DEFERRED_UPDATE = 6
    UPDATE = 7
    CHOICES = 8
    MODAL = 9


@dataclass(frozen=True, slots=True)
class Interaction:
    """One use of a bot. `message_id` is the message a component stands on; `data` is Discord's own object.

    `acknowledged` is the first answer's type, `original_id` the message it made or belongs to, and
    `message_ids` are all messages the bot made with the token, the original first.
    """

    id: str
    token: str
    kind: Kind
    application_id: str
    user_id: str
    channel_id: str
    made_at: float
    data: Payload
    name: str = ""
    message_id: str | None = None
    acknowledged: Callback | None = None
    original_id: str | None = None
    message_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Modal:
    """A dialogue that is open for one user. `components` are Discord's own JSON objects."""

    id: str
    custom_id: str
    title: str
    user_id: str
    interaction_id: str
    components: tuple[Payload, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """A suggestion for an option of a slash command."""

    name: str
    value: str | int | float


@dataclass(frozen=True, slots=True)
class Command:
    """A command that a bot registered. `spec` is Discord's own object with name, type and options.

    `guild_id` is None for a global command.
    """

    id: str
    application_id: str
    guild_id: str | None
    spec: Payload = field(hash=False)

    @property
    def name(self) -> str:
        """The command's name, without slash."""
        return str(self.spec["name"])

    @property
    def kind(self) -> CommandKind:
        """How it is used."""
        return CommandKind(self.spec.get("type", CommandKind.SLASH))

    @property
    def description(self) -> str:
        """What the command says it does."""
        return str(self.spec.get("description", ""))
