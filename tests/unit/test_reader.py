"""The reader: off the loop, a snapshot per question, nothing written."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sessions.errors import StateError
from sessions.store.reader import Reader


def explain(error: sqlite3.Error) -> StateError:
    return StateError(f"explained: {error}")


@pytest.fixture
def other(tmp_path: Path):
    connection = sqlite3.connect(tmp_path / "db", isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE t (n)")
    yield connection
    connection.close()


@pytest.fixture
async def reader(other: sqlite3.Connection, tmp_path: Path) -> AsyncIterator[Reader]:
    connection = sqlite3.connect(tmp_path / "db", isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA query_only = ON")
    opened = Reader(connection, explain)
    yield opened
    await opened.close()


def count(connection: sqlite3.Connection) -> int:
    return connection.execute("SELECT count(*) FROM t").fetchone()[0]


async def test_a_question_sees_what_was_committed_before_it(
    reader: Reader, other: sqlite3.Connection
) -> None:
    assert await reader.ask(count) == 0
    other.execute("INSERT INTO t VALUES (1)")
    assert await reader.ask(count) == 1


async def test_a_question_of_two_parts_sees_one_moment(reader: Reader, other: sqlite3.Connection) -> None:
    def twice(connection: sqlite3.Connection) -> tuple[int, int]:
        first = count(connection)
        other.execute("INSERT INTO t VALUES (1)")
        return first, count(connection)

    assert await reader.ask(twice) == (0, 0)
    assert await reader.ask(count) == 1


async def test_the_loop_goes_on_while_a_question_is_answered(reader: Reader) -> None:
    go_on = threading.Event()

    def slow(_: sqlite3.Connection) -> bool:
        return go_on.wait(10)

    async with asyncio.TaskGroup() as tasks:
        answer = tasks.create_task(reader.ask(slow))
        await asyncio.sleep(0)
        go_on.set()
    assert answer.result()


async def test_nothing_can_be_written(reader: Reader) -> None:
    with pytest.raises(StateError, match="explained: attempt to write"):
        await reader.ask(lambda connection: connection.execute("INSERT INTO t VALUES (1)"))
    assert await reader.ask(count) == 0


async def test_a_closed_reader_says_so(reader: Reader) -> None:
    await reader.close()
    await reader.close()
    with pytest.raises(StateError, match="closed"):
        await reader.ask(count)
