"""Short ways to say what goes into a store and comes out of it."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sessions.keys import SessionKey, TurnId, session_key
from sessions.records import FormerSession, SessionRecord
from sessions.store.values import (
    ChatAddress,
    Inbound,
    Kind,
    Origin,
    Piece,
    Prompt,
    Turn,
    TurnResult,
    TurnState,
)

ROOM = session_key("room")
OTHER = session_key("other")
SOME_TIME = datetime(2030, 1, 1, tzinfo=UTC)


def inbound(msg_id: int, key: SessionKey = ROOM, text: str = "hello", **more: Any) -> Inbound:
    address = ChatAddress(platform="chat", channel_id=f"c-{key}", message_id=str(msg_id))
    row = Inbound(source="chat", msg_id=msg_id, key=key, address=address, prompt=Prompt(text=text))
    return replace(row, **more)


def notice(msg_id: int, key: SessionKey = ROOM) -> Inbound:
    return inbound(msg_id, key, "", kind=Kind.NOTICE, source="roomkey")


def piece(body: str, channel_id: str = "c-room", **more: Any) -> Piece:
    return Piece(channel_id=channel_id, body=body, **more)


def result(turn: TurnId, *bodies: str, state: TurnState = TurnState.DONE, **more: Any) -> TurnResult:
    return TurnResult(turn=turn, state=state, pieces=tuple(piece(body) for body in bodies), **more)


def record(key: SessionKey = ROOM, **more: Any) -> SessionRecord:
    row = SessionRecord(
        key=key,
        vendor="scripted",
        agent_session_id=f"id-of-{key}",
        workdir=Path("/rooms", key, "work"),
        memory_dir=Path("/rooms", key, "memory"),
        created=SOME_TIME,
        last_used=SOME_TIME,
    )
    return replace(row, **more)


def former(agent_session_id: str, key: SessionKey = ROOM, **more: Any) -> FormerSession:
    row = FormerSession(
        key=key,
        vendor="scripted",
        agent_session_id=agent_session_id,
        workdir=Path("/rooms", key, "work"),
        created=SOME_TIME,
        ended=SOME_TIME,
        reason="import",
    )
    return replace(row, **more)


def running_turn(platform: str = "chat", **more: Any) -> Turn:
    """Return a prompt that runs for the first time, as a store gives it."""
    row = Turn(
        id=TurnId(7),
        key=ROOM,
        kind=Kind.PROMPT,
        origin=Origin.HUMAN,
        state=TurnState.RUNNING,
        attempt=1,
        generation=0,
        address=ChatAddress(platform=platform, channel_id="1", message_id="50"),
        prompt=Prompt(text="hi"),
        created=SOME_TIME,
    )
    return replace(row, **more)
