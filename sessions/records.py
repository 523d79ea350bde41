"""What of a session outlives a process: its record, and what a finished turn changes in it. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from sessions.keys import SessionKey

_TITLE_CHARS: Final = 80


def title_of(text: str) -> str:
    """Return the first words of a text, as the name of the session that they began."""
    words = " ".join(text.split())
    words = words.rstrip(" .,:;") or words
    return words if len(words) <= _TITLE_CHARS else f"{words[: _TITLE_CHARS - 1].rstrip()}…"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRecord:
    """One session as stored.

    `agent_session_id` is minted before the agent's first start (for Claude a UUID4).
    `generation` grows at each reset. `workdir` is absolute and changes by `bind` alone.
    `cost_usd` is the sum over this generation, as the vendor reports it.
    `context_tokens` and `context_window` are the vendor's last figures, None before the first.
    `origin_key` is the foreign name of an imported session, `extra` its unknown fields.
    """

    key: SessionKey
    vendor: str
    agent_session_id: str
    workdir: Path
    memory_dir: Path
    created: datetime
    last_used: datetime
    generation: int = 0
    turn_count: int = 0
    cost_usd: float = 0.0
    context_tokens: int | None = None
    context_window: int | None = None
    origin_key: str | None = None
    resumable: bool = True
    """False for an imported session whose conversation was not found; cleared at its next reset."""
    extra: dict[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerSession:
    """A session that a reset, a lost conversation, an import, `/resume` or `/rewind` left behind.

    It can be gone on with.
    """

    key: SessionKey
    vendor: str
    agent_session_id: str
    workdir: Path
    created: datetime
    ended: datetime
    reason: Literal["reset", "lost", "import", "resume", "rewind"]
    turn_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """A turn ended: what the session looks like now. Dropped if the generation has moved on."""

    agent_session_id: str
    cost_usd: float | None = None
    context_tokens: int | None = None
    context_window: int | None = None
    title: str = ""
    """What it is called from now on, unless it has a name: its first words, after its first turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewed:
    """The session starts anew: the old one is archived, the generation grows, counts start at 0."""

    agent_session_id: str
    reason: Literal["reset", "lost"]
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """The room goes on with another session that has a past; the old one is archived as by `Renewed`."""

    agent_session_id: str
    workdir: Path
    created: datetime
    reason: Literal["resume", "rewind"]
    turn_count: int = 0
    cost_usd: float = 0.0
    title: str = ""


SessionChange = Used | Renewed | Resumed
