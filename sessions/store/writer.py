"""The single writer: changes in the order they were handed in, one commit for as many as wait.

A change gets its place when `submit` is called, not when somebody awaits it; that place is the
ticket which the order of turns rests on. Only kinds of changes that wait side by side change places.
"""

import asyncio
import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, TypeVar

from sessions.errors import RoomkeyError, StateError
from sessions.store.upkeep import OnCommit, not_measured

log = logging.getLogger(__name__)

_BATCH: Final = 256
"""A commit that has so many changes takes no more with it; so it never has twice as many."""

T = TypeVar("T")
Change = Callable[[sqlite3.Connection], T]
"""Reads and writes inside a transaction that it neither begins nor ends; what it raises undoes it alone.

It may be run twice, when another change of its batch fails; only the last run counts.
"""


@dataclass(frozen=True, slots=True)
class Together:
    """A way to make changes of one kind at once.

    `make` gets what each was asked with, in their order. It returns what came of each, a `RoomkeyError` where
    that is an error; None, with nothing done, if they have to be made one by one. It may raise and be run
    twice as a change may. Of the kinds that wait for one commit the one with the lowest `rank` is made first.
    """

    make: Callable[[sqlite3.Connection, Sequence[Any]], Sequence[Any] | None]
    rank: int


@dataclass(slots=True)
class _Job:
    """A change, who waits for it, and what came of it."""

    change: Change[Any]
    future: asyncio.Future[Any]
    together: Together | None = None
    asked: Any = None
    result: Any = None
    error: Exception | None = None


class Writer:
    """A thread with the only writing connection. To be made and used on one event loop."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        explain: Callable[[sqlite3.Error], StateError],
        check: Callable[[], None] = lambda: None,
        on_commit: OnCommit = not_measured,
    ) -> None:
        """Take over the connection; `explain` turns SQLite's errors into ours, a new one at each call.

        `check` is called before each commit, in the writer's thread, and may refuse it: StateError.
        `on_commit` hears there of each commit how long it took and how many changes it had.
        """
        self._connection = connection
        self._explain = explain
        self._check = check
        self._on_commit = on_commit
        self._loop = asyncio.get_running_loop()
        self._asked: list[_Job] = []
        self._jobs: queue.SimpleQueue[list[_Job] | None] = queue.SimpleQueue()
        self._closing = False
        self._closed = asyncio.Event()
        # A daemon, so that a program that dies without closing the store is not kept from ending.
        threading.Thread(target=self._run, name="store-writer", daemon=True).start()

    def submit(
        self, change: Change[T], together: Together | None = None, asked: object = None
    ) -> asyncio.Future[T]:
        """Take the next place in the order. The result comes when the change is committed.

        Nobody has to wait for it, and whoever stops waiting takes nothing back. Changes with a `together`
        that wait side by side may be made by it, from what they `asked`: kind by kind, each in its order.

        Raises (on awaiting): what the change raised, or StateError if it could not be committed;
        then nothing of it was written.
        """
        future: asyncio.Future[T] = self._loop.create_future()
        if self._closing:
            _fail(future, StateError("The store is closed."))
        else:
            if not self._asked:
                self._loop.call_soon(self._hand_in)
            self._asked.append(_Job(change, future, together, asked))
        return future

    def _hand_in(self) -> None:
        """Wake the thread for all that was asked for in this round of the loop, not for each of it."""
        asked, self._asked = self._asked, []
        for start in range(0, len(asked), _BATCH):
            self._jobs.put(asked[start : start + _BATCH])

    async def close(self) -> None:
        """Commit what was handed in, then close the connection. May be called twice."""
        if not self._closing:
            self._closing = True
            self._hand_in()
            self._jobs.put(None)
        await self._closed.wait()

    def _run(self) -> None:
        last = False
        while not last:
            jobs, last = self._collect()
            if jobs:
                jobs = _in_order(jobs)
                self._commit(jobs)
                self._tell(_settle, jobs)
        self._connection.close()
        self._tell(self._closed.set)

    def _collect(self) -> tuple[list[_Job], bool]:
        """Wait for jobs, take those behind them too; whether they are the last."""
        jobs: list[_Job] = []
        try:
            more = self._jobs.get()
            while more is not None:
                jobs += more
                if len(jobs) >= _BATCH:
                    return jobs, False
                more = self._jobs.get_nowait()
        except queue.Empty:
            return jobs, False
        return jobs, True

    def _commit(self, jobs: list[_Job]) -> None:
        began_s = time.monotonic()
        try:
            if not self._applied_together(jobs):
                self._connection.execute("BEGIN IMMEDIATE")
                for job in jobs:
                    self._apply(job)
            self._check()
            self._connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - the thread outlives whatever a change raises
            self._roll_back()
            if isinstance(error, sqlite3.Error):
                reason = {"changes": len(jobs), "reason": str(error)}
                log.error("could not commit", extra=reason)  # noqa: TRY400 - where it was raised says nothing
            for job in jobs:
                job.error = self._ours(error)
        else:
            self._on_commit(time.monotonic() - began_s, len(jobs))

    def _applied_together(self, jobs: list[_Job]) -> bool:
        """Run all changes in one transaction, left open; False, with nothing done, if one of them fails.

        Almost none does, and without a savepoint for each a batch takes a third less.
        """
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            for _, kind in groupby(jobs, lambda job: job.together):
                self._make(list(kind))
        except Exception:
            if len(jobs) == 1:
                raise
            self._roll_back()
            for job in jobs:
                job.error = None
            return False
        return True

    def _make(self, jobs: list[_Job]) -> None:
        """Run changes of one kind, at once if there is a way for them."""
        together, made = jobs[0].together, None
        if together is not None and len(jobs) > 1:
            made = together.make(self._connection, [job.asked for job in jobs])
        for job, result in zip(jobs, made or (), strict=made is not None):
            job.error, job.result = (result, None) if isinstance(result, RoomkeyError) else (None, result)
        if made is None:
            for job in jobs:
                job.result = job.change(self._connection)

    def _apply(self, job: _Job) -> None:
        """Run a change in a savepoint of its own, so that its failure spares the others."""
        self._connection.execute("SAVEPOINT one")
        try:
            job.result = job.change(self._connection)
        except Exception as error:  # it belongs to whoever waits for this change
            if isinstance(error, sqlite3.Error) and not self._connection.in_transaction:
                raise  # SQLite has given up the whole transaction, as it may when the disk is full
            self._connection.execute("ROLLBACK TO one")
            job.error = self._ours(error)
        self._connection.execute("RELEASE one")

    def _roll_back(self) -> None:
        with suppress(sqlite3.Error):  # SQLite may have ended the transaction by itself
            self._connection.execute("ROLLBACK")

    def _ours(self, error: Exception) -> Exception:
        if not isinstance(error, sqlite3.Error):
            return error
        explained = self._explain(error)
        explained.__cause__ = error
        return explained

    def _tell(self, what: Callable[..., object], *args: object) -> None:
        try:
            self._loop.call_soon_threadsafe(what, *args)
        except RuntimeError:
            log.debug("nobody is left to be told")  # the loop has ended; what was committed stays


def _in_order(jobs: Sequence[_Job]) -> list[_Job]:
    """Return the changes of one commit in the order in which they are made, and told of.

    Only side by side they change places with those of another kind: all of them wait, so nobody has seen one
    of them done yet. A kind that another counts on has the lower rank.
    """
    ordered: list[_Job] = []
    for _, neighbours in groupby(jobs, lambda job: job.together is None):
        ordered += sorted(neighbours, key=lambda job: job.together.rank if job.together else 0)
    return ordered


def _settle(jobs: list[_Job]) -> None:
    for job in jobs:
        if job.future.done():  # whoever waited was cancelled
            if job.error is not None and not isinstance(job.error, RoomkeyError):
                log.error("a change failed and nobody waits for it", exc_info=job.error)
        elif job.error is not None:
            _fail(job.future, job.error)
        else:
            job.future.set_result(job.result)


def _fail(future: asyncio.Future[Any], error: Exception) -> None:
    future.set_exception(error)
    # Looking at it marks it as seen: whoever took the ticket and went away is no bug to be logged.
    future.exception()
