"""What the store knows of a room's past: former sessions with their words, and what was said. Values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sessions.keys import SessionKey
from sessions.store.values import Turn


@dataclass(frozen=True, slots=True)
class Words:
    """What is known of a session beside its record: name or first words, and its cost when it ended."""

    title: str = ""
    cost_usd: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What went wrong with a prompt, and when: it failed because of `cause`, or the chat refused its answer.

    `channel_id` is where its answer belongs. `lost` is what the chat said then, "" if it took all of it;
    `cause` is "" for a turn that was done.
    """

    ended: datetime
    channel_id: str
    cause: str = ""
    lost: str = ""


class PastStore(Protocol):
    """The past of rooms. As with `Store`: each call is one transaction and raises StateError."""

    async def words(self, key: SessionKey) -> Mapping[str, Words]:
        """Return what is known of a room's sessions, present and former, by their agent session id."""
        ...

    async def said(self, key: SessionKey, limit: int) -> Sequence[Turn]:
        """Return the newest ended prompts of a room, the newest first; none that was taken along."""
        ...

    async def trouble(self, key: SessionKey) -> Trouble | None:
        """Return what went wrong with the prompt of a room that ended last; None if nothing did."""
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
