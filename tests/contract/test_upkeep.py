"""What every store promises about forgetting and counting: see `sessions.store.upkeep.UpkeepStore`."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from sessions.keys import SessionKey
from sessions.paths import Paths
from sessions.store import Store, open_store
from sessions.store.people import AuditEntry, Grant
from sessions.store.said import Prompt, Quote
from sessions.store.upkeep import Figures, Said
from sessions.store.values import Piece, PieceFile, Take, Turn, TurnState
from tests.support.clocks import SetClock
from tests.support.store_scenes import taken
from tests.support.store_values import OTHER, ROOM, inbound, notice, piece, record, result

ANN, BEN = "100000000000000017", "100000000000000018"


def words(text: str, author: str = ANN, quoted: str | None = None) -> Prompt:
    quote = None if quoted is None else Quote(text="SECRET words", author_id=quoted, author_name="x")
    return Prompt(text=text, author_id=author, author_name="name", quote=quote)


async def says(store: Store, number: int, prompt: Prompt, key: SessionKey = ROOM) -> None:
    await store.accept(inbound(number, key, prompt=prompt))


async def answered(store: Store, number: int, prompt: Prompt, key: SessionKey = ROOM) -> Turn:
    await says(store, number, prompt, key)
    lease, turn = await taken(store, key)
    await store.next(lease, result(turn.id, "SECRET answer", summary="SECRET answer"), Take.NONE)
    return turn


async def test_figures_count_what_there_is_now(store: Store, clock: SetClock) -> None:
    assert await store.upkeep.figures() == Figures(
        queued=0, running=0, interrupted=0, waiting_rooms=0, sessions=0, outbox_due=0, oldest_due=None
    )
    await store.ensure_session(record())
    await answered(store, 1, words("a"))
    clock.pass_s(60)
    for number in (2, 3, 4):
        await says(store, number, words("b"))
    await says(store, 5, words("c"), OTHER)
    await taken(store)
    await store.recover(UUID(int=2))
    await taken(store)
    found = await store.upkeep.figures()
    assert (found.queued, found.running, found.interrupted, found.waiting_rooms) == (2, 1, 1, 2)
    assert (found.sessions, found.outbox_due) == (1, 1)
    assert found.oldest_due == clock.utc() - timedelta(seconds=60)


async def test_a_room_is_pruned_by_its_own_time(store: Store, clock: SetClock) -> None:
    for number, key in enumerate((ROOM, OTHER)):
        await says(store, number, words("a"), key)
        lease, turn = await taken(store, key)
        await store.next(lease, result(turn.id), Take.NONE)
    await store.decline("chat", "room", 7, "no")
    await store.decline("chat", "other", 8, "no")
    await says(store, 9, words("newest"))
    clock.pass_s(60)
    assert await store.upkeep.prune_others([ROOM], clock.utc()) == 2
    assert [await store.fate("chat", number) is None for number in (0, 1, 7, 8)] == [False, True, False, True]
    assert await store.upkeep.prune_room(OTHER, clock.utc()) == 0
    assert await store.upkeep.prune_room(ROOM, clock.utc()) == 2
    assert [await store.fate("chat", number) is None for number in (0, 7, 9)] == [True, True, False]


async def test_a_persons_turns_and_quoted_words_are_forgotten(store: Store) -> None:
    await answered(store, 1, words("SECRET"))
    await says(store, 2, words("SECRET", ANN), OTHER)
    await says(store, 3, words("kept", BEN, quoted=ANN))
    await says(store, 4, words(f"kept, though it names {ANN}", BEN))
    before = await store.upkeep.traces_of_person(ANN)
    assert (before.turns, before.unfinished, before.pieces, before.quotes) == (2, 1, 1, 1)
    assert list(before.rooms) == ["other", "room"]
    assert list(before.said) == [Said(key=ROOM, message_id="1"), Said(key=OTHER, message_id="2")]
    assert await store.upkeep.forget_person(ANN) == before
    assert (await store.upkeep.traces_of_person(ANN)).is_nothing
    assert [await store.fate("chat", number) is None for number in (1, 2, 3, 4)] == [True, True, False, False]
    quoting, naming = await store.queued(ROOM)
    assert (quoting.prompt.text, quoting.prompt.quote) == ("kept", None)
    assert ANN in naming.prompt.text
    assert await store.outbox_due("chat", 10) == []
    assert (await store.upkeep.traces_of_person(BEN)).turns == 2


async def test_what_a_session_is_called_is_forgotten_with_the_words_that_it_comes_from(store: Store) -> None:
    long = "SECRET word " * 20
    await answered(store, 1, words("SECRET  one"))
    await answered(store, 2, words(long), OTHER)
    await store.past.name("short", "SECRET one")
    await store.past.name("long", f"{long[:79].rstrip()}…")
    await store.past.name("kept", "SECRET")
    await store.upkeep.forget_person(ANN)
    assert await store.facts("title") == {"kept": "SECRET"}


async def test_what_a_forgotten_turn_took_along_waits_again(store: Store) -> None:
    await says(store, 1, words("SECRET"))
    lease, running = await taken(store)
    await says(store, 2, words("kept", BEN))
    await store.merge(lease, (await store.queued(ROOM))[0].id, running.id)
    await store.upkeep.forget_person(ANN)
    (again,) = await store.queued(ROOM)
    assert (again.prompt.text, again.state) == ("kept", TurnState.QUEUED)
    assert (await store.lane(ROOM)).running is None


async def test_a_room_is_forgotten_whole_and_no_other(store: Store) -> None:
    await store.ensure_session(record())
    await store.ensure_session(record(OTHER))
    await answered(store, 1, words("SECRET"))
    await says(store, 2, words("SECRET"))
    await answered(store, 3, words("kept"), OTHER)
    await store.post(notice(4), [piece("SECRET")])
    for scope in ("settings", "places"):
        for key in (ROOM, OTHER):
            await store.set_fact(scope, key, "SECRET")
    before = await store.upkeep.traces_of_room(ROOM)
    assert (before.turns, before.unfinished, before.sessions, before.settings) == (3, 1, 1, 1)
    assert [str(one) for one in before.workdirs] == ["/rooms/room/work"]
    await store.upkeep.forget_room(ROOM)
    assert (await store.upkeep.traces_of_room(ROOM)).is_nothing
    assert await store.session(ROOM) is None
    assert await store.session(OTHER) is not None
    for scope in ("settings", "places"):
        assert await store.facts(scope) == {OTHER: "SECRET"}
    assert [row.piece.channel_id for row in await store.outbox_due("chat", 10)] == ["c-room"]
    assert (await store.accept(inbound(5))).ahead == 0


async def test_a_room_where_only_something_was_set_can_be_forgotten(store: Store) -> None:
    await store.set_fact("settings", ROOM, "{}")
    assert not (await store.upkeep.traces_of_room(ROOM)).is_nothing
    await store.upkeep.forget_room(ROOM)
    assert await store.facts("settings") == {}


@pytest.mark.parametrize("whose", ["person", "room"])
async def test_a_forgotten_number_is_never_given_again(store: Store, whose: str) -> None:
    await says(store, 1, words("kept", BEN), OTHER)
    newest = await answered(store, 2, words("SECRET"))
    if whose == "person":
        await store.upkeep.forget_person(ANN)
    else:
        await store.upkeep.forget_room(ROOM)
    assert (await store.accept(inbound(3))).turn > newest.id


async def test_what_is_forgotten_is_not_answered_again_because_it_was_missed(store: Store) -> None:
    await store.accept(inbound(7, cursor="c-room", prompt=words("SECRET")))
    await store.upkeep.forget_person(ANN)
    assert await store.cursors("chat") == {"c-room": 7, "": 7}


async def test_rules_and_the_audit_log_stay(store: Store) -> None:
    grant = Grant(platform="chat", kind="user", id=ANN, standing="none", given_by=BEN)
    entry = AuditEntry(platform="chat", actor=BEN, action="deny", target=f"user {ANN}")
    await store.people.grant(grant, entry)
    await says(store, 1, words("SECRET"))
    before = await store.upkeep.forget_person(ANN)
    assert (before.grants, before.audit) == (1, 1)
    assert list(await store.people.grants("chat")) == [grant]
    assert len(await store.people.audit(10)) == 1


async def test_nothing_of_it_is_left_in_the_file(tmp_path: Path) -> None:
    store = await open_store(tmp_path, SetClock())
    for number in range(50):
        await answered(store, number, words("SECRET " * 200))
    await says(store, 99, words("kept", BEN, quoted=ANN))
    await store.upkeep.forget_person(ANN)
    await store.close()
    left = await asyncio.to_thread(
        lambda: b"".join(path.read_bytes() for path in sorted(tmp_path.glob("roomkey.sqlite3*")))
    )
    assert b"kept" in left
    assert b"SECRET" not in left


def test_a_store_without_anything_knows_nobody(tmp_path: Path) -> None:
    async def ask() -> bool:
        store = await open_store(tmp_path, SetClock())
        nothing = (await store.upkeep.traces_of_person(ANN)).is_nothing
        await store.close()
        return nothing

    assert asyncio.run(ask())
    with closing(sqlite3.connect(Paths(tmp_path).database)) as connection:
        assert connection.execute("SELECT count(*) FROM turn").fetchone() == (0,)


async def test_files_in_the_spool_are_needed_until_their_piece_is_done_or_given_up(store: Store) -> None:
    files = [PieceFile(name="a \0 \ud800", spooled=f"{at:032x}") for at in range(3)]
    pieces = [Piece(channel_id="c", files=(files[0], files[1])), Piece(channel_id="c", files=(files[2],))]
    await store.post(notice(1), [*pieces, Piece(channel_id="c", body="none")])
    assert await store.upkeep.spooled() == {file.spooled for file in files}
    [first] = await store.outbox_due("chat", 10)
    assert first.piece == pieces[0]
    await store.outbox_done(first.id, "9")
    assert await store.upkeep.spooled() == {files[2].spooled}
    [second] = await store.outbox_due("chat", 10)
    await store.outbox_drop(second.id, "gone")
    assert await store.upkeep.spooled() == frozenset()
