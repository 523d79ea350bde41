"""Answers to interactions: what a private message becomes always fits one."""

from types import SimpleNamespace
from typing import Any, cast

from bot.chat_discord.answering import become
from bot.said import Said
from sessions.redaction import Redactor


async def test_what_a_private_message_becomes_fits_a_message() -> None:
    """Discord refuses a longer one, and the person would be left with the old."""
    became: list[str] = []

    async def edit(*, content: str, **_given: Any) -> None:
        became.append(content)

    interaction = SimpleNamespace(client=SimpleNamespace(redactor=Redactor()), edit_original_response=edit)
    await become(cast("Any", interaction), Said("\U0001f600 words\n" * 400))
    [content] = became
    assert 1000 < len(content.encode("utf-16-le")) // 2 <= 2000
