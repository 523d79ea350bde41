"""What a message of Discord's says, in words of no platform: stickers and polls as well."""

from typing import Any, cast

import discord
import pytest

from bot.chat_discord.address import incoming

ME = 50
PLAIN: dict[str, Any] = {
    "id": "100",
    "channel_id": "20",
    "author": {"id": "7", "username": "ann", "discriminator": "0", "avatar": None, "global_name": "ann"},
    "content": "",
    "type": 0,
    "timestamp": "2026-01-01T00:00:00+00:00",
    "edited_timestamp": None,
    "tts": False,
    "mention_everyone": False,
    "mentions": [],
    "mention_roles": [],
    "attachments": [],
    "embeds": [],
    "pinned": False,
}
STICKER = {"id": "5", "name": "wave", "format_type": 1}
POLL = {
    "question": {"text": "Lunch?"},
    "answers": [
        {"answer_id": 1, "poll_media": {"text": "soup"}},
        {"answer_id": 2, "poll_media": {"text": "salad"}},
    ],
    "expiry": "2026-01-02T00:00:00+00:00",
    "allow_multiselect": False,
    "layout_type": 1,
    "results": {"answer_counts": [], "is_finalized": False},
}


async def message(**more: Any) -> discord.Message:
    """Return a message as discord.py makes it of Discord's JSON, in a channel that it does not know."""
    client = discord.Client(intents=discord.Intents.none())
    channel = client.get_partial_messageable(20, guild_id=1)
    state = cast("Any", client)._connection
    return discord.Message(state=state, channel=channel, data=cast("Any", {**PLAIN, **more}))


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"content": "hello"}, "hello"),
        ({"sticker_items": [STICKER]}, "[sticker: wave]"),
        ({"content": "hi", "sticker_items": [STICKER]}, "hi\n\n[sticker: wave]"),
        ({"poll": POLL}, "[poll: Lunch?]\n- soup\n- salad"),
        ({}, ""),
    ],
)
async def test_stickers_and_polls_are_read_as_text(more: dict[str, Any], text: str) -> None:
    me = cast("Any", discord.Object(ME))
    assert incoming(await message(**more), me).text == text


async def test_where_no_threads_are_known_none_is_opened() -> None:
    me = cast("Any", discord.Object(ME))
    assert incoming(await message(content="hello"), me).threads == "none"
