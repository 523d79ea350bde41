"""The thread that a fork goes on in: opened once, under a name that fits, or refused in a sentence."""

import pytest

from bot.chat import ChatRefused
from bot.forks import ForkThreads, place_name
from sessions.errors import UserError
from sessions.keys import session_key
from tests.support.desk_rooms import turn


class Port:
    """As much of a port as is asked for."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure
        self.names: list[str] = []

    async def open_thread(self, channel_id: str, name: str, *, message_id: str | None = None) -> str:
        if self.failure is not None:
            raise self.failure
        self.names.append(name)
        return "55"


async def test_a_thread_is_opened_where_it_was_asked_for() -> None:
    port = Port()
    threads = ForkThreads({"chat": port})  # type: ignore[dict-item]
    assert await threads(turn(1), "  another\nway ") == (session_key("55"), "55")
    await threads(turn(1), "w" * 300)
    await threads(turn(1), " ")
    assert [len(name) for name in port.names] == [11, 90, 4]


async def test_what_the_chat_refuses_is_said_with_what_helps() -> None:
    with pytest.raises(UserError, match="create public"):
        await ForkThreads({"chat": Port(ChatRefused("no"))})(turn(1), "x")  # type: ignore[dict-item]
    with pytest.raises(UserError, match="no threads here"):
        await ForkThreads({})(turn(1), "x")


def test_a_room_is_called_by_its_channel() -> None:
    assert place_name(session_key("55")) == "<#55>"
    assert place_name(session_key("default")) == "the room `default`"
