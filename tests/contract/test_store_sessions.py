"""What every store promises about sessions: changes, resets, imports."""

from pathlib import Path

import pytest

from sessions.errors import NoSuchSession
from sessions.records import Renewed, Used
from sessions.store import Store
from sessions.store.values import Take
from tests.support.clocks import SetClock
from tests.support.store_scenes import OWNER, bodies, ids, started
from tests.support.store_values import OTHER, ROOM, former, inbound, record, result


async def test_the_first_record_of_a_session_stays(store: Store) -> None:
    first = record(extra={"a": [1, None, "\0\ud800"]}, origin_key="agent:bob \ud800", resumable=False)
    assert await store.session(ROOM) is None
    assert await store.ensure_session(first) == first
    assert await store.ensure_session(record(agent_session_id="another")) == first
    assert await store.session(ROOM) == first
    await store.ensure_session(record(OTHER))
    assert await store.sessions() == [record(OTHER), first]


async def test_a_turn_changes_its_session(store: Store, clock: SetClock) -> None:
    await store.ensure_session(record())
    lease, turn = await started(store)
    clock.pass_s(5)
    used = Used(agent_session_id="moved", cost_usd=0.5, context_tokens=10, context_window=100)
    await store.accept(inbound(2))
    following = await store.next(lease, result(turn.id, change=used))
    assert following is not None
    await store.next(lease, result(following.id, change=Used(agent_session_id="moved")))
    assert await store.session(ROOM) == record(
        agent_session_id="moved",
        cost_usd=0.5,
        context_tokens=10,
        context_window=100,
        turn_count=2,
        last_used=clock.utc(),
    )


async def test_a_reset_archives_and_starts_anew(store: Store, clock: SetClock) -> None:
    await store.ensure_session(record(turn_count=3, cost_usd=1.0, context_tokens=5, resumable=False))
    lease, turn = await started(store)
    await store.accept(inbound(2, text="2"))
    await store.next(
        lease, result(turn.id, change=Renewed(agent_session_id="fresh", reason="reset")), Take.NONE
    )
    assert await store.session(ROOM) == record(
        agent_session_id="fresh", generation=1, created=clock.utc(), last_used=clock.utc()
    )
    assert await store.former_sessions(ROOM) == [
        former("id-of-room", reason="reset", ended=clock.utc(), turn_count=3)
    ]
    assert await ids(store) == [2]
    following = await store.next(lease)
    assert following is not None
    assert following.generation == 1


@pytest.mark.parametrize(
    "change", [Used(agent_session_id="late"), Renewed(agent_session_id="late", reason="lost")]
)
async def test_a_late_change_of_an_old_generation_is_dropped_and_its_words_are_not(
    store: Store, change: Used | Renewed
) -> None:
    await store.ensure_session(record())
    lease, turn = await started(store)
    fresh = await store.renew(lease, "fresh", "reset")
    await store.next(lease, result(turn.id, "late words", change=change))
    assert await store.session(ROOM) == fresh
    assert await bodies(store) == ["late words"]


async def test_a_turn_goes_on_in_the_conversation_that_replaces_a_lost_one(store: Store) -> None:
    await store.ensure_session(record())
    lease, turn = await started(store)
    await store.renew(lease, "fresh", "lost")
    await store.next(lease, result(turn.id, change=Used(agent_session_id="fresh", cost_usd=2.0)))
    session = await store.session(ROOM)
    assert session is not None
    assert (session.generation, session.turn_count, session.cost_usd) == (1, 1, 2.0)


async def test_former_sessions_come_newest_first(store: Store, clock: SetClock) -> None:
    await store.ensure_session(record())
    lease = await store.claim(ROOM, OWNER)
    for name in ("a", "b", "c"):
        clock.pass_s(1)
        await store.renew(lease, name, "reset")
    assert [one.agent_session_id for one in await store.former_sessions(ROOM)] == ["b", "a", "id-of-room"]
    assert await store.former_sessions(OTHER) == []


async def test_binding_changes_the_workdir_alone(store: Store) -> None:
    await store.ensure_session(record())
    bound = await store.bind(ROOM, Path("/elsewhere"))
    assert bound == record(workdir=Path("/elsewhere")) == await store.session(ROOM)


async def test_a_session_that_is_not_there_cannot_be_bound_nor_renewed(store: Store) -> None:
    with pytest.raises(NoSuchSession):
        await store.bind(ROOM, Path("/elsewhere"))
    with pytest.raises(NoSuchSession):
        await store.renew(await store.claim(ROOM, OWNER), "fresh", "reset")
    assert await store.former_sessions(ROOM) == []


async def test_an_import_keeps_what_is_there_and_can_be_repeated(store: Store) -> None:
    await store.ensure_session(record())
    incoming = [record(agent_session_id="imported"), record(OTHER)]
    left = [former("old"), former("id-of-room"), former("old", OTHER)]
    assert await store.import_sessions(incoming, left) == [ROOM]
    assert await store.import_sessions(incoming, left) == [ROOM, OTHER]
    assert await store.sessions() == [record(OTHER), record()]
    assert await store.former_sessions(ROOM) == [former("old")]
    assert await store.former_sessions(OTHER) == []


async def test_an_import_is_all_or_nothing(store: Store) -> None:
    with pytest.raises(Exception, match="UTF-8"):
        await store.import_sessions([record(), record(OTHER, workdir=Path("/\udcff"))], [])
    assert await store.sessions() == []
