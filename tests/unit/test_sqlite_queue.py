"""A room's queue on SQLite: places change, and what comes next still comes last."""

import sqlite3
from collections.abc import Iterator
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessions.store import sqlite_intake, sqlite_queue
from tests.support.raw_store import NOW, accept, raw_store
from tests.support.store_values import ROOM, inbound

MOVES = st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["up", "first", "head", "new"])), max_size=12)


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    with raw_store(tmp_path_factory.mktemp("queue")) as opened:
        for number in range(6):
            accept(opened, number)
        yield opened


@settings(deadline=None)
@given(MOVES)
def test_any_moves_leave_the_order_that_a_list_would_have(
    crowded: sqlite3.Connection, moves: list[tuple[int, Literal["up", "first", "head", "new"]]]
) -> None:
    crowded.execute("BEGIN")
    try:
        expected = [turn.id for turn in sqlite_queue.queued(crowded, ROOM)]
        for number, (place, to) in enumerate(moves, 100):
            if to == "head" or to == "new":
                row = inbound(number, head=to == "head")
                turn = sqlite_intake.accept(crowded, row, NOW).turn
                expected.insert(0 if to == "head" else len(expected), turn)
            else:
                turn = expected.pop(place)
                expected.insert(0 if to == "first" else max(place - 1, 0), turn)
                assert sqlite_queue.move(crowded, ROOM, turn, to)
        assert [turn.id for turn in sqlite_queue.queued(crowded, ROOM)] == expected
    finally:
        crowded.execute("ROLLBACK")
