"""What a message says beyond its own text: forwards, stickers and polls as text, files with their kind."""

from collections.abc import Mapping
from typing import Any

import discord
import pytest

from bot.chat_discord.message_text import attachments, beyond, quoted

STICKER = {"id": "5", "name": "Wave\u202e\n hello", "format_type": 1}
POLL = {
    "question": {"text": "Tabs or\nspaces?"},
    "answers": [
        {"answer_id": 1, "poll_media": {"text": "Tabs", "emoji": {"id": None, "name": "👍"}}},
        {"answer_id": 2, "poll_media": {"text": "Spaces"}},
    ],
    "expiry": "2030-01-02T00:00:00+00:00",
    "allow_multiselect": True,
    "layout_type": 1,
    "results": {
        "is_finalized": False,
        "answer_counts": [{"id": 1, "count": 3, "me_voted": False}],
    },
}


def attached(number: int, name: str = "a.txt", **more: object) -> dict[str, object]:
    url = f"https://cdn.discordapp.com/{number}"
    return {"id": str(number), "filename": name, "size": 3, "url": url, "proxy_url": url, **more}


def snapshot(**more: object) -> dict[str, object]:
    shown: dict[str, object] = {
        "type": 0,
        "content": "",
        "embeds": [],
        "attachments": [],
        "timestamp": "2030-01-01T00:00:00+00:00",
        "edited_timestamp": None,
    }
    return {"message": {**shown, **more}}


def message(**more: object) -> discord.Message:
    """Return a message as discord.py makes it of what the gateway tells."""
    payload: Mapping[str, object] = {
        "id": "1",
        "channel_id": "2",
        "type": 0,
        "author": {"id": "3", "username": "ann", "discriminator": "0", "avatar": None},
        "content": "",
        "timestamp": "2030-01-01T00:00:00+00:00",
        "edited_timestamp": None,
        "tts": False,
        "pinned": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "embeds": [],
        "attachments": [],
        **more,
    }
    state = discord.Client(intents=discord.Intents.none())._connection
    channel: Any = discord.PartialMessageable(state=state, id=2)
    return discord.Message(state=state, channel=channel, data=payload)  # type: ignore[arg-type]


def test_a_plain_message_says_nothing_more() -> None:
    assert beyond(message(content="hi")) == []
    assert quoted(message(content="hi")) == "hi"


def test_stickers_and_polls_are_text() -> None:
    assert beyond(message(sticker_items=[STICKER])) == ["[sticker: Wave hello]"]
    assert beyond(message(poll=POLL)) == [
        "[poll, several answers allowed: Tabs or spaces?]\n- 👍 Tabs (3 votes)\n- Spaces"
    ]


def test_what_is_forwarded_is_quoted_with_its_stickers_and_its_files_come_along() -> None:
    forward = message(
        message_snapshots=[
            snapshot(content="one\ntwo", sticker_items=[STICKER], attachments=[attached(8)]),
            snapshot(attachments=[attached(9)]),
        ],
        attachments=[attached(7)],
    )
    assert beyond(forward) == ["Forwarded message:\n> one\n> two\n> [sticker: Wave hello]"]
    assert [file.id for file in attachments(forward)] == ["7", "8", "9"]


def test_what_is_replied_to_is_quoted_with_the_names_of_its_files() -> None:
    said = message(sticker_items=[STICKER], attachments=[attached(7, "plot\n.png")])
    assert quoted(said) == "[sticker: Wave hello]\n[file: plot .png]"


@pytest.mark.parametrize(
    ("more", "is_voice"),
    [({"duration_secs": 1.5, "waveform": "AAAA"}, True), ({"duration_secs": 1.5}, False), ({}, False)],
)
def test_a_voice_message_is_told_from_an_audio_file(more: dict[str, object], is_voice: bool) -> None:
    [file] = attachments(message(attachments=[attached(7, "voice-message.ogg", **more)]))
    assert file.voice is is_voice
