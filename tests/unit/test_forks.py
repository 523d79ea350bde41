"""The thread that a fork goes on in: opened once, under a name that fits, or refused in a sentence."""

import asyncio

import pytest

from bot.chat import ChatError, ChatRefused, NotPermitted, TooManyThreads
from bot.forks import ForkThreads, place_name
from sessions.errors import StateError, UserError
from sessions.keys import SessionKey, session_key
from tests.support.desk_rooms import turn
from tests.support.ports import FakePort


async def nobody_is_in(_thread: SessionKey) -> bool:
    return True


async def everybody_is_in(_thread: SessionKey) -> bool:
    return False


@pytest.fixture
def port() -> FakePort:
    return FakePort()


@pytest.fixture
def threads(port: FakePort) -> ForkThreads:
    return ForkThreads({"chat": port})


async def test_a_thread_is_opened_where_it_was_asked_for(port: FakePort, threads: ForkThreads) -> None:
    key, channel = await threads(turn(1), "  another\nway ", nobody_is_in, False)
    assert (key, port.threads[channel]) == (session_key(channel), "another way")
    await threads(turn(1), "w" * 300, nobody_is_in, False)
    await threads(turn(1), " ", nobody_is_in, False)
    assert [len(name) for name in port.threads.values()] == [11, 90, 4]
    assert port.asked("find_threads") == []


async def test_a_turn_that_has_begun_before_takes_the_thread_that_it_left(
    port: FakePort, threads: ForkThreads
) -> None:
    _, left = await threads(turn(1), "idea", nobody_is_in, False)
    assert await threads(turn(1), "idea", nobody_is_in, True) == (session_key(left), left)
    _, other = await threads(turn(1), "other", nobody_is_in, True)
    _, again = await threads(turn(1), "idea", everybody_is_in, True)
    assert len({left, other, again}) == len(port.threads) == 3
    port.faults = {"find_threads": [ChatRefused("no history here")]}
    await threads(turn(1), "idea", nobody_is_in, True)
    assert len(port.threads) == 4


async def test_while_nobody_knows_whether_a_thread_was_left_none_is_opened(
    port: FakePort, threads: ForkThreads
) -> None:
    await threads(turn(1), "idea", nobody_is_in, False)
    port.faults = {"find_threads": [ChatError("down")]}
    with pytest.raises(UserError, match="in trouble"):
        await threads(turn(1), "idea", nobody_is_in, True)
    assert len(port.threads) == 1


async def test_a_thread_whose_answer_got_lost_is_not_opened_twice(
    port: FakePort, threads: ForkThreads
) -> None:
    port.faults = {"opened": [ChatError("cut off")]}
    key, _ = await threads(turn(1), "idea", nobody_is_in, False)
    assert list(port.threads) == [str(key)]


async def test_what_the_chat_refuses_is_said_with_what_helps(port: FakePort, threads: ForkThreads) -> None:
    for refusal, words in (
        (NotPermitted("no"), "Create Public Threads"),
        (TooManyThreads("full"), "Close or delete some"),
        (ChatRefused("no"), "ordinary text channel"),
        (ChatError("down"), "in trouble"),
    ):
        port.faults = {"open_thread": [refusal]}
        with pytest.raises(UserError, match=words):
            await threads(turn(1), "x", nobody_is_in, False)
    with pytest.raises(UserError, match="no threads here"):
        await ForkThreads({})(turn(1), "x", nobody_is_in, False)


async def test_a_title_that_cannot_be_remembered_costs_no_thread(port: FakePort) -> None:
    async def broken(_thread: str, _name: str) -> None:
        raise StateError

    threads = ForkThreads({"chat": port}, broken)
    async with asyncio.timeout(60):
        assert (await threads(turn(1), "fork", nobody_is_in, False))[1] in port.threads


def test_a_room_is_called_by_its_channel() -> None:
    assert place_name(session_key("55")) == "<#55>"
    assert place_name(session_key("default")) == "the room `default`"
