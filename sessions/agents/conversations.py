"""What an agent vendor keeps of its sessions on disk, and what can be done with that: `Conversations`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol
from uuid import UUID

Ability = Literal["copy", "cut", "compact", "context", "terminal"]
"""What not every vendor can: copy a conversation, copy a part of it, shorten it in place, say what fills it,
and go on with one that was held in a terminal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Where a conversation lies: in a session's private directory, under its id, begun in `workdir`."""

    home: Path
    agent_session_id: str
    workdir: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Where a copy ends: before the prompt with this uuid, or with `keep` behind all that answers it."""

    prompt: UUID
    keep: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """A conversation that this machine's user held in a terminal. `in_use` says that one still does.

    `title` are its first words as they were said, up to 4,000 characters: a secret in them is not masked.
    """

    agent_session_id: str
    title: str
    last_used: datetime
    turn_count: int
    in_use: bool


class Conversations(Protocol):
    """What a vendor keeps on disk. All of it blocks; call it in a thread.

    An agent can write these files, so nothing in them is believed and no link is followed. What raises
    OSError left nothing half done.
    """

    @property
    def reading_tools(self) -> frozenset[str]:
        """The tools that only read, and only what the agent sees anyway."""
        ...

    def exists(self, kept: Kept) -> bool:
        """Whether anything was said in it that can be read."""
        ...

    def copy(self, source: Kept, target: Kept, cut: Cut | None = None) -> int:
        """Copy a conversation, also one that is under way; return how many prompts the copy holds.

        The copy has its own id; nothing of the source changes. A target that is there already is kept. What
        is too long to be copied whole is not copied, and the OSError says so in words for people.
        Raises SessionNotFound, PromptNotFound, OSError.
        """
        ...

    def prompts(self, kept: Kept) -> Sequence[UUID]:
        """Return the ids of the prompts in it, in order; nothing if it cannot be read."""
        ...

    def text(self, kept: Kept) -> str:
        """Return what was said in it as Markdown, "" if nothing can be read."""
        ...

    def delete(self, kept: Kept) -> None:
        """Remove it for good; returns also if it was gone. Raises OSError."""
        ...

    def foreign(self, own: Path, workdir: Path) -> Sequence[Foreign]:
        """Return what this machine's user held in terminals in `workdir`, the newest first, at most 50.

        `own` is where the vendor's program keeps that.
        """
        ...

    def take_over(self, own: Path, agent_session_id: str, target: Kept) -> None:
        """Copy one of those, under its id; nothing there changes. Raises SessionNotFound, OSError."""
        ...
