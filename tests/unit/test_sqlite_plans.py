"""How the hot statements find their rows in a crowded store."""

import re
import sqlite3

import pytest

from sessions.keys import session_key
from sessions.store import (
    sqlite_crowd,
    sqlite_intake,
    sqlite_merge,
    sqlite_outbox,
    sqlite_queue,
    sqlite_receipts,
    sqlite_recovery,
    sqlite_sessions,
    sqlite_turns,
)
from tests.support.raw_store import NOW, STORE, accept, raw_store
from tests.support.store_values import result

MODULES = (
    sqlite_crowd,
    sqlite_intake,
    sqlite_merge,
    sqlite_outbox,
    sqlite_queue,
    sqlite_receipts,
    sqlite_recovery,
    sqlite_sessions,
    sqlite_turns,
)
HOT = {
    f"{module.__name__.rpartition('.')[2]}.{name}": statement
    for module in MODULES
    for name, statement in vars(module).items()
    if name.isupper() and isinstance(statement, str) and not name.startswith("_")
}
# At the start of a process, or of a connection to the chat: all of a small table is what they want.
WHOLE_TABLES = {"sqlite_recovery.FREE_LANES", "sqlite_intake.LIST_CURSORS"}
# SQLite plans a look for turns without a lane, and leaves it out when it runs: no key was broken before it.
UNLOOKED = {"sqlite_crowd.ADD_LANES"}


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[list[str]]]:
    """Each statement's plan in a crowded store, before and after the planner has measured it."""
    with raw_store(tmp_path_factory.mktemp("crowded")) as connection:
        connection.execute("BEGIN")
        for number in range(2000):
            turn = accept(connection, number, session_key(f"room-{number % 50}"))
            sqlite_outbox.add(connection, turn, result(turn, "word").pieces, STORE)
            sqlite_intake.decline(connection, "chat", "c", 10_000 + number, "no", NOW)
        connection.execute("UPDATE turn SET state = 'done', receipt_due = FALSE WHERE seq % 7")
        connection.execute("UPDATE outbox SET state = 'sent' WHERE id % 7")
        connection.execute("COMMIT")
        found = {name: [plan(connection, statement)] for name, statement in HOT.items()}
        connection.execute("ANALYZE")
        for name, statement in HOT.items():
            found[name].append(plan(connection, statement))
        return found


def plan(connection: sqlite3.Connection, statement: str) -> list[str]:
    by_name = dict.fromkeys(re.findall(r":(\w+)", statement), 1)
    numbers = [int(number) for number in re.findall(r"\?(\d+)", statement)]
    places = max(numbers, default=statement.count("?"))
    arguments = by_name or (1,) * places
    return [row["detail"] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", arguments)]


@pytest.mark.parametrize("name", sorted(HOT.keys() - WHOLE_TABLES - UNLOOKED))
def test_a_hot_statement_reads_no_whole_table(plans: dict[str, list[list[str]]], name: str) -> None:
    for steps in plans[name]:
        assert [step for step in steps if re.fullmatch(r"SCAN (?!CONSTANT)\w+", step)] == []


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("sqlite_intake.FIND_KNOWN", "turn_source_msg_id (source=? AND msg_id=?)"),
        ("sqlite_intake.LOOK", "turn_source_msg_id (source=? AND msg_id=?)"),
        ("sqlite_intake.LOOK", "turn_one_running (key=?)"),
        ("sqlite_intake.LOOK", "turn_queued (key=?)"),
        ("sqlite_intake.COUNT", "turn_queued (key=?)"),
        ("sqlite_intake.RECALL", "counted USING PRIMARY KEY (key=?)"),
        ("sqlite_intake.COUNT_BEFORE", "turn_queued (key=?"),
        ("sqlite_intake.FIRST_RANK", "turn_queued (key=?)"),
        ("sqlite_intake.EDIT", "turn_source_msg_id (source=? AND msg_id=?)"),
        ("sqlite_intake.WITHDRAW", "turn_source_msg_id (source=? AND msg_id=?)"),
        ("sqlite_intake.DECLINE", "turn_source_msg_id (source=? AND msg_id=?)"),
        ("sqlite_intake.FIND_DECLINED", "PRIMARY KEY (source=? AND msg_id=?)"),
        ("sqlite_intake.LIST_QUEUED_MESSAGES", "turn_queued"),
        ("sqlite_crowd.LOOK", "turn_source_msg_id (source=? AND msg_id=?)"),
        ("sqlite_crowd.LOOK", "turn_one_running (key=?)"),
        ("sqlite_crowd.LOOK", "turn_queued (key=?)"),
        ("sqlite_crowd.FINISH", "turn USING INTEGER PRIMARY KEY (rowid=?)"),
        ("sqlite_crowd.FINISH", "lane USING INDEX sqlite_autoindex_lane_1 (key=?)"),
        ("sqlite_crowd.END_MERGED", "turn_merged (merged_into=?)"),
        ("sqlite_crowd.USE", "session USING INDEX sqlite_autoindex_session_1 (key=?)"),
        ("sqlite_crowd.FIND_NEXT", "lane USING INDEX sqlite_autoindex_lane_1 (key=?)"),
        ("sqlite_crowd.FIND_NEXT", "turn USING INTEGER PRIMARY KEY (rowid=?)"),
        ("sqlite_crowd.FIND_NEXT", "turn_queued (key=?)"),
        ("sqlite_crowd.START", "turn USING INTEGER PRIMARY KEY (rowid=?)"),
        ("sqlite_turns.FIND_NEXT", "lane USING INDEX sqlite_autoindex_lane_1 (key=?)"),
        ("sqlite_turns.FIND_NEXT", "turn_queued (key=?)"),
        ("sqlite_turns.START", "INTEGER PRIMARY KEY (rowid=?)"),
        ("sqlite_turns.FINISH", "INTEGER PRIMARY KEY (rowid=?)"),
        ("sqlite_turns.GIVE_BACK", "INTEGER PRIMARY KEY (rowid=?)"),
        ("sqlite_turns.GIVE_BACK", "turn_queued (key=?)"),
        ("sqlite_turns.NOTE", "INTEGER PRIMARY KEY (rowid=?)"),
        ("sqlite_turns.FIND_RUNNING", "turn_one_running (key=?)"),
        ("sqlite_outbox.LIST_DUE", "outbox_sent (platform=? AND channel_id=? AND id<?)"),
        ("sqlite_merge.END_MERGED", "turn_merged (merged_into=?)"),
        ("sqlite_merge.LIST_MERGED", "turn_merged (merged_into=?)"),
        ("sqlite_queue.LIST_WAITING", "turn_queued"),
        ("sqlite_queue.LIST_QUEUED", "turn_queued (key=?)"),
        ("sqlite_queue.FIND_LANE", "turn_queued (key=?)"),
        ("sqlite_queue.FIND_FIRST", "turn_queued (key=?)"),
        ("sqlite_queue.FIND_BEFORE", "turn_queued (key=?"),
        ("sqlite_queue.MAKE_ROOM", "turn_queued (key=?"),
        ("sqlite_queue.CLEAR", "turn_queued (key=?)"),
        ("sqlite_recovery.INTERRUPT", "turn_one_running"),
        ("sqlite_recovery.LIST_UNDECIDED", "turn_interrupted"),
        ("sqlite_recovery.RESUME", "turn_queued (key=?)"),
        ("sqlite_receipts.LIST_DUE", "turn_receipt_due (platform=?)"),
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


@pytest.mark.parametrize(
    "name", ["sqlite_turns.FIND_NEXT", "sqlite_crowd.FIND_NEXT", "sqlite_queue.LIST_QUEUED"]
)
def test_a_queue_is_read_in_order_and_not_sorted(plans: dict[str, list[list[str]]], name: str) -> None:
    for steps in plans[name]:
        assert [step for step in steps if "B-TREE" in step] == []
