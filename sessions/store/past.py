"""What the store knows of a room's past: former sessions with their words, and what was said. Values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sessions.keys import SessionKey
from sessions.store.values import Turn


@dataclass(frozen=True, slots=True)
class Words:
    """What is known of a session beside its record: name or first words, and its cost when it ended."""

    title: str = ""
    cost_usd: float | None = None


class PastStore(Protocol):
    """The past of rooms. As with `Store`: each call is one transaction and raises StateError."""

    async def words(self, key: SessionKey) -> Mapping[str, Words]:
        """Return what is known of a room's sessions, present and former, by their agent session id."""
        ...

    async def said(self, key: SessionKey, limit: int) -> Sequence[Turn]:
        """Return the newest ended prompts of a room, the newest first; none that was taken along."""
        ...

    async def name(self, agent_session_id: str, title: str) -> None:
        """Call a session so, whatever it was called before."""
        ...

    async def users_of(self, agent_session_id: str) -> Sequence[SessionKey]:
        """Return the rooms whose present session this is."""
        ...

    async def drop_former(self, key: SessionKey, agent_session_id: str) -> bool:
        """Forget a former session of a room; False if it is none, or is the present one of any room."""
        ...
