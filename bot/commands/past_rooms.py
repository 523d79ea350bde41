"""What commands need of a room's past and of side questions: the manager offers both."""

from collections.abc import Sequence
from typing import Protocol

from sessions.keys import SessionKey
from sessions.past import PastSession, Remembered
from sessions.store.values import Prompt, Turn


class PastRooms(Protocol):
    """The sessions of each room, present and past. Raises StateError."""

    def seen(self, key: SessionKey) -> Remembered:
        """Return what is remembered of a room, for whoever types. Never waits."""
        ...

    async def ready(self, key: SessionKey) -> None:
        """Wait until `seen` is up to date, a second at most."""
        ...

    async def sessions(self, key: SessionKey) -> Sequence[PastSession]:
        """Return a room's sessions: the one that it is in, then the others, the newest first."""
        ...

    async def find(self, key: SessionKey, name: str) -> PastSession:
        """Return the session of a room with that id or short name. Raises UserError."""
        ...

    async def said(self, key: SessionKey) -> Sequence[Turn]:
        """Return the prompts in the session that a room is in, the newest first."""
        ...

    async def text(self, key: SessionKey, name: str) -> tuple[PastSession, str]:
        """Return one of a room's sessions and what was said in it, as Markdown. Raises UserError."""
        ...

    async def delete(self, key: SessionKey, name: str) -> PastSession:
        """Remove a former session of a room for good. Raises UserError."""
        ...


class SideQuestions(Protocol):
    """Answers beside the turns."""

    async def ask(self, key: SessionKey, asked: Prompt) -> str:
        """Return the answer of a copy of a room's session. Raises UserError, AgentError, StateError."""
        ...
