"""What every store promises about pruning: what is forgotten with time, and what never."""

from datetime import timedelta

from sessions.keys import session_key
from sessions.store import Store
from sessions.store.values import Take, TurnState
from tests.support.clocks import SetClock
from tests.support.store_scenes import bodies, cut_off, started, state_of
from tests.support.store_values import ROOM, inbound, notice, piece, record, result


async def test_what_ended_long_ago_is_forgotten_and_what_waits_is_not(store: Store, clock: SetClock) -> None:
    lease, answered = await started(store, 1)
    taken = (await store.accept(inbound(2))).turn
    await store.merge(lease, taken, answered.id)
    await store.next(lease, result(answered.id, "sent"), Take.NONE)
    assert await bodies(store) == ["sent"]
    await store.post(notice(1), [piece("not sent")])
    await store.decline("chat", "c-room", 3, "no")
    await store.ensure_session(record())
    asked = await cut_off(store, 4)
    waiting = (await store.accept(inbound(5, cursor="c-room"))).turn
    clock.pass_s(60)
    newer = (await store.accept(inbound(6))).turn
    await store.cancel(ROOM, newer)
    await store.decline("chat", "c-room", 7, "no")

    # The answered turn, its piece, what it took along, and the declined message.
    assert await store.upkeep.prune_others((), clock.utc()) == 4
    assert await store.upkeep.prune_others((), clock.utc()) == 0
    for number, kept in ((1, False), (2, False), (3, False), (4, True), (5, True), (6, True), (7, True)):
        assert (await store.fate("chat", number) is not None) == kept, number
    assert await state_of(store, asked.id) == TurnState.INTERRUPTED
    assert await state_of(store, waiting) == TurnState.QUEUED
    assert await bodies(store) == ["not sent"]
    assert await store.session(ROOM) is not None
    assert await store.cursors("chat") == {"c-room": 7, "": 7}


async def test_what_a_running_turn_took_along_is_kept_with_it(store: Store, clock: SetClock) -> None:
    lease, running = await started(store)
    await store.merge(lease, (await store.accept(inbound(2))).turn, running.id)
    await store.accept(inbound(3))
    clock.pass_s(60)
    assert await store.upkeep.prune_others((), clock.utc()) == 0
    assert len(await store.merged(running.id)) == 1


async def test_a_number_is_never_given_twice(store: Store, clock: SetClock) -> None:
    lease, turn = await started(store)
    await store.next(lease, result(turn.id))
    clock.pass_s(60)
    await store.upkeep.prune_others((), clock.utc())
    assert (await store.accept(inbound(2))).turn > turn.id


async def test_facts_about_titles_go_once_they_are_given_or_nobody_speaks_there(
    store: Store, clock: SetClock
) -> None:
    """Issue 5: one was kept for each thread for ever."""
    old, other = session_key("old"), session_key("other")
    for key in (old, other):
        await store.ensure_session(record(key))
    for name, text in (("given", ""), ("old", "New thread"), ("other", "fork"), ("nobody", "fork")):
        await store.set_fact("untitled", name, text)
    await store.set_fact("settings", "given", "")
    before = record().last_used
    assert await store.upkeep.prune_others((other,), before) == 2  # `given` and `nobody`
    assert await store.facts("untitled") == {"old": "New thread", "other": "fork"}
    assert await store.upkeep.prune_others((other,), before + timedelta(seconds=1)) == 1
    assert await store.facts("untitled") == {"other": "fork"}
    assert await store.upkeep.prune_room(other, before + timedelta(seconds=1)) == 1
    assert await store.facts("untitled") == {}
    assert await store.facts("settings") == {"given": ""}


async def test_what_a_fork_began_with_is_known_as_long_as_its_turn(store: Store, clock: SetClock) -> None:
    lease, turn = await started(store)
    await store.set_fact("forks", str(turn.id), "an id")
    await store.next(lease, result(turn.id))
    await store.accept(inbound(2))
    assert await store.upkeep.prune_others((), clock.utc()) == 0
    clock.pass_s(60)
    assert await store.upkeep.prune_others((), clock.utc()) == 2
    assert await store.facts("forks") == {}
