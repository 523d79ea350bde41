"""The engine's sections of the settings. Models only: nothing is read here."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Isolation = Literal["strict", "bwrap", "landlock", "none"]
"""How an agent is kept from other rooms, the strongest first; docs/security.md says what each holds."""

WhenBusy = Literal["queue", "steer", "interrupt"]
OnInterrupt = Literal["ask", "resume", "fail"]
Effort = Literal["low", "medium", "high", "xhigh", "max"]
PermissionMode = Literal["default", "acceptEdits", "plan", "dontAsk", "bypassPermissions"]
ModelName = Annotated[str, Field(max_length=100, pattern=r"^[0-9A-Za-z][!-~]*$")]
"""A vendor's name of a model. It stands on a command line, where a dash would begin an option."""


class BoxSettings(BaseModel):
    """What every agent's box may use, and what all boxes show beside their rooms."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tmp_mib: int = Field(
        default=512,
        ge=1,
        description="Size in MiB of an agent's own /tmp, and of its /dev/shm: it is memory.",
    )
    file_mib: int = Field(default=4096, ge=1, description="The largest file in MiB that an agent may write.")
    open_files: int = Field(
        default=16_384, ge=256, description="How many files a process of an agent may hold open."
    )
    processes: int = Field(
        default=1024,
        ge=64,
        description="How many processes and threads one agent may have: in a box, and not for root.",
    )


class PerRoomAgentSettings(BaseModel):
    """What of the agent can be different in each room."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: ModelName | None = Field(
        default=None, description="The agent's model; empty means the agent's own choice."
    )
    effort: Effort | None = Field(
        default=None, description="How much the agent thinks; empty means the agent's own choice."
    )
    permission_mode: PermissionMode = Field(
        default="default", description="What the agent may do without asking."
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


class AgentSettings(PerRoomAgentSettings):
    """Which agent runs in the rooms, how many at once, and its limits."""

    vendor: Literal["claude", "scripted"] = Field(
        default="claude", description="Which agent runs in the rooms."
    )
    max_running: int = Field(default=4, ge=1, description="How many turns run at once over all rooms.")
    max_live: int = Field(
        default=8, ge=0, description="How many idle agent processes are kept; 0 starts one for each turn."
    )
    idle_ttl_s: float = Field(default=600.0, gt=0, description="Seconds an idle agent process is kept.")
    silence_s: float = Field(
        default=900.0, gt=0, description="Seconds without a word from the agent before its turn is ended."
    )
    turn_limit_s: float = Field(default=14_400.0, gt=0, description="Seconds a turn may take in all.")
    ask_limit_s: float = Field(
        default=600.0, gt=0, description="Seconds a permission request stays open before it counts as a no."
    )
    question_limit_s: float = Field(
        default=86_400.0,
        gt=0,
        description="Seconds a question or a plan of the agent stays open; they do not count as the turn's.",
    )
    queue_limit: int = Field(default=100, ge=1, description="How many prompts may wait in one room.")
    grace_s: float = Field(
        default=20.0,
        ge=0,
        description="Seconds that running turns get to end when Roomkey stops;"
        " as a systemd service its TimeoutStopSec less 10 s instead.",
    )
    credential_proxy: bool = Field(
        default=False,
        description="Whether agents reach their model through Roomkey, so that they never see its key.",
    )
    # Absolute: an agent starts in its room's directory, where a relative path means something else.
    program: Annotated[Path, AfterValidator(Path.absolute)] | None = Field(
        default=None, description="The agent's program; empty means the one that came with Roomkey."
    )
    script: Path | None = Field(
        default=None, description="The TOML file that the scripted agent plays; empty means echo."
    )

    @property
    def told(self) -> Mapping[str, object]:
        """What was named here of what can be different in each room, by name."""
        return self.model_dump(include=set(PerRoomAgentSettings.model_fields), exclude_unset=True)

    def vendor_options(self) -> Mapping[str, object]:
        """Return what goes to the agent's adapter as it is, by name; without what is not set."""
        options = {"program": self.program, "script": self.script}
        return {name: value for name, value in options.items() if value is not None}
