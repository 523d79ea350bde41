"""What a person does is begun once, when its turn comes, and not waited for for ever."""

import asyncio
from collections.abc import Awaitable

import pytest

from bot.chat_discord import in_order
from bot.chat_discord.in_order import InOrder


def counted(begun: list[str]) -> InOrder[str]:
    def run() -> Awaitable[str]:
        begun.append("begun")
        return asyncio.sleep(0, "done")

    return InOrder(run)


async def test_it_is_begun_when_its_turn_comes_and_once() -> None:
    begun: list[str] = []
    one = counted(begun)
    waiting = asyncio.create_task(one.result())
    await asyncio.sleep(0)
    assert begun == []
    await one.begin()
    await one.begin()
    assert await waiting == "done"
    assert begun == ["begun"]


async def test_it_is_begun_at_last_if_its_turn_never_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_order, "_HELD_S", 0.01)
    begun: list[str] = []
    one = counted(begun)
    assert await one.result() == "done"
    await one.begin()
    assert begun == ["begun"]
