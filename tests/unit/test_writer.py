"""The writer: order, batches, failures, and who is told."""

import asyncio
import gc
import sqlite3
import threading
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from sessions.errors import QueueFull, StateError
from sessions.store.writer import Together, Writer

ADDED = "SELECT group_concat(n) FROM (SELECT n FROM t ORDER BY rowid)"


def explain(error: sqlite3.Error) -> StateError:
    return StateError(f"explained: {error}")


def add(n: int):
    def change(connection: sqlite3.Connection) -> int:
        connection.execute("INSERT INTO t (n) VALUES (?)", (n,))
        return n

    return change


def numbers(connection: sqlite3.Connection) -> list[int]:
    return [n for (n,) in connection.execute("SELECT n FROM t ORDER BY rowid")]


class Gate:
    """A change that holds the writer up, so that those behind it wait together."""

    def __init__(self) -> None:
        self._entered = threading.Event()
        self._open = threading.Event()

    def __call__(self, _: sqlite3.Connection) -> None:
        self._entered.set()
        assert self._open.wait(10)

    async def entered(self) -> None:
        assert await asyncio.to_thread(self._entered.wait, 10)

    def open(self) -> None:
        self._open.set()


class Traced:
    """A writer and the statements that its connection has run."""

    def __init__(self, file: Path) -> None:
        self.connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA foreign_keys = ON")
        self.connection.execute("CREATE TABLE t (n INTEGER UNIQUE, parent INTEGER REFERENCES t (n))")
        self.statements: list[str] = []
        self.connection.set_trace_callback(self.statements.append)
        self.writer = Writer(self.connection, explain)

    @property
    def commits(self) -> int:
        return self.statements.count("COMMIT")


@pytest.fixture
async def traced(tmp_path: Path) -> AsyncIterator[Traced]:
    opened = Traced(tmp_path / "db")
    yield opened
    await opened.writer.close()


@pytest.fixture
def writer(traced: Traced) -> Writer:
    return traced.writer


def breaks_the_commit(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA defer_foreign_keys = ON")
    connection.execute("INSERT INTO t (n, parent) VALUES (-1, -99)")


async def test_changes_are_made_in_the_order_of_calls(writer: Writer) -> None:
    tickets = [writer.submit(add(n)) for n in range(1000)]
    assert await tickets[-1] == 999
    assert [await ticket for ticket in tickets] == list(range(1000))
    assert await writer.submit(numbers) == list(range(1000))


async def test_what_waits_together_is_committed_together(traced: Traced) -> None:
    gate = Gate()
    traced.writer.submit(gate)
    await gate.entered()
    tickets = [traced.writer.submit(add(n)) for n in range(300)]
    gate.open()
    for ticket in tickets:
        await ticket
    assert traced.commits == 3  # the gate, 256, the rest


async def test_a_result_is_told_only_after_the_commit(traced: Traced) -> None:
    await traced.writer.submit(add(1))
    assert traced.statements[-1] == "COMMIT"


async def test_a_failing_change_spares_the_others_of_its_batch(writer: Writer) -> None:
    def half_done(connection: sqlite3.Connection) -> None:
        add(50)(connection)
        raise QueueFull

    gate = Gate()
    writer.submit(gate)
    await gate.entered()
    tickets: list[asyncio.Future[Any]] = [
        writer.submit(change) for change in (add(1), half_done, add(1), add(2))
    ]
    gate.open()
    assert await tickets[0] == 1
    with pytest.raises(QueueFull):
        await tickets[1]
    with pytest.raises(StateError, match="explained: UNIQUE"):
        await tickets[2]
    assert await tickets[3] == 2
    assert await writer.submit(numbers) == [1, 2]


class Crowd:
    """A way to make neighbours at once: it says what it was asked with, and does it unless it `refuses`."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.refuses = False

    def make(self, connection: sqlite3.Connection, asked: Sequence[int]) -> Sequence[Any] | None:
        self.asked.append(list(asked))
        if self.refuses:
            return None
        connection.execute(f"INSERT INTO t (n) VALUES {', '.join(f'({n})' for n in asked if n >= 0)}")
        return [n if n >= 0 else QueueFull() for n in asked]


async def test_neighbours_of_a_kind_are_made_at_once_and_each_hears_its_own(writer: Writer) -> None:
    crowd, gate = Crowd(), Gate()
    writer.submit(gate)
    await gate.entered()
    kind = Together(crowd.make, 0)
    tickets = [writer.submit(add(n), kind, n) for n in (1, -1, 2)]
    lone = writer.submit(add(3))
    tickets += [writer.submit(add(4), kind, 4)]
    gate.open()
    told = await asyncio.gather(*tickets, lone, return_exceptions=True)
    assert [type(one) for one in told if isinstance(one, Exception)] == [QueueFull]
    assert [one for one in told if not isinstance(one, Exception)] == [1, 2, 4, 3]
    assert crowd.asked == [[1, -1, 2]]  # one alone goes its own way
    assert await writer.submit(numbers) == [1, 2, 3, 4]


async def test_kinds_that_wait_side_by_side_are_made_by_rank(writer: Writer) -> None:
    first, second, gate = Crowd(), Crowd(), Gate()
    kinds = {1: Together(first.make, 0), 2: Together(second.make, 1)}
    writer.submit(gate)
    await gate.entered()
    tickets = [writer.submit(add(n), kinds[n // 10], n) for n in (20, 10, 21, 11)]
    tickets += [writer.submit(add(3))]  # the others change no places with it
    tickets += [writer.submit(add(n), kinds[n // 10], n) for n in (22, 23)]
    gate.open()
    assert await asyncio.gather(*tickets) == [20, 10, 21, 11, 3, 22, 23]
    assert (first.asked, second.asked) == ([[10, 11]], [[20, 21], [22, 23]])
    made = await writer.submit(lambda c: c.execute(ADDED).fetchone()[0])
    assert made == "10,11,20,21,3,22,23"


@pytest.mark.parametrize("fails", [True, False])
async def test_whoever_waits_hears_in_the_order_in_which_changes_were_made(
    writer: Writer, *, fails: bool
) -> None:
    """Else a room counts a message among those that wait behind a turn which ended before it came."""
    second, first, gate, heard = Together(Crowd().make, 1), Together(Crowd().make, 0), Gate(), list[int]()
    writer.submit(gate)
    await gate.entered()
    asked = [(20, second), (10, first), (21, second), (11, first)]
    if fails:  # then all are made one by one
        asked.append((20, second))
    for n, kind in asked:
        ticket = writer.submit(add(n), kind, n)
        ticket.add_done_callback(lambda done: heard.append(-1 if done.exception() else done.result()))
    gate.open()
    made = await writer.submit(lambda c: c.execute(ADDED).fetchone()[0])
    assert made == "10,11,20,21"
    assert heard == [10, 11, 20, 21, -1][: len(asked)]


@pytest.mark.parametrize("refuses", [True, False], ids=["it cannot", "one of them fails"])
async def test_neighbours_that_cannot_be_made_at_once_are_made_one_by_one(
    writer: Writer, *, refuses: bool
) -> None:
    crowd, gate = Crowd(), Gate()
    crowd.refuses = refuses
    writer.submit(gate)
    await gate.entered()
    asked = (1, 2) if refuses else (1, -1, 1, 2)
    kind = Together(crowd.make, 0)
    tickets = [writer.submit(add(n), kind, n) for n in asked]
    gate.open()
    told = await asyncio.gather(*tickets, return_exceptions=True)
    assert crowd.asked == [list(asked)]
    assert [one for one in told if not isinstance(one, Exception)] == sorted(set(asked), key=asked.index)
    assert await writer.submit(numbers) == list(dict.fromkeys(asked))


async def test_a_change_that_fails_alone_leaves_nothing(writer: Writer) -> None:
    def half_done(connection: sqlite3.Connection) -> None:
        add(50)(connection)
        raise QueueFull

    with pytest.raises(QueueFull):
        await writer.submit(half_done)
    await writer.submit(add(1))
    assert await writer.submit(numbers) == [1]


async def test_a_failed_commit_fails_its_whole_batch_and_no_other(writer: Writer) -> None:
    gate = Gate()
    writer.submit(gate)
    await gate.entered()
    tickets: list[asyncio.Future[Any]] = [
        writer.submit(change) for change in (add(1), breaks_the_commit, add(2))
    ]
    gate.open()
    errors: list[BaseException] = []
    for ticket in tickets:
        with pytest.raises(StateError, match="FOREIGN KEY") as caught:
            await ticket
        errors.append(caught.value)
    assert len({id(error) for error in errors}) == 3
    assert isinstance(errors[0].__cause__, sqlite3.IntegrityError)
    await writer.submit(add(3))
    assert await writer.submit(numbers) == [3]


async def test_a_transaction_that_sqlite_gave_up_fails_as_a_whole(writer: Writer) -> None:
    def given_up(connection: sqlite3.Connection) -> None:
        connection.execute("ROLLBACK")  # what SQLite does by itself when the disk is full
        raise sqlite3.OperationalError("database or disk is full")

    gate = Gate()
    writer.submit(gate)
    await gate.entered()
    tickets: list[asyncio.Future[Any]] = [writer.submit(change) for change in (add(1), given_up, add(2))]
    gate.open()
    for ticket in tickets:
        with pytest.raises(StateError, match="disk is full"):
            await ticket
    await writer.submit(add(3))
    assert await writer.submit(numbers) == [3]


async def test_a_full_database_refuses_and_recovers(writer: Writer) -> None:
    def limit(pages: int):
        return lambda connection: connection.execute(f"PRAGMA max_page_count = {pages}").fetchone()

    def add_much(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE IF NOT EXISTS big (b BLOB)")
        connection.execute("INSERT INTO big VALUES (zeroblob(1000000))")

    await writer.submit(add(1))
    await writer.submit(limit(10))
    with pytest.raises(StateError, match="full"):
        await writer.submit(add_much)
    assert await writer.submit(numbers) == [1]
    await writer.submit(limit(100_000))
    await writer.submit(add_much)


async def test_whoever_stops_waiting_takes_nothing_back(writer: Writer) -> None:
    gate = Gate()
    writer.submit(gate)
    await gate.entered()
    ticket = writer.submit(add(1))
    ticket.cancel()
    gate.open()
    assert await writer.submit(numbers) == [1]


async def test_nobody_has_to_wait(writer: Writer) -> None:
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))

    def fails(_: sqlite3.Connection) -> None:
        raise QueueFull

    writer.submit(fails)
    writer.submit(breaks_the_commit)
    await writer.close()
    writer.submit(fails)
    gc.collect()
    await asyncio.sleep(0)
    assert complaints == []


async def test_a_bug_that_nobody_waits_for_is_logged(
    writer: Writer, caplog: pytest.LogCaptureFixture
) -> None:
    def bug(_: sqlite3.Connection) -> None:
        raise ZeroDivisionError

    writer.submit(bug).cancel()
    await writer.submit(numbers)
    assert [record.message for record in caplog.records] == ["a change failed and nobody waits for it"]


async def test_no_wake_up_is_lost(writer: Writer) -> None:
    async def one_by_one(start: int) -> None:
        for n in range(start, start + 250):
            assert await writer.submit(add(n)) == n

    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        for start in range(0, 2000, 250):
            tasks.create_task(one_by_one(start))
    assert sorted(await writer.submit(numbers)) == list(range(2000))


async def test_closing_commits_what_was_handed_in(traced: Traced, tmp_path: Path) -> None:
    tickets = [traced.writer.submit(add(n)) for n in range(1000)]
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(traced.writer.close())
        tasks.create_task(traced.writer.close())
    assert [await ticket for ticket in tickets] == list(range(1000))
    with sqlite3.connect(tmp_path / "db") as connection:
        assert len(numbers(connection)) == 1000
    connection.close()


async def test_what_was_asked_for_in_the_same_round_as_the_end_is_committed(writer: Writer) -> None:
    asked = writer.submit(add(1))
    async with asyncio.timeout(60):
        await writer.close()
        assert await asked == 1


async def test_a_closed_writer_refuses(writer: Writer) -> None:
    await writer.close()
    with pytest.raises(StateError, match="closed"):
        await writer.submit(numbers)


def test_a_loop_that_ended_leaves_the_thread_unharmed(tmp_path: Path) -> None:
    gate = Gate()

    async def leave() -> Traced:
        traced = Traced(tmp_path / "db")
        traced.writer.submit(gate)
        traced.writer.submit(add(1))
        await gate.entered()
        return traced

    traced = asyncio.run(leave())
    traced.writer._jobs.put(None)
    gate.open()
    for thread in threading.enumerate():
        if thread.name == "store-writer":
            thread.join(10)
    with sqlite3.connect(tmp_path / "db") as connection:
        assert numbers(connection) == [1]
    connection.close()
