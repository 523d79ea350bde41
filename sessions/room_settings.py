"""What can be set for each room, where each value may come from, and which one counts. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from sessions.foreign_text import clean
from sessions.settings import (
    Effort,
    ModelName,
    OnInterrupt,
    PermissionMode,
    PerRoomAgentSettings,
    WhenBusy,
)

Display = Literal["off", "new", "all", "verbose"]
Thinking = Literal["hidden", "spoiler", "shown"]
Footer = Literal["off", "short", "full"]
PROMPT_CHARS: Final = 4000
"""What fits the form in which it is written; see `bot.components.Field`."""

RoomPrompt = Annotated[str, Field(max_length=PROMPT_CHARS), AfterValidator(clean)]
History = Annotated[int, Field(ge=0, le=100)]

Origin = Literal["room", "file", "channel", "server", "everywhere"]
"""Who said a value: somebody in the room, roomkey.toml for it, its channel, its server, or for all."""


class ShownSettings(BaseModel):
    """How a room looks, and what its agent is told: what of a room has nothing to do with the vendor."""

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
    prompt: RoomPrompt = Field(
        default="", description="What the agent is told about this room before every turn."
    )
    auto_thread: bool = Field(
        default=False, description="Whether each message in this channel opens a thread of its own."
    )
    history: History = Field(
        default=20,
        description="How many messages before a mention are shown to the agent where mentions alone count.",
    )


class RoomSettings(ShownSettings, PerRoomAgentSettings):
    """What holds in one room. Each default is what holds where nobody has said anything."""


def meaning(name: str) -> str:
    """Return what a setting of a room means, in a sentence."""
    return RoomSettings.model_fields[name].description or ""


def _own(name: str) -> str:
    section = "agent" if name in PerRoomAgentSettings.model_fields else "room"
    return f"`{section}.{name}` for this place alone; a thread follows its channel."


class ToldSettings(BaseModel):
    """Some settings of a room, as somebody has said them; None says nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: ModelName | None = Field(default=None, description=_own("model"))
    effort: Effort | None = Field(default=None, description=_own("effort"))
    permission_mode: PermissionMode | None = Field(default=None, description=_own("permission_mode"))
    when_busy: WhenBusy | None = Field(default=None, description=_own("when_busy"))
    on_interrupt: OnInterrupt | None = Field(default=None, description=_own("on_interrupt"))
    display: Display | None = Field(default=None, description=_own("display"))
    thinking: Thinking | None = Field(default=None, description=_own("thinking"))
    footer: Footer | None = Field(default=None, description=_own("footer"))
    prompt: RoomPrompt | None = Field(default=None, description=_own("prompt"))
    auto_thread: bool | None = Field(default=None, description=_own("auto_thread"))
    history: History | None = Field(default=None, description=_own("history"))


NAMES: Final = tuple(RoomSettings.model_fields)
"""Every setting that a room has, in the order in which they are shown."""


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
