"""A room's past and side questions for tests of the chat side: kept in lists, answered at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from sessions.errors import UserError
from sessions.keys import SessionKey
from sessions.past import PastSession, Remembered
from sessions.store.values import Prompt, Turn

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


def past_session(
    number: int,
    title: str = "the word is plum",
    state: Literal["open", "former", "terminal", "in use", "deleted"] = "former",
) -> PastSession:
    """Return a session that was used `number` hours before noon."""
    return PastSession(
        agent_session_id=f"{number:08}-0000-4000-8000-000000000000",
        title=title,
        state=state,
        last_used=NOON - timedelta(hours=number),
        turn_count=number + 1,
        cost_usd=None if number == 1 else number / 4,
        workdir=Path("/data/sessions/room/work"),
    )


@dataclass
class FakePast:
    """A `bot.commands.past_rooms.PastRooms`: every room has these sessions."""

    all: list[PastSession] = field(default_factory=lambda: [past_session(0, "now", "open"), past_session(1)])
    turns: list[Turn] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    words: str = "## Prompt\n\nthe word is plum"

    def seen(self, key: SessionKey) -> Remembered:
        return Remembered(tuple(self.all), tuple(self.turns))

    async def ready(self, key: SessionKey) -> None: ...

    async def sessions(self, key: SessionKey) -> Sequence[PastSession]:
        return tuple(self.all)

    async def find(self, key: SessionKey, name: str) -> PastSession:
        found = next((one for one in self.all if name in (one.ref, one.agent_session_id)), None)
        if found is None:
            raise UserError("There is no such session any more.")
        return found

    async def said(self, key: SessionKey) -> Sequence[Turn]:
        return tuple(self.turns)

    async def text(self, key: SessionKey, name: str) -> tuple[PastSession, str]:
        return await self.find(key, name), self.words

    async def delete(self, key: SessionKey, name: str) -> PastSession:
        one = await self.find(key, name)
        if one.state != "former":
            raise UserError("This room is in that session.")
        self.all.remove(one)
        self.deleted.append(one.agent_session_id)
        return one


@dataclass
class FakeAsides:
    """A `bot.commands.past_rooms.SideQuestions`."""

    answer: str = "forty-two"
    failure: Exception | None = None
    asked: list[Prompt] = field(default_factory=list)

    async def ask(self, key: SessionKey, asked: Prompt) -> str:
        self.asked.append(asked)
        if self.failure is not None:
            raise self.failure
        return self.answer
