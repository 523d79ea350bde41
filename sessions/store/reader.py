"""The reading side: one connection that cannot write, in its own thread, one snapshot per call."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sessions.errors import StateError

T = TypeVar("T")


class Reader:
    """Answers questions off the event loop. Each sees all that was committed when it began."""

    def __init__(
        self, connection: sqlite3.Connection, explain: Callable[[sqlite3.Error], StateError]
    ) -> None:
        """Take over the connection; `explain` turns SQLite's errors into ours."""
        self._connection = connection
        self._explain = explain
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store-reader")
        self._closed = False

    async def ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """Return the answer. Raises StateError."""
        if self._closed:
            raise StateError("The store is closed.")
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._answer, question)

    async def close(self) -> None:
        """Answer what was asked, then close the connection. May be called twice."""
        if not self._closed:
            self._closed = True
            await asyncio.get_running_loop().run_in_executor(self._thread, self._connection.close)
            self._thread.shutdown(wait=False)

    def _answer(self, question: Callable[[sqlite3.Connection], T]) -> T:
        try:
            # A snapshot for questions of several statements; it ends with the call, because a long
            # one would keep the log file from shrinking.
            self._connection.execute("BEGIN")
            try:
                return question(self._connection)
            finally:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise self._explain(error) from error
