"""Turns with attachments, for tests of what is downloaded for them."""

from datetime import UTC, datetime

from sessions.keys import TurnId, session_key
from sessions.store.values import Attachment, ChatAddress, Kind, Origin, Prompt, Turn, TurnState


def turn_with(*files: Attachment) -> Turn:
    return Turn(
        id=TurnId(7),
        key=session_key("room"),
        kind=Kind.PROMPT,
        origin=Origin.HUMAN,
        state=TurnState.RUNNING,
        attempt=1,
        generation=0,
        address=ChatAddress(platform="discord", channel_id="1", message_id="50"),
        prompt=Prompt(text="hi", attachments=files),
        created=datetime(2030, 1, 1, tzinfo=UTC),
    )


def file(url: str, name: str = "notes.txt", size_bytes: int = 5) -> Attachment:
    return Attachment(id="1", name=name, url=url, size_bytes=size_bytes)
