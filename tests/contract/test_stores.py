"""What every store promises about facts, nonces and its own end. The rest is in test_store_*.py."""

from pathlib import Path
from uuid import uuid4

import pytest

from sessions.errors import StateError
from sessions.store import Store, open_store
from sessions.store.values import STORE_ID
from tests.support.clocks import SetClock
from tests.support.store_scenes import ids
from tests.support.store_values import ROOM, inbound, notice, piece


async def test_a_fact_is_what_was_said_last(store: Store) -> None:
    assert await store.get_fact("commands", "hash") is None
    await store.set_fact("commands", "hash", "a")
    await store.set_fact("commands", "hash", "b")
    assert await store.get_fact("commands", "hash") == "b"
    assert await store.get_fact("other", "hash") is None


async def test_the_facts_of_a_scope_are_given_by_name_and_no_others(store: Store) -> None:
    assert await store.facts("commands") == {}
    for scope, name, text in (("commands", "b", "1"), ("commands", "a", "2"), ("other", "a", "3")):
        store.set_fact(scope, name, text)  # in the order of the calls, whoever waits
    await store.set_fact("commands", "b", "4")
    assert dict(await store.facts("commands")) == {"a": "2", "b": "4"}


async def test_what_was_handed_in_is_there_after_closing(store: Store, kind: str, tmp_path: Path) -> None:
    tickets = [store.accept(inbound(number, text=str(number))) for number in range(100)]
    await store.close()
    await store.close()
    for ticket in tickets:
        assert (await ticket).new
    again = await open_store(tmp_path / "data", SetClock(), kind)
    assert await ids(again) == list(range(100))
    assert await again.get_fact(*STORE_ID) is not None
    await again.close()


async def test_a_closed_store_says_so(store: Store) -> None:
    await store.close()
    ticket = store.accept(inbound(1))
    with pytest.raises(StateError, match="closed"):
        await ticket
    with pytest.raises(StateError, match="closed"):
        await store.lane(ROOM)


async def test_two_stores_never_give_the_same_nonce(kind: str, tmp_path: Path) -> None:
    nonces: set[str] = set()
    for name in ("one", "two"):
        opened = await open_store(tmp_path / name, SetClock(), kind)
        await opened.post(notice(1), [piece("a")])
        (row,) = await opened.outbox_due("chat", 1)
        nonces.add(row.nonce)
        await opened.close()
    assert len(nonces) == 2


async def test_an_owner_may_be_any_uuid(store: Store) -> None:
    owner = uuid4()
    first, second = await store.claim(ROOM, owner), await store.claim(ROOM, owner)
    assert second.epoch > first.epoch
