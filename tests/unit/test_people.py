"""The people in force: a change holds at once, what cannot be stored changes nothing, all is written down."""

import asyncio
import logging

import pytest

from bot.access import Allow, Deny, Rules, Tier
from bot.chat import Person, Place
from bot.pairing import Pairing, Tried
from bot.people import People
from sessions.errors import NotAllowed, StateError
from sessions.store.people import AuditEntry, Grant
from tests.support.clocks import SetClock
from tests.support.people import KeptPeople, people

HERE = Place(platform="chat", channel_id="5", guild_id="1")
ANN, EVE = Person(id="7", name="ann"), Person(id="9", name="eve")
BOT = Person(id="60", name="other", is_bot=True)


def grant(one: str, standing: str = "user", place: str = "5") -> Grant:
    return Grant(
        platform="chat",
        kind="user",
        id=one,
        standing=standing,  # type: ignore[arg-type]
        place=place,
        guild="1" if place else "",
        given_by="7",
    )


async def test_a_grant_holds_at_once_and_after_a_restart() -> None:
    store = KeptPeople()
    it = people(Rules(owners=frozenset("7")), store)
    assert isinstance(it.authorize("message", EVE, HERE, Tier.USER), Deny)
    await it.grant(grant("9"), "allow")
    assert isinstance(it.authorize("message", EVE, HERE, Tier.USER), Allow)
    again = people(Rules(owners=frozenset("7")), store)
    await again.load()
    assert again.rules == it.rules
    await again.grant(grant("9", "none"), "deny")
    assert isinstance(again.authorize("message", EVE, HERE, Tier.USER), Deny)


async def test_what_cannot_be_stored_changes_nothing() -> None:
    store = KeptPeople()
    it = people(Rules(owners=frozenset("7")), store)
    store.failure = StateError("the disk is full")
    with pytest.raises(StateError):
        await it.grant(grant("9"), "allow")
    assert not it.grants
    assert isinstance(it.authorize("message", EVE, HERE, Tier.USER), Deny)


async def test_changes_at_the_same_time_are_all_in_force() -> None:
    it = people(Rules(owners=frozenset("7")))
    async with asyncio.TaskGroup() as tasks:
        for number in range(20):
            tasks.create_task(it.grant(grant(str(100 + number)), "allow"))
    assert len(it.grants) == 20


async def test_every_change_is_an_audit_entry_and_one_line(caplog: pytest.LogCaptureFixture) -> None:
    store = KeptPeople()
    it = people(Rules(owners=frozenset("7")), store)
    with caplog.at_level(logging.INFO, "audit"):
        await it.grant(grant("9", "operator"), "allow")
        await it.grant(grant("9", "none", ""), "deny")
        await it.note(ANN, "reset", "room 5")
    assert store.entries == [
        AuditEntry(platform="chat", actor="7", action="allow", target="user 9", detail="operator in 5"),
        AuditEntry(platform="chat", actor="7", action="deny", target="user 9", detail="none everywhere"),
        AuditEntry(platform="chat", actor="7", action="reset", target="room 5"),
    ]
    said = [record for record in caplog.records if record.name == "audit"]
    assert [record.getMessage() for record in said] == ["allow", "deny", "reset"]
    assert vars(said[0])["target"] == "user 9"


async def test_an_entry_that_cannot_be_stored_is_in_the_log_at_least(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = KeptPeople()
    store.failure = StateError("the disk is full")
    with caplog.at_level(logging.INFO):
        await people(store=store).note(ANN, "reset")
    assert [record.getMessage() for record in caplog.records] == ["reset", "an audit entry was not stored"]


async def test_without_an_owner_the_pairing_opens_and_with_one_it_does_not() -> None:
    alone = people(Rules(guilds=frozenset("1")))
    await alone.load()
    assert alone.can_pair
    for listed, store in ((Rules(owners=frozenset("7")), KeptPeople()), (Rules(), await paired())):
        owned = people(listed, store)
        await owned.load()
        assert not owned.can_pair


async def paired() -> KeptPeople:
    store = KeptPeople()
    await people(store=store).own(ANN)
    return store


async def test_who_gives_the_code_owns_the_bot_once(caplog: pytest.LogCaptureFixture) -> None:
    store = KeptPeople()
    it = people(store=store)
    await it.load()
    code = vars(caplog.records[-1])["code"]
    assert it.try_code(EVE, "AAAA-AAAA") is Tried.WRONG
    assert it.try_code(BOT, code) is Tried.CLOSED
    assert it.try_code(ANN, code) is Tried.RIGHT
    async with asyncio.TaskGroup() as tasks:  # two who read it at the same time
        tries = [tasks.create_task(it.own(one)) for one in (ANN, EVE)]
    assert [one.result() for one in tries] == [True, False]
    assert it.rules.owners == {"7"}
    assert it.try_code(EVE, code) is Tried.CLOSED
    assert [entry.action for entry in store.entries] == ["pair"]


async def test_an_owner_who_could_not_be_stored_may_try_again() -> None:
    store, pairing = KeptPeople(), Pairing(SetClock())
    it = People(Rules(), store, "chat", pairing)
    await it.load()
    store.failure = StateError("the disk is full")
    with pytest.raises(StateError):
        await it.own(ANN)
    assert it.can_pair
    assert not it.rules.owners
    store.failure = None
    assert await it.own(ANN)


def test_what_is_refused_is_counted_by_its_way_in() -> None:
    it = people(Rules(users=frozenset("7")))
    for ingress in ("message", "message", "click"):
        it.authorize(ingress, EVE, HERE, Tier.USER)
    it.authorize("message", ANN, HERE, Tier.USER)
    assert dict(it.refused) == {"message": 2, "click": 1}


def test_of_who_asks_the_place_and_all_roles_are_remembered() -> None:
    it = people(Rules(roles=frozenset({"70", "71"})))
    ben = Person(id="8", name="ben", role_ids=frozenset({"1", "71", "70"}))
    thread = Place(platform="chat", channel_id="51", guild_id="1", parent_id="5")
    asker = it.asker(ben, thread)
    assert (asker.role_ids, asker.guild_id, asker.parent_id) == (("1", "70", "71"), "1", "5")


async def test_who_is_no_owner_any_more_changes_nothing_however_close_the_two_are() -> None:
    store = KeptPeople()
    paired = Grant(platform="chat", kind="user", id="8", standing="owner", given_by="8")
    store.granted = [paired]
    it = people(Rules(owners=frozenset("7")), store)
    await it.load()
    dethroned = Grant(platform="chat", kind="user", id="8", standing="none", given_by="7")
    by_them = Grant(platform="chat", kind="user", id="9", standing="operator", given_by="8")
    done = await asyncio.gather(
        it.grant(dethroned, "deny"), it.grant(by_them, "allow"), return_exceptions=True
    )
    assert done[0] is None
    assert isinstance(done[1], NotAllowed)
    assert [one.id for one in it.grants] == ["8"]
    assert isinstance(it.authorize("message", EVE, HERE, Tier.USER), Deny)
