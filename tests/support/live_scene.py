"""A live reply on a chat in memory, with a clock that the test moves."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from bot.live_reply import LiveReply
from bot.open_asks import OpenAsks
from sessions.errors import StateError
from sessions.events import PermissionAsk, TurnDone
from sessions.store.values import Piece, Turn
from sessions.turn import LiveNote, Outcome
from tests.support.clocks import SetClock
from tests.support.ports import FakePort, settled
from tests.support.store_values import running_turn

DONE = TurnDone(status="ok", agent_session_id="s", text="one two")
OK = Outcome(status="ok", text="one two")
ASK = PermissionAsk(id="a1", tool="Bash", title="ls", arguments={"command": "ls"})


def turn(attempt: int = 1, **more: Any) -> Turn:
    return running_turn("fake", attempt=attempt, **more)


class Scene:
    """A reply on a chat in memory, with a clock that the test moves."""

    def __init__(self, port: FakePort, attempt: int = 1) -> None:
        self.port = port
        self.clock = SetClock()
        self.asks = OpenAsks()
        self.notes: list[LiveNote] = []
        self.store_error: StateError | None = None
        self.reply = LiveReply(
            port=port,
            turn=turn(attempt),
            note=self._note,
            asks=self.asks,
            clock=self.clock,
            nonce=lambda part: f"nonce{part}",
            ask_limit_s=600,
        )

    @property
    def noted(self) -> list[str]:
        return [note.message_id for note in self.notes if note.message_id is not None]

    async def _note(self, live: LiveNote) -> None:
        if self.store_error is not None:
            raise self.store_error
        self.notes.append(live)

    async def pass_s(self, seconds: float) -> None:
        self.clock.pass_s(seconds)
        await settled()


@asynccontextmanager
async def scene(port: FakePort | None = None) -> AsyncGenerator[Scene]:
    made = Scene(port or FakePort())
    async with made.reply:
        await settled()
        yield made


def deleted(*pieces: Piece) -> list[str | None]:
    return [piece.target_id for piece in pieces if piece.action == "delete"]
