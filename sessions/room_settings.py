"""What can be set for each room, where each value may come from, and which one counts. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from sessions.settings import OnInterrupt, WhenBusy

Display = Literal["off", "new", "all", "verbose"]
Thinking = Literal["hidden", "spoiler", "shown"]
Footer = Literal["off", "short", "full"]
Effort = Literal["low", "medium", "high", "xhigh", "max"]
PermissionMode = Literal["default", "acceptEdits", "plan", "dontAsk", "bypassPermissions"]

Origin = Literal["room", "file", "channel", "server", "everywhere"]
"""Who said a value: somebody in the room, roomkey.toml for it, its channel, its server, or for all."""


class RoomSettings(BaseModel):
    """What holds in one room. Each default is what holds where nobody has said anything."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    display: Display = Field(
        default="new",
        description="What is shown of the agent's work: nothing, the tool at work, all tools, all.",
    )
    thinking: Thinking = Field(
        default="hidden", description="Whether what the agent thinks is shown: not, behind a spoiler, openly."
    )
    footer: Footer = Field(
        default="short", description="The small line under an answer: none, time and cost, or all figures."
    )
    when_busy: WhenBusy = Field(
        default="queue",
        description="What becomes of a message that comes during a turn: it waits, is handed to the running"
        " turn if the agent can take it, or ends that turn.",
    )
    on_interrupt: OnInterrupt = Field(
        default="ask",
        description="What becomes of a turn that was interrupted half done: a person is asked, it goes on"
        " by itself, or it is dropped with a notice.",
    )
    model: str | None = Field(
        default=None, description="The agent's model; empty means the agent's own choice."
    )
    effort: Effort | None = Field(
        default=None, description="How much the agent thinks; empty means the agent's own choice."
    )
    permission_mode: PermissionMode = Field(
        default="default", description="What the agent may do without asking."
    )
    prompt: str = Field(
        default="", max_length=4000, description="What the agent is told about this room before every turn."
    )
    auto_thread: bool = Field(
        default=False, description="Whether each message in this channel opens a thread of its own."
    )
    history: int = Field(
        default=20,
        ge=0,
        le=100,
        description="How many messages before a mention are shown to the agent where mentions alone count.",
    )


@dataclass(frozen=True, slots=True)
class Layer:
    """What one place says: values by field name, checked already."""

    origin: Origin
    values: Mapping[str, object]


def resolved(layers: Sequence[Layer]) -> tuple[RoomSettings, Mapping[str, Origin]]:
    """Return what holds, the first layer that names a field counts, and who said each field that is named."""
    values: dict[str, object] = {}
    origins: dict[str, Origin] = {}
    for layer in layers:
        for name, value in layer.values.items():
            if value is not None and name not in values:
                values[name] = value
                origins[name] = layer.origin
    return RoomSettings.model_validate(values), origins
