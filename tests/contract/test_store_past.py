"""What every store must know of a room's past, over `STORES`: names, costs, what was said."""

from pathlib import Path

from sessions.records import Renewed, Resumed, Used
from sessions.store import Store
from sessions.store.past import Trouble, Words
from sessions.store.values import Kind, Lease, Take, Turn, TurnState
from tests.support.clocks import SetClock
from tests.support.store_scenes import taken
from tests.support.store_values import OTHER, ROOM, SOME_TIME, former, inbound, record, result


async def started(store: Store, msg_id: int = 1, lease: Lease | None = None) -> tuple[Lease, Turn]:
    await store.accept(inbound(msg_id, text=f"text {msg_id}"))
    return await taken(store, ROOM, lease)


async def test_a_session_is_called_by_its_first_words_until_somebody_names_it(store: Store) -> None:
    await store.ensure_session(record())
    lease, turn = await started(store)
    used = Used(agent_session_id="id-of-room", cost_usd=0.5, title="first \ud800 words")
    await store.next(lease, result(turn.id, change=used), Take.NONE)
    [title] = [words.title for words in (await store.past.words(ROOM)).values()]
    assert title.startswith("first ")
    _, turn = await started(store, 2, lease)
    await store.next(lease, result(turn.id, change=Used(agent_session_id="id-of-room", title="x")), Take.NONE)
    assert (await store.past.words(ROOM))["id-of-room"].title == title
    await store.past.name("id-of-room", "parsers")
    assert await store.past.words(ROOM) == {"id-of-room": Words("parsers")}
    assert await store.past.words(OTHER) == {}


async def test_what_a_session_cost_is_known_when_it_is_a_former_one(store: Store) -> None:
    await store.ensure_session(record(cost_usd=0.5))
    lease, turn = await started(store)
    change = Renewed(agent_session_id="fresh", reason="reset", title="the next")
    await store.next(lease, result(turn.id, change=change), Take.NONE)
    assert await store.past.words(ROOM) == {"id-of-room": Words("", 0.5), "fresh": Words("the next")}


async def test_a_room_goes_on_with_a_former_session(store: Store, clock: SetClock) -> None:
    await store.ensure_session(record(turn_count=2, cost_usd=1.0, context_tokens=5))
    await store.import_sessions([], [former("old")])
    lease, turn = await started(store)
    clock.pass_s(5)
    change = Resumed(
        agent_session_id="old",
        workdir=Path("/elsewhere"),
        created=SOME_TIME,
        reason="resume",
        turn_count=7,
        cost_usd=0.25,
    )
    await store.next(lease, result(turn.id, change=change), Take.NONE)
    assert await store.session(ROOM) == record(
        agent_session_id="old",
        workdir=Path("/elsewhere"),
        generation=1,
        last_used=clock.utc(),
        turn_count=7,
        cost_usd=0.25,
    )
    assert await store.former_sessions(ROOM) == [
        former("id-of-room", reason="resume", ended=clock.utc(), turn_count=2)
    ]


async def test_a_late_resume_of_an_old_generation_is_dropped(store: Store) -> None:
    await store.ensure_session(record())
    lease, turn = await started(store)
    fresh = await store.renew(lease, "fresh", "reset")
    change = Resumed(agent_session_id="old", workdir=Path("/x"), created=SOME_TIME, reason="resume")
    await store.next(lease, result(turn.id, change=change))
    assert await store.session(ROOM) == fresh


async def test_what_was_said_is_what_an_agent_was_given_the_newest_first(store: Store) -> None:
    lease, turn = await started(store)
    await store.next(lease, result(turn.id), Take.NONE)
    _, second = await started(store, 2, lease)
    await store.next(lease, result(second.id, state=TurnState.FAILED), Take.NONE)
    _, third = await started(store, 3, lease)
    await store.accept(inbound(4))
    taken = (await store.queued(ROOM))[0]
    await store.merge(lease, taken.id, third.id)
    await store.next(lease, result(third.id), Take.NONE)
    await store.accept(inbound(5, kind=Kind.RESET))
    reset = await store.next(lease)
    assert reset is not None
    await store.next(lease, result(reset.id), Take.NONE)
    waiting = await store.accept(inbound(6))
    await store.cancel(ROOM, waiting.turn)
    assert [one.id for one in await store.past.said(ROOM, 10)] == [third.id, second.id, turn.id]
    assert [one.id for one in await store.past.said(ROOM, 1)] == [third.id]
    assert await store.past.said(OTHER, 10) == []


async def test_what_went_wrong_last_is_known_until_an_answer_arrives(store: Store, clock: SetClock) -> None:
    assert await store.past.trouble(ROOM) is None
    lease, turn = await started(store)
    failed = result(turn.id, state=TurnState.FAILED, summary="The model is busy.")
    await store.next(lease, failed, Take.NONE)
    assert await store.past.trouble(ROOM) == Trouble(
        ended=clock.utc(), channel_id="c-room", cause="The model is busy."
    )
    assert await store.past.trouble(OTHER) is None
    waiting = await store.accept(inbound(2))
    await store.cancel(ROOM, waiting.turn)  # that says nothing about the room
    clock.pass_s(5)
    _, turn = await started(store, 3, lease)
    assert await store.past.trouble(ROOM) is not None
    await store.next(lease, result(turn.id, "first", "second"), Take.NONE)
    assert await store.past.trouble(ROOM) is None
    for row in await store.outbox_due("chat", 5):
        await store.outbox_drop(row.id, f"{row.piece.body}: forbidden")
    assert await store.past.trouble(ROOM) == Trouble(
        ended=clock.utc(), channel_id="c-room", lost="first: forbidden"
    )


async def test_a_former_session_is_dropped_with_its_words_and_a_present_one_never(store: Store) -> None:
    await store.ensure_session(record())
    await store.ensure_session(record(OTHER, agent_session_id="shared"))
    await store.import_sessions([], [former("old")])
    await store.past.name("old", "a secret")
    assert not await store.past.drop_former(ROOM, "id-of-room")
    assert not await store.past.drop_former(OTHER, "old")
    assert await store.past.users_of("shared") == [OTHER]
    assert await store.past.drop_former(ROOM, "old")
    assert not await store.past.drop_former(ROOM, "old")
    assert await store.former_sessions(ROOM) == []
    assert await store.get_fact("title", "old") is None


async def test_forgetting_a_room_forgets_what_its_sessions_were_called(store: Store) -> None:
    await store.ensure_session(record())
    await store.ensure_session(record(OTHER))
    await store.import_sessions([], [former("old")])
    for name in ("id-of-room", "old", "id-of-other"):
        await store.past.name(name, f"words of {name}")
    await store.upkeep.forget_room(ROOM)
    assert await store.facts("title") == {"id-of-other": "words of id-of-other"}
