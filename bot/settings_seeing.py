"""The sections of the settings about what can be seen of the bot: its log, its audit log, its metrics."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class LogSettings(BaseModel):
    """What is written to standard error, and into the audit log."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least that is logged; `debug` shows prompts and answers as well."
    )
    format: Literal["auto", "text", "json", "journald"] = Field(
        default="auto",
        description="Lines for people, one JSON object on each line, or entries of systemd's journal;"
        " `auto` takes the journal where standard error goes there, else `text`.",
    )
    audit: bool = Field(
        default=True,
        description="Whether each use of a right that not everybody has also goes into `audit.jsonl` in the"
        " data directory. The database has it in any case.",
    )
    audit_files: int = Field(
        default=10,
        ge=1,
        description="How many full audit files of 8 MiB are kept beside the one that is written; nothing else"
        " removes one.",
    )


class MetricsSettings(BaseModel):
    """What other programs of this machine may ask about the bot."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: int = Field(
        default=0,
        ge=0,
        le=65_535,
        description="Where /health and /metrics are served, on 127.0.0.1 alone; 0 serves neither.",
    )
