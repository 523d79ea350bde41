"""What is kept of rooms whose place was deleted."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path

import pytest

from sessions.keys import session_key
from sessions.room_words import PLACES, Where
from sessions.store import Store, open_store
from sessions.tombstones import SCOPE, Tombstones, tombstones
from tests.support.clocks import SetClock
from tests.support.store_values import record


@pytest.fixture
async def store(tmp_path: Path) -> AsyncGenerator[Store]:
    opened = await open_store(tmp_path, SetClock())
    yield opened
    await opened.close()


async def test_a_room_with_a_session_gets_a_tombstone_and_another_none(store: Store) -> None:
    clock = SetClock()
    kept = await store.ensure_session(record(session_key("20")))
    await Tombstones(store, clock).bury(session_key("20"), "the lab\n\u202ex")
    await Tombstones(store, clock).bury(session_key("21"), "nobody spoke here")
    [stone] = await tombstones(store)
    assert (stone.key, stone.name, stone.deleted) == ("20", "the lab x", clock.utc())
    assert stone.record == kept


@pytest.mark.parametrize("names", [("", "idea"), ("idea", "")])
async def test_a_place_that_is_told_of_twice_keeps_its_name(store: Store, names: tuple[str, ...]) -> None:
    await store.ensure_session(record(session_key("20")))
    stones = Tombstones(store, SetClock())
    await asyncio.gather(*(stones.bury(session_key("20"), name) for name in names))
    [stone] = await tombstones(store)
    assert stone.name == "idea"


async def test_the_last_deleted_comes_first(store: Store) -> None:
    clock = SetClock()
    for key in map(session_key, ("20", "21", "22")):
        await store.ensure_session(record(key))
        await Tombstones(store, clock).bury(key, "")
        clock.pass_s(timedelta(minutes=1).total_seconds())
    assert [stone.key for stone in await tombstones(store)] == ["22", "21", "20"]
    assert [stone.key for stone in await tombstones(store, 2)] == ["22", "21"]


async def test_a_tombstone_knows_its_server_and_those_of_others_take_no_room_of_it(store: Store) -> None:
    clock = SetClock()
    for key, where in (("20", Where(server="1")), ("21", Where(server="2")), ("22", Where(server="2"))):
        await store.ensure_session(record(session_key(key)))
        await store.set_fact(PLACES, key, where.model_dump_json())
        await Tombstones(store, clock).bury(session_key(key), "")
        clock.pass_s(60)
    await store.ensure_session(record(session_key("23")))
    await Tombstones(store, clock).bury(session_key("23"), "")
    await store.set_fact(PLACES, "23", "{")
    assert [(one.key, one.server) for one in await tombstones(store, 1)] == [
        ("23", None),
        ("22", "2"),
        ("20", "1"),
    ]


async def test_a_tombstone_that_cannot_be_read_is_left_out(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    await store.ensure_session(record(session_key("20")))
    await store.set_fact(SCOPE, "20", "{")
    assert await tombstones(store) == []
    assert "a tombstone cannot be read" in caplog.text


async def test_the_threads_of_a_channel_are_found(store: Store) -> None:
    places = {"30": "20", "31": "21", "32": "20"}
    await asyncio.gather(
        *(
            store.set_fact(PLACES, key, Where(channel=channel, server="1").model_dump_json())
            for key, channel in places.items()
        ),
        store.set_fact(PLACES, "33", "{"),
    )
    below = await Tombstones(store, SetClock()).below("20")
    assert sorted(below) == ["30", "32"]


async def test_a_forgotten_room_leaves_no_tombstone(store: Store) -> None:
    await store.ensure_session(record(session_key("20")))
    await Tombstones(store, SetClock()).bury(session_key("20"), "a name")
    await store.upkeep.forget_room(session_key("20"))
    assert await store.facts(SCOPE) == {}
