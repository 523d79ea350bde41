"""Turns on SQLite: what the interface cannot show, and how the hot statements find their rows."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest

from sessions.clock import SystemClock
from sessions.keys import session_key
from sessions.paths import Paths
from sessions.store import sqlite_outbox, sqlite_sessions, sqlite_turns
from sessions.store.sqlite_files import connect_writer, prepare
from sessions.store.values import Lease, Take
from tests.support.store_values import ROOM, inbound, result

NOW = "2030-01-01T00:00:00.000000+00:00"
STORE = "store"


def opened(data_dir: Path) -> sqlite3.Connection:
    paths = Paths(data_dir)
    prepare(paths, SystemClock().utc())
    return connect_writer(paths)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(opened(tmp_path)) as connected:
        yield connected


def start(connection: sqlite3.Connection) -> Lease:
    lease = sqlite_turns.claim(connection, ROOM, UUID(int=1))
    assert sqlite_turns.advance(connection, lease, None, Take.ONE, STORE, NOW)
    return lease


def cursors(connection: sqlite3.Connection) -> list[tuple[str, int]]:
    return [tuple(row) for row in connection.execute("SELECT channel, msg_id FROM cursor ORDER BY channel")]


def test_the_cursor_moves_with_the_turn_and_only_forward(connection: sqlite3.Connection) -> None:
    for number, channel in ((5, "c1"), (3, "c1"), (4, "c2"), (6, None)):
        sqlite_turns.accept(connection, inbound(number, cursor=channel), NOW)
    assert cursors(connection) == [("c1", 5), ("c2", 4)]


def test_what_is_not_accepted_moves_no_cursor(connection: sqlite3.Connection) -> None:
    sqlite_turns.accept(connection, inbound(1), NOW)
    sqlite_turns.accept(connection, inbound(1, cursor="c1"), NOW)
    with pytest.raises(sqlite_turns.QueueFull):
        sqlite_turns.accept(connection, inbound(2, cursor="c1", queue_limit=1), NOW)
    assert cursors(connection) == []


def test_a_turn_that_runs_again_is_marked_and_goes_on_counting_its_pieces(
    connection: sqlite3.Connection,
) -> None:
    turn = sqlite_turns.accept(connection, inbound(1), NOW).turn
    lease = start(connection)
    (found,) = sqlite_turns.recover(
        connection, UUID(int=2), lambda _: result(turn, "interrupted").pieces, STORE, NOW
    )
    assert found.turn.attempt == 1
    connection.execute("UPDATE turn SET state = 'queued'")
    lease = sqlite_turns.claim(connection, ROOM, UUID(int=2))
    again = sqlite_turns.advance(connection, lease, None, Take.ONE, STORE, NOW)
    assert again is not None
    assert (again.id, again.attempt) == (turn, 2)
    sqlite_turns.advance(connection, lease, result(turn, "answer"), Take.NONE, STORE, NOW)
    pieces = connection.execute("SELECT turn, part, nonce FROM outbox ORDER BY id").fetchall()
    assert [(row["turn"], row["part"]) for row in pieces] == [(turn, 0), (turn, 1)]
    assert pieces[0]["nonce"] != pieces[1]["nonce"]


def test_a_word_changes_the_record_of_a_turn(connection: sqlite3.Connection) -> None:
    turn = sqlite_turns.accept(connection, inbound(1), NOW).turn
    lease = start(connection)
    sqlite_turns.advance(connection, lease, result(turn, summary="all \ud800 good"), Take.NONE, STORE, NOW)
    row = connection.execute("SELECT state, summary, started, ended, epoch FROM turn").fetchone()
    assert tuple(row) == ("done", "all ? good", NOW, NOW, lease.epoch)


HOT = {
    f"{module.__name__.rpartition('.')[2]}.{name}": statement
    for module in (sqlite_turns, sqlite_outbox, sqlite_sessions)
    for name, statement in vars(module).items()
    if name.isupper() and isinstance(statement, str) and not name.startswith("_")
}
ONCE_AT_START = {"sqlite_turns.FREE_LANES"}


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[list[str]]]:
    """Each statement's plan in a crowded store, before and after the planner has measured it."""
    with closing(opened(tmp_path_factory.mktemp("crowded"))) as connection:
        connection.execute("BEGIN")
        for number in range(2000):
            row = inbound(number, session_key(f"room-{number % 50}"))
            turn = sqlite_turns.accept(connection, row, NOW).turn
            sqlite_outbox.add(connection, turn, "chat", result(turn, "word").pieces, STORE)
        connection.execute("UPDATE turn SET state = 'done' WHERE seq % 7")
        connection.execute("UPDATE outbox SET state = 'sent' WHERE id % 7")
        connection.execute("COMMIT")
        found = {name: [plan(connection, statement)] for name, statement in HOT.items()}
        connection.execute("ANALYZE")
        for name, statement in HOT.items():
            found[name].append(plan(connection, statement))
        return found


def plan(connection: sqlite3.Connection, statement: str) -> list[str]:
    arguments = dict.fromkeys(re.findall(r":(\w+)", statement), 1)
    return [row["detail"] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", arguments)]


@pytest.mark.parametrize("name", sorted(HOT.keys() - ONCE_AT_START))
def test_a_hot_statement_reads_no_whole_table(plans: dict[str, list[list[str]]], name: str) -> None:
    for steps in plans[name]:
        assert [step for step in steps if re.fullmatch(r"SCAN (?!CONSTANT)\w+", step)] == []


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("sqlite_turns.FIND_KNOWN", "turn_source_msg_id (source=? AND msg_id=?)"),
        ("sqlite_turns.COUNT_LANE", "turn_queued (key=?)"),
        ("sqlite_turns.COUNT_LANE", "turn_one_running (key=?)"),
        ("sqlite_turns.COUNT_BEFORE", "turn_queued (key=?"),
        ("sqlite_turns.FIRST_RANK", "turn_queued (key=?)"),
        ("sqlite_turns.START", "turn_queued (key=?)"),
        ("sqlite_turns.FIND_RUNNING", "turn_one_running (key=?)"),
        ("sqlite_turns.LIST_WAITING", "turn_queued"),
        ("sqlite_turns.LIST_QUEUED", "turn_queued (key=?)"),
        ("sqlite_turns.INTERRUPT", "turn_one_running"),
        ("sqlite_turns.FINISH", "INTEGER PRIMARY KEY (rowid=?)"),
        ("sqlite_outbox.LIST_DUE", "outbox_due (platform=?)"),
        ("sqlite_outbox.LIST_HEADS", "outbox_due (platform=?)"),
        ("sqlite_outbox.NEXT_PART", "outbox_turn_part (turn=?)"),
        ("sqlite_sessions.USE", "(key=?)"),
        ("sqlite_sessions.LIST_FORMER", "former_session_key (key=?)"),
    ],
)
def test_a_hot_statement_uses_the_index_made_for_it(
    plans: dict[str, list[list[str]]], name: str, index: str
) -> None:
    for steps in plans[name]:
        assert any(index in step for step in steps), steps
