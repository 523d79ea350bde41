"""What every store promises about grants and the audit log: the same cases for all, and for the double."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.people import applied
from sessions.store import STORES, open_store
from sessions.store.people import AuditEntry, Grant, PeopleStore
from tests.support.clocks import SetClock
from tests.support.people import KeptPeople

ENTRY = AuditEntry(platform="chat", actor="1", action="allow", target="user 7", detail="user in 5")


@pytest.fixture(params=[*STORES, "kept"])
async def store(
    request: pytest.FixtureRequest, tmp_path: Path, clock: SetClock
) -> AsyncIterator[PeopleStore]:
    if request.param == "kept":
        yield KeptPeople()
    else:
        opened = await open_store(tmp_path / "data", clock, request.param)
        yield opened.people
        await opened.close()


def grant(standing: Any = "user", place: str = "5", guild: str = "1", **more: Any) -> Grant:
    made = Grant(
        platform="chat", kind="user", id="7", standing=standing, place=place, guild=guild, given_by="1"
    )
    return replace(made, **more)


async def granted(store: PeopleStore) -> set[tuple[str, str, str, str]]:
    return {(one.kind, one.id, one.place, one.standing) for one in await store.grants("chat")}


async def test_a_grant_is_there_with_its_audit_entry(store: PeopleStore) -> None:
    await store.grant(grant(), ENTRY)
    assert list(await store.grants("chat")) == [grant()]
    assert [replace(one, at=None) for one in await store.audit(10)] == [ENTRY]


async def test_a_grant_takes_the_place_of_the_one_before(store: PeopleStore) -> None:
    await store.grant(grant(), ENTRY)
    await store.grant(grant("operator", given_by="2"), ENTRY)
    assert list(await store.grants("chat")) == [grant("operator", given_by="2")]
    assert len(await store.audit(10)) == 2


async def test_places_subjects_and_platforms_are_kept_apart(store: PeopleStore) -> None:
    for one in (grant(), grant(place="6"), grant(kind="role"), grant(id="8"), grant(platform="other")):
        await store.grant(one, ENTRY)
    assert await granted(store) == {
        ("user", "7", "5", "user"),
        ("user", "7", "6", "user"),
        ("role", "7", "5", "user"),
        ("user", "8", "5", "user"),
    }
    assert len(await store.grants("other")) == 1


@pytest.mark.parametrize(
    ("denied", "left"),
    [
        (grant("none", "5"), {"1", "", "6", "22"}),
        (grant("none", "1"), {"", "22"}),
        (grant("none", "", ""), set()),
    ],
)
async def test_what_is_denied_in_a_place_is_denied_in_all_of_it(
    store: PeopleStore, denied: Grant, left: set[str]
) -> None:
    for one in (grant(), grant(place="6"), grant(place="1"), grant(place="", guild="")):
        await store.grant(one, ENTRY)
    await store.grant(grant("operator", place="22", guild="2"), ENTRY)
    await store.grant(grant(id="8"), ENTRY)
    await store.grant(denied, ENTRY)
    found = await granted(store)
    assert ("user", "7", denied.place, "none") in found
    assert ("user", "8", "5", "user") in found
    assert {place for _, one, place, standing in found if one == "7" and standing != "none"} == left


async def test_there_is_one_first_owner(store: PeopleStore) -> None:
    first, second = grant("owner", "", ""), grant("owner", "", "", id="8")
    assert await store.pair(first, ENTRY)
    assert not await store.pair(second, ENTRY)
    assert not await store.pair(first, ENTRY)
    assert await granted(store) == {("user", "7", "", "owner")}
    assert len(await store.audit(10)) == 1


async def test_an_owner_who_is_denied_makes_room_for_another(store: PeopleStore) -> None:
    assert await store.pair(grant("owner", "", ""), ENTRY)
    await store.grant(grant("none", "", ""), ENTRY)
    assert await store.pair(grant("owner", "", "", id="8"), ENTRY)


async def test_the_audit_log_tells_the_newest_first(store: PeopleStore) -> None:
    for number in range(5):
        await store.note(replace(ENTRY, detail=str(number)))
    assert [one.detail for one in await store.audit(3)] == ["4", "3", "2"]


async def test_a_lone_surrogate_breaks_nothing(store: PeopleStore) -> None:
    await store.note(replace(ENTRY, detail="\ud800x"))
    assert (await store.audit(1))[0].detail in ("?x", "\ud800x")


async def test_grants_and_entries_outlive_a_restart(tmp_path: Path, clock: SetClock) -> None:
    opened = await open_store(tmp_path / "data", clock)
    await opened.people.grant(grant(), ENTRY)
    await opened.close()
    again = await open_store(tmp_path / "data", clock)
    assert list(await again.people.grants("chat")) == [grant()]
    assert list(await again.people.audit(10)) == [replace(ENTRY, at=clock.utc())]
    await again.close()


async def test_a_grant_and_its_entry_are_one_transaction(tmp_path: Path, clock: SetClock) -> None:
    opened = await open_store(tmp_path / "data", clock)
    broken = replace(ENTRY, target=None)  # type: ignore[arg-type]
    for change in (opened.people.grant(grant(), broken), opened.people.pair(grant("owner", "", ""), broken)):
        with pytest.raises(AttributeError):
            await change
    assert not await opened.people.grants("chat")
    assert not await opened.people.audit(10)
    await opened.close()


PLACES = st.sampled_from([("5", "1"), ("6", "1"), ("1", "1"), ("22", "2"), ("2", "2"), ("", "")])
GRANTS = st.builds(
    lambda kind, one, standing, where: grant(standing, *where, kind=kind, id=one),
    st.sampled_from(["user", "role"]),
    st.sampled_from(["7", "8"]),
    st.sampled_from(["none", "user", "operator"]),
    PLACES,
)


@settings(max_examples=30, deadline=None)
@given(changes=st.lists(GRANTS, max_size=12))
async def test_what_is_in_force_is_what_a_restart_would_find(
    tmp_path_factory: pytest.TempPathFactory, changes: list[Grant]
) -> None:
    opened = await open_store(tmp_path_factory.mktemp("data"), SetClock())
    held: tuple[Grant, ...] = ()
    for change in changes:
        await opened.people.grant(change, ENTRY)
        held = tuple(applied(held, change))
    assert set(held) == set(await opened.people.grants("chat"))
    await opened.close()
