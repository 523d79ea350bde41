"""Watches a database in use: names what goes wrong with it, and says at once if no retry can mend that."""

import asyncio
import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from sessions.errors import Corrupt, StateError
from sessions.paths import Paths
from sessions.store.sqlite_errors import OnFinal, gone, state_error
from sessions.store.sqlite_files import newest_backup


class Watch:
    """To be made on the event loop, where `on_final` is called; its methods are the store's threads'."""

    def __init__(self, paths: Paths, opened: os.stat_result, on_final: OnFinal) -> None:
        """Watch the file that was opened as `opened`."""
        self._paths = paths
        self._database = paths.database
        self._opened = opened
        self._on_final = on_final
        self._loop = asyncio.get_running_loop()

    def explain(self, error: sqlite3.Error) -> StateError:
        """Return the error to raise instead; a new one at each call."""
        return self._told(state_error(error, self._database, newest_backup(self._paths)))

    def check(self) -> None:
        """Raise Corrupt unless the file is still the one that was opened: not moved, deleted or replaced.

        Commits into a file that was deleted succeed, and are lost when it is closed.
        """
        if not _is_same(self._database, self._opened):
            raise self._told(gone(self._database, newest_backup(self._paths)))

    def _told(self, error: StateError) -> StateError:
        if isinstance(error, Corrupt):
            with suppress(RuntimeError):  # nobody is left to be told
                self._loop.call_soon_threadsafe(self._on_final, error)
        return error


def _is_same(database: Path, opened: os.stat_result) -> bool:
    try:
        return os.path.samestat(database.stat(), opened)
    except FileNotFoundError:
        return False
