"""The engine's sections of the settings. Models only: nothing is read here."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Isolation = Literal["none"]
"""How an agent is kept from other rooms. Only `none` exists so far."""


class AgentSettings(BaseModel):
    """Which agent runs in the rooms, how many at once, and its limits."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    vendor: Literal["claude", "scripted"] = Field(
        default="claude", description="Which agent runs in the rooms."
    )
    model: str | None = Field(
        default=None, description="The agent's model; empty means the agent's own choice."
    )
    permission_mode: Literal["default", "acceptEdits", "plan", "dontAsk", "bypassPermissions"] = Field(
        default="default", description="What the agent may do without asking."
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
    queue_limit: int = Field(default=100, ge=1, description="How many prompts may wait in one room.")
    grace_s: float = Field(
        default=20.0, ge=0, description="Seconds that running turns get to end when Roomkey stops."
    )
    script: Path | None = Field(
        default=None, description="The TOML file that the scripted agent plays; empty means echo."
    )
