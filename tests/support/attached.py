"""Turns with attachments, for tests of what is downloaded for them."""

from sessions.store.values import Attachment, Prompt, Turn
from tests.support.store_values import running_turn


def turn_with(*files: Attachment) -> Turn:
    return running_turn("discord", prompt=Prompt(text="hi", attachments=files))


def file(url: str, name: str = "notes.txt", size_bytes: int = 5) -> Attachment:
    return Attachment(id="1", name=name, url=url, size_bytes=size_bytes)
