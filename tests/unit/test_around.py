"""Which prompts have something around them that is read."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import pytest

from bot.around import Around, Read
from bot.degraded import Degraded
from sessions.keys import session_key
from sessions.room_settings import RoomSettings
from sessions.store.said import Asker
from sessions.store.values import ChatAddress, Kind, Turn
from tests.support.clocks import SetClock
from tests.support.desk_rooms import turn
from tests.support.ports import FakePort


class NoReader:
    def may_read(self, channel_id: str) -> bool:
        raise AssertionError

    def may_see(self, channel_id: str, person_id: str, role_ids: Collection[str]) -> bool:
        raise AssertionError

    async def message(self, channel_id: str, message_id: str) -> Read | None:
        raise AssertionError

    async def starter(self, thread_id: str, parent_id: str) -> Read | None:
        raise AssertionError

    async def before(self, channel_id: str, message_id: str, most: int) -> Sequence[Read]:
        raise AssertionError


def around(reply_to: Any = "mention", history: int = 20) -> Around:
    store: Any = None
    return Around(
        reader=NoReader(),
        store=store,
        lacks=Degraded(FakePort(), SetClock(), lambda _: None),
        reply_to=lambda _: reply_to,
        room=lambda _: RoomSettings(history=history),
    )


def said(
    *, guild: str | None = "1", parent: str | None = None, message: str | None = "9", **more: Any
) -> Turn:
    one = turn(5)
    prompt = replace(
        one.prompt, author_id="7", asker=Asker(guild_id=guild, parent_id=parent), **more.pop("prompt", {})
    )
    address = ChatAddress(platform="chat", channel_id="20", message_id=message)
    return replace(one, key=session_key("20"), address=address, prompt=prompt, **more)


def test_history_belongs_to_mentions_in_guilds() -> None:
    assert around().wants(said())
    assert not around("all").wants(said())
    assert not around(history=0).wants(said())
    assert not around().wants(said(guild=None))
    assert not around().wants(said(message=None))


def test_a_starter_belongs_to_threads_but_for_its_own_turn_and_a_posts_first_message() -> None:
    assert around("all").wants(said(parent="3"))
    assert not around("all").wants(said(parent="3", message="20"))
    assert not around("all").wants(said(parent="3", said_in="3", message=None))


@pytest.mark.parametrize("kind", [Kind.RESET, Kind.CWD])
def test_a_command_has_nothing_around_it(kind: Kind) -> None:
    assert not around().wants(said(kind=kind))


def test_a_message_that_is_asked_about_is_always_read() -> None:
    assert around("all").wants(said(message=None, prompt={"about": "8"}))
